// The websocket of one story: connects, notices silence and sleep, comes back by itself, and asks for what it missed.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const SILENCE_MS = 45_000;
const LOOK_EVERY_MS = 5_000;

export class Live {
  #socket = null;
  #timer = 0;
  #tries = 0;
  #heardAt = Date.now();
  #lookedAt = Date.now();

  /**
   * path: of the socket, without query. cursor: where the page's own data ends.
   * onMessage(message) hears all but the first kind of news; onState("live" | "away") hears of the connection.
   * isWaiting(): whether news is expected; only then does silence count as trouble.
   */
  constructor({ path, cursor, onMessage, onState, isWaiting }) {
    Object.assign(this, { path, cursor, onMessage, onState, isWaiting });
    addEventListener("online", () => this.#now());
    addEventListener("offline", () => this.onState("away"));
    addEventListener("pageshow", (event) => event.persisted && this.#now());
    document.addEventListener("visibilitychange", () => {
      // A socket that slept with the machine may look open and be dead.
      if (document.visibilityState === "visible" && Date.now() - this.#heardAt > 10_000) this.#now();
    });
    setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#connect();
  }

  #look() {
    const slept = Date.now() - this.#lookedAt > 4 * LOOK_EVERY_MS;
    this.#lookedAt = Date.now();
    const silent = this.isWaiting() && Date.now() - this.#heardAt > SILENCE_MS;
    if ((slept || silent) && document.visibilityState === "visible") this.#now();
  }

  #now() {
    this.#tries = 0;
    this.#drop();
    this.#connect();
  }

  #drop() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
    socket.close();
  }

  #connect() {
    clearTimeout(this.#timer);
    const url = new URL(this.path, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    if (this.cursor) url.searchParams.set("since", this.cursor);
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#heardAt = Date.now();
    this.#timer = setTimeout(() => socket.readyState === WebSocket.CONNECTING && this.#lost(), 10_000);
    socket.onmessage = (event) => this.#heard(event.data);
    socket.onclose = (event) => this.#lost(event.code);
  }

  #heard(data) {
    this.#heardAt = Date.now();
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return; // not from this server's protocol; the next snapshot puts things right
    }
    if (message.type === "snapshot") {
      this.#tries = 0;
      if (!message.more) this.cursor = message.cursor ?? this.cursor; // a snapshot may come in several pages
      this.onState("live");
    }
    this.onMessage(message);
  }

  #lost(code = 0) {
    this.#drop();
    if (code === 4401 || code === 4404) {
      this.onState("refused"); // signed out, or the story is gone: asking again would not help
      return;
    }
    this.onState("away");
    if (code === 4429) this.#tries = Math.max(this.#tries, 6); // too many sockets of one person
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#tries);
    this.#tries += 1;
    // Half fixed, half random: after a restart of the server not every page comes at the same moment.
    this.#timer = setTimeout(() => this.#connect(), wait / 2 + Math.random() * (wait / 2));
  }
}
