// Draws the frames of pictures under a turn: one for each subject, with its variants.
import { clone, make, part, setAttribute, setText } from "./dom.js";
import { isUnfinished } from "./store.js";
import { altOf, caption, waitLine } from "./words.js";

const BESIDE = new Set(["background", "character"]); // shown at the head and at the side

/** One frame for each subject; a turn has one moment, whose frame stands before its pictures are asked for. */
export const frameKey = (image) => (image.image_type === "action" ? "action" : `${image.image_type}|${image.subject_key}`);

/** The turn's pictures by subject: [{key, images, shown}]. pins: key → image id the reader chose to look at. */
export function framesOf(turn, images, { moment, pins }) {
  const groups = new Map();
  for (const image of images) {
    if (BESIDE.has(image.image_type)) continue;
    const key = frameKey(image);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(image);
  }
  if (moment && turn.status === "processing" && !groups.has("action")) {
    groups.set("action", []);
  }
  return [...groups].map(([key, group]) => ({ key, images: group, shown: shownOf(group, pins.get(`${turn.id}|${key}`)) }));
}

function shownOf(group, pinned) {
  return (
    group.find((image) => image.id === pinned) ??
    group.find((image) => image.is_selected) ??
    group.find((image) => image.status === "complete") ??
    group.find(isUnfinished) ??
    group[0] ??
    null
  );
}

export function drawFrames(box, turn, frames, context) {
  const old = new Map([...box.children].map((element) => [element.dataset.frame, element]));
  frames.forEach((frame, index) => {
    let element = old.get(frame.key);
    old.delete(frame.key);
    if (!element) {
      element = clone("frame-template");
      element.dataset.frame = frame.key;
    }
    if (box.children[index] !== element) box.insertBefore(element, box.children[index] ?? null);
    drawFrame(element, turn, frame, context);
  });
  for (const element of old.values()) element.remove();
}

function drawFrame(element, turn, { images, shown }, context) {
  const figure = element.querySelector("figure");
  const busy = !shown || isUnfinished(shown);
  const complete = shown?.status === "complete";
  const live = shown ? context.store.progress.get(shown.id) : null;
  element.classList.toggle("small-frame", shown?.image_type === "item");
  const ratio = shown ? `${shown.width} / ${shown.height}` : context.moment;
  if (element.style.getPropertyValue("--ratio") !== ratio) element.style.setProperty("--ratio", ratio);
  figure.dataset.image = shown?.id ?? "";
  figure.classList.toggle("busy", busy);
  setAttribute(figure, "aria-busy", busy ? "true" : null);
  drawPicture(figure, shown, complete);
  drawPreview(part(figure, "preview"), busy ? live?.preview : null, complete);
  part(figure, "wait").hidden = !busy;
  setText(part(figure, "wait-line"), !shown ? "The moment is painted as soon as it is told" : busy ? waitLine(shown, live) : "");
  part(figure, "bad").hidden = shown?.status !== "failed";
  if (shown?.status === "failed") setText(part(figure, "why"), shown.error?.detail ?? "");
  drawBar(part(figure, "bar"), busy, Math.max(live?.progress ?? 0, shown?.progress ?? 0));
  setText(part(figure, "caption"), shown ? caption(shown, turn.number, context.sketchers) : `Turn ${turn.number}`);
  part(figure, "tools").hidden = !complete;
  if (complete) setAttribute(part(figure, "card"), "href", shown.card_url);
  drawVariants(part(element, "variants"), images, shown, context);
}

export function drawBar(bar, busy, done) {
  bar.hidden = !busy;
  if (!busy) return;
  bar.style.setProperty("--done", String(done));
  setAttribute(bar, "aria-valuenow", Math.round(done * 100));
}

function drawPicture(figure, shown, complete) {
  const link = part(figure, "open");
  const picture = part(figure, "picture");
  link.hidden = !complete;
  if (!complete) {
    if (picture.hasAttribute("src") && shown) picture.removeAttribute("src");
    return;
  }
  setAttribute(link, "href", `/images/${shown.id}/`);
  setAttribute(picture, "alt", altOf(shown));
  if (picture.getAttribute("src") === shown.url) return;
  if (!picture.hasAttribute("src")) picture.classList.add("coming");
  picture.onload = () => {
    picture.classList.remove("coming");
    setTimeout(() => !link.hidden && (part(figure, "preview").hidden = true), 250); // it fades in over the preview
  };
  keepTrying(picture);
  picture.src = shown.url;
}

/** A picture that does not load (the connection was away) is asked for again, three times. */
export function keepTrying(picture, tries = 3) {
  picture.onerror = () => {
    if (tries-- <= 0) return;
    const wanted = picture.src;
    setTimeout(() => picture.isConnected && picture.src === wanted && (picture.src = wanted), 3000);
  };
}

function drawPreview(preview, source, complete) {
  if (source) {
    preview.hidden = false;
    if (preview.src !== source) preview.src = source;
  } else if (!complete) preview.hidden = true;
}

function drawVariants(box, images, shown, context) {
  const wanted = images.length > 1 ? images.slice(0, 12) : [];
  const marks = wanted.map((image) => `${image.id}:${image.status}:${image.id === shown?.id}:${image.thumb_url}`).join();
  const moved = box.dataset.marks !== marks;
  if (moved) {
    const focused = box.contains(document.activeElement) ? document.activeElement.dataset.image : null;
    box.dataset.marks = marks;
    box.replaceChildren(...wanted.map((image, index) => variantButton(image, index + 1, image.id === shown?.id)));
    if (focused) box.querySelector(`[data-image="${focused}"]`)?.focus();
  }
  for (const image of wanted.filter(isUnfinished)) {
    const bar = box.querySelector(`[data-image="${image.id}"] .bar`);
    bar?.style.setProperty("--done", String(Math.max(context.store.progress.get(image.id)?.progress ?? 0, image.progress ?? 0)));
  }
}

function variantButton(image, number, pressed) {
  const states = { pending: ", waiting", generating: ", being painted", failed: ", failed" };
  const button = make("button", {
    type: "button",
    "data-image": image.id,
    "data-do": "variant",
    "aria-pressed": pressed ? "true" : "false",
    "aria-label": `Variant ${number}${states[image.status] ?? ""}`,
  });
  button.style.setProperty("--ratio", `${image.width} / ${image.height}`);
  if (image.status === "complete") button.append(make("img", { src: image.thumb_url, alt: "" }));
  else if (image.status === "failed") button.append(make("span", { class: "bad-mark", "aria-hidden": "true" }, "!"));
  else button.append(make("span", { class: "bar" }));
  button.append(make("kbd", { "aria-hidden": "true" }, String(number)));
  return button;
}
