// Narration appears word by word: 30 words a second, faster if the text is long, four seconds at the most.
import { calm } from "./dom.js";

const MS_PER_WORD = 33;
const LONGEST_MS = 4000;
const TICK_MS = 33;

export const paragraphsOf = (text) => text.split(/\n\s*\n/).map((paragraph) => paragraph.trim()).filter(Boolean);

/** Puts the text there at once. */
export function setParagraphs(box, text) {
  if (box.dataset.text === text) return;
  box.dataset.text = text;
  box.replaceChildren(...paragraphsOf(text).map((text) => Object.assign(document.createElement("p"), { textContent: text })));
}

export class Reveal {
  #words = []; // spans, in order
  #shown = 0;
  #rate = 1 / MS_PER_WORD; // words per ms
  #timer = 0;
  #text = "";
  #ended = false;

  constructor(box) {
    this.box = box;
  }

  /** Shows text that begins with what was given before. ended: nothing will follow. */
  set(text, ended) {
    this.#ended = ended;
    if (calm() || document.hidden) this.#shown = Infinity;
    if (text !== this.#text) {
      this.#text = text;
      this.#build();
      const backlog = this.#words.length - this.#shown;
      this.#rate = Math.max(1 / MS_PER_WORD, backlog / LONGEST_MS);
    }
    if (!this.#timer) {
      let before = performance.now();
      this.#timer = setInterval(() => {
        const now = performance.now();
        this.#step((now - before) * this.#rate);
        before = now;
      }, TICK_MS);
    }
    this.#step(0);
  }

  get isDone() {
    return this.#ended && this.#shown >= this.#words.length;
  }

  #build() {
    let index = 0;
    paragraphsOf(this.#text).forEach((text, number) => {
      const paragraph = this.box.children[number] ?? this.box.appendChild(document.createElement("p"));
      let nodes = 0;
      for (const piece of text.split(/(\s+)/)) {
        if (piece === "") continue;
        const node = paragraph.childNodes[nodes++];
        if (/^\s/.test(piece)) {
          if (node) node.textContent = piece;
          else paragraph.append(piece);
          continue;
        }
        const span = node ?? paragraph.appendChild(Object.assign(document.createElement("span"), { className: "w" }));
        if (span.textContent !== piece) span.textContent = piece;
        this.#words[index++] = span;
      }
    });
  }

  #step(words) {
    this.#shown = Math.min(this.#shown + words, this.#shown === Infinity ? Infinity : this.#words.length);
    this.#words.forEach((span, index) => index < this.#shown && span.classList.add("on"));
    if (this.#shown < this.#words.length) return;
    clearInterval(this.#timer);
    this.#timer = 0;
    if (this.#ended) {
      delete this.box.dataset.text;
      // The last word is still fading in; plain paragraphs take the spans' place after that.
      setTimeout(() => this.isDone && setParagraphs(this.box, this.#text), 300);
    }
  }
}
