// What the page knows of its story. Older versions of an object never replace newer ones.

export class Store {
  #listeners = new Set();
  #dirty = new Set();
  #timer = 0;
  turns = new Map();
  images = new Map();
  progress = new Map(); // image id → {progress, eta_s, preview}: lives only between two states

  /** Calls back soon after a change with the ids of the turns to draw again. */
  onChange(listener) {
    this.#listeners.add(listener);
  }

  /** Calls back once, after the next drawing. */
  onceDrawn(callback) {
    const listener = () => {
      this.#listeners.delete(listener);
      callback();
    };
    this.#listeners.add(listener);
  }

  #changed(turnId) {
    this.#dirty.add(turnId);
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      const dirty = new Set(this.#dirty);
      this.#dirty.clear();
      for (const listener of this.#listeners) listener(dirty);
    }, 16);
  }

  putTurn(turn) {
    for (const image of turn.images ?? []) this.putImage(image);
    const known = this.turns.get(turn.id);
    if (known && (turn.version ?? 0) < (known.version ?? 0)) return;
    for (const other of this.turns.values()) {
      if (other.number === turn.number && other.id !== turn.id) this.removeTurn(other.id); // undone, and told anew
    }
    // Words that came live may be ahead of the row.
    const ahead = known?.live && isTelling(turn) && known.live.length > Array.from(turn.narration ?? "").length;
    this.turns.set(turn.id, { ...turn, live: ahead ? known.live : null });
    this.#changed(turn.id);
  }

  putImage(image) {
    const known = this.images.get(image.id);
    if (known && (image.version ?? 0) < (known.version ?? 0)) return;
    this.images.set(image.id, image);
    if (!isUnfinished(image)) this.progress.delete(image.id);
    this.#changed(image.turn);
  }

  putProgress(message) {
    const image = this.images.get(message.id);
    if (!image || !isUnfinished(image)) return;
    const before = this.progress.get(message.id);
    const progress = Math.max(before?.progress ?? 0, Number(message.progress) || 0);
    this.progress.set(message.id, {
      progress,
      eta_s: message.eta_s ?? null,
      preview: previewUrl(message) ?? before?.preview ?? null,
    });
    this.#changed(image.turn);
  }

  /** Appends narrated words. offset counts characters (code points). False: something is missing before it. */
  putDelta({ turn: id, offset, text }) {
    const turn = this.turns.get(id);
    if (!turn || !isTelling(turn)) return true;
    const have = turn.live ?? Array.from(turn.narration ?? "");
    if (offset > have.length) return false;
    const all = have.slice(0, offset).concat(Array.from(text));
    if (all.length >= have.length) turn.live = all;
    this.#changed(id);
    return true;
  }

  removeTurn(id) {
    if (!this.turns.delete(id)) return;
    for (const image of [...this.images.values()]) if (image.turn === id) this.images.delete(image.id);
    this.#changed(id);
  }

  removeImage(id) {
    const image = this.images.get(id);
    if (!image) return;
    this.images.delete(id);
    this.#changed(image.turn);
  }

  /** Drops what the server no longer has. present: its newest ids; older ones than those are left alone. */
  keepOnly(present) {
    const gone = (ids, known) => [...known].filter((id) => id > Math.min(...ids) && !ids.includes(id));
    const none = (ids, known) => (ids.length ? gone(ids, known) : [...known]);
    for (const id of none(present.turns ?? [], this.turns.keys())) this.removeTurn(id);
    for (const id of none(present.images ?? [], this.images.keys())) this.removeImage(id);
  }

  inOrder() {
    return [...this.turns.values()].sort((a, b) => a.number - b.number);
  }

  last() {
    return this.inOrder().at(-1) ?? null;
  }

  imagesOf(turnId) {
    return [...this.images.values()].filter((image) => image.turn === turnId && image.status !== "cancelled").sort(byVariant);
  }

  unfinished() {
    return [...this.images.values()].filter(isUnfinished);
  }
}

export const isUnfinished = (image) => image.status === "pending" || image.status === "generating";

/** The narrator is not done with it; pictures may still come after that. */
export const isTelling = (turn) => turn.status === "processing" && turn.state !== "illustrating";

const byVariant = (a, b) => a.variant - b.variant || a.id - b.id;

function previewUrl(message) {
  const preview = message.preview;
  if (typeof preview !== "string" || preview === "") return null;
  return preview.startsWith("data:image/") ? preview : `data:${message.preview_mime ?? "image/jpeg"};base64,${preview}`;
}
