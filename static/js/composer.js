// The line to write: a draft that survives, one request per line however often it is sent, errors beside it.
import { api, call, newKey } from "./api.js";
import { make, setText } from "./dom.js";

export class Composer {
  #sending = false;
  #key = null; // of the text being sent; kept while an answer may have been lost
  #keyText = "";

  /** canSend(): whether the narrator is free. onTurn(turn): the server has taken a line. */
  constructor({ form, storyId, canSend, onTurn }) {
    Object.assign(this, { form, storyId, canSend, onTurn });
    this.field = form.querySelector("textarea");
    this.button = form.querySelector("#send");
    this.error = form.querySelector("#compose-error");
    this.chips = form.querySelector("#chips");
    this.draftName = `luna.draft.${storyId}`;
    if (!this.field.value) this.field.value = read(this.draftName);
    this.field.addEventListener("input", () => {
      write(this.draftName, this.field.value);
      this.#grow();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
      event.preventDefault();
      this.#send(this.field.value, true);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const chip = event.submitter?.name === "suggested" ? event.submitter.value : null;
      this.#send(chip ?? this.field.value, chip === null);
    });
    this.#grow();
  }

  /** Puts text into the box if it is empty: the line of an undone turn. */
  offer(text) {
    if (this.field.value.trim()) return;
    this.field.value = text;
    write(this.draftName, text);
    this.#grow();
  }

  /** Draws the suggested actions and whether Go may be pressed. */
  draw(actions) {
    const free = this.canSend() && !this.#sending;
    this.button.disabled = !free;
    setText(this.button, this.#sending ? "…" : "Go");
    this.button.title = free ? "Ctrl-Enter" : "The narrator is still answering";
    const marks = JSON.stringify(actions.map((action) => [action.text, action.image?.thumb_url]));
    if (this.chips.dataset.marks !== marks) {
      this.chips.dataset.marks = marks;
      this.chips.replaceChildren(...actions.map(chip));
    }
    for (const button of this.chips.children) button.disabled = !free;
  }

  async #send(text, fromField) {
    const line = text.trim();
    if (this.#sending || !this.canSend()) return;
    if (!line) {
      this.field.focus();
      return;
    }
    if (!this.#key || this.#keyText !== line) [this.#key, this.#keyText] = [newKey(), line];
    this.#sending = true;
    this.#say("");
    this.draw(this.actions ?? []);
    try {
      const turn = await call("POST", `${api.story(this.storyId)}turns/`, { player_input: line }, { key: this.#key });
      this.#key = null;
      if (fromField && this.field.value.trim() === line) {
        this.field.value = "";
        write(this.draftName, "");
        this.#grow();
      }
      this.onTurn(turn);
    } catch (error) {
      if (error.code === "idempotency_conflict") this.#key = null;
      this.#say(error.message);
    } finally {
      this.#sending = false;
      this.draw(this.actions ?? []);
    }
  }

  set suggested(actions) {
    this.actions = actions;
    this.draw(actions);
  }

  #say(sentence) {
    setText(this.error, sentence);
    this.error.hidden = !sentence;
  }

  #grow() {
    if (CSS.supports("field-sizing", "content")) return;
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }
}

function chip(action) {
  const picture = action.image?.thumb_url;
  const light = picture ? make("i", {}, make("img", { src: picture, alt: "" })) : null;
  return make("button", { name: "suggested", value: action.text }, light, action.text);
}

// Storage may be switched off; then a draft lives as long as the page.
function read(name) {
  try {
    return localStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}

function write(name, text) {
  try {
    if (text) localStorage.setItem(name, text);
    else localStorage.removeItem(name);
  } catch {
    /* see above */
  }
}
