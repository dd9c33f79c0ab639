// The full-size view: arrow keys go on, i turns the picture over to its prompt and settings.
import { choose, paintAgain } from "./actions.js";
import { make, part, setAttribute, setText } from "./dom.js";
import { altOf, duration, subjectOf, TYPE_NAMES, waitLine } from "./words.js";

const SWIPE_PX = 48;

export class Viewer {
  #images = [];
  #index = 0;

  /** onChange(image): a picture was chosen or asked for anew. */
  constructor(dialog, onChange = () => {}) {
    this.dialog = dialog;
    this.onChange = onChange;
    part(dialog, "previous").addEventListener("click", () => this.#go(-1));
    part(dialog, "next").addEventListener("click", () => this.#go(1));
    part(dialog, "close").addEventListener("click", () => dialog.close());
    part(dialog, "turn-over").addEventListener("click", () => this.#turnOver());
    part(dialog, "choose").addEventListener("click", () => this.#act(choose));
    part(dialog, "again").addEventListener("click", () => this.#act(paintAgain));
    part(dialog, "stage").addEventListener("click", (event) => event.target === event.currentTarget && dialog.close());
    dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#watchSwipes(part(dialog, "stage"));
  }

  /** Opens at the picture with this id, among these. */
  open(images, id) {
    this.#images = images;
    this.#index = Math.max(0, images.findIndex((image) => image.id === id));
    this.dialog.classList.remove("turned");
    this.#draw();
    if (!this.dialog.open) this.dialog.showModal();
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowRight") this.#go(1);
    else if (event.key === "ArrowLeft") this.#go(-1);
    else if (event.key === "Home") this.#go(-this.#index);
    else if (event.key === "End") this.#go(this.#images.length - 1 - this.#index);
    else if (event.key === "i") this.#turnOver();
    else return;
    event.preventDefault();
  }

  #watchSwipes(stage) {
    let from = null;
    stage.addEventListener("pointerdown", (event) => (from = event.pointerType === "touch" ? event.clientX : null));
    stage.addEventListener("pointerup", (event) => {
      if (from === null) return;
      const way = event.clientX - from;
      from = null;
      if (Math.abs(way) > SWIPE_PX) this.#go(way < 0 ? 1 : -1);
    });
  }

  #go(step) {
    const index = this.#index + step;
    if (index < 0 || index >= this.#images.length || step === 0) return;
    this.#index = index;
    this.#draw();
  }

  #turnOver() {
    this.dialog.classList.toggle("turned");
  }

  async #act(action) {
    const image = this.#images[this.#index];
    const now = await action(image);
    if (!now) return;
    this.onChange(now);
    if (now.id !== image.id) this.dialog.close();
    else {
      this.#images = this.#images.map((other) => sameSubject(other, now) ? { ...other, is_selected: other.id === now.id } : other);
      this.#draw();
    }
  }

  #draw() {
    const image = this.#images[this.#index];
    if (!image) return;
    const complete = image.status === "complete";
    const picture = part(this.dialog, "image");
    picture.hidden = !complete;
    picture.alt = altOf(image);
    if (complete && picture.getAttribute("src") !== image.url) {
      picture.width = image.width;
      picture.height = image.height;
      picture.src = image.url;
    }
    const wait = part(this.dialog, "wait");
    wait.hidden = complete;
    setText(wait, complete ? "" : image.status === "failed" ? image.error?.detail ?? "It could not be painted." : waitLine(image));
    setText(part(this.dialog, "kind"), `${TYPE_NAMES[image.image_type] ?? "Picture"}${image.turn_number ? ` · turn ${image.turn_number}` : ""}`);
    setText(part(this.dialog, "title"), subjectOf(image) || TYPE_NAMES[image.image_type] || "Picture");
    setText(part(this.dialog, "prompt"), image.prompt ?? "");
    part(this.dialog, "facts").replaceChildren(...factsOf(image).flatMap(([name, value]) => [make("dt", {}, name), make("dd", { class: "nums" }, value)]));
    for (const [name, href] of [["card", image.card_url], ["file", image.url]]) {
      const link = part(this.dialog, name);
      link.hidden = !complete;
      setAttribute(link, "href", href);
    }
    part(this.dialog, "choose").hidden = !complete || image.is_selected || !image.turn;
    setText(part(this.dialog, "count"), `${this.#index + 1} of ${this.#images.length}`);
    part(this.dialog, "previous").disabled = this.#index === 0;
    part(this.dialog, "next").disabled = this.#index === this.#images.length - 1;
  }
}

const sameSubject = (a, b) => a.turn === b.turn && a.image_type === b.image_type && a.subject_key === b.subject_key;

function factsOf(image) {
  const facts = [
    ["Not wanted", image.negative_prompt],
    ["Sketch", image.sketch ? "by the built-in painter, from the words alone: no model was used" : null],
    ["Model", image.sketch ? null : image.model_name],
    ["Sampler", image.sketch ? null : image.sampler],
    ["Steps", image.sketch ? null : image.steps],
    ["CFG", image.sketch ? null : image.cfg_scale],
    ["Seed", image.seed],
    ["Size", `${image.width} × ${image.height}`],
    ["Painted on", image.gpu_worker],
    ["Took", image.generation_time_ms ? duration(image.generation_time_ms / 1000) : null],
    ["Reused", image.is_cached ? "yes: nothing had to be painted" : null],
    ...(image.warnings ?? []).map((warning) => ["Note", warning]),
  ];
  return facts.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => [name, String(value)]);
}
