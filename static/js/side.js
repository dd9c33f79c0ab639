// The head and the side: the present place, who is here.
import { api, call } from "./api.js";
import { clone, make, part, setAttribute, setText } from "./dom.js";
import { drawBar, keepTrying } from "./frames.js";
import { isUnfinished } from "./store.js";
import { looksOf, newsOf, placeLine } from "./words.js";

/** The place told last, and the newest finished picture of a place. */
export function drawHead({ store, past }) {
  if (past) return;
  const scene = document.getElementById("scene");
  const present = store.inOrder().filter((turn) => turn.location).at(-1);
  if (present) setText(document.getElementById("place-line"), placeLine(present));
  const numbers = new Map([...store.turns.values()].map((turn) => [turn.id, turn.number]));
  const places = [...store.images.values()].filter((image) => image.image_type === "background" && image.turn);
  // A place painted before the first turn on this page counts as older than all of them.
  places.sort((a, b) => (numbers.get(a.turn) ?? 0) - (numbers.get(b.turn) ?? 0) || a.id - b.id);
  const newest = places.filter((image) => image.status === "complete").at(-1);
  const latest = places.filter((image) => image.status !== "cancelled").at(-1);
  if (newest) crossFade(scene.querySelector(".scene-layers"), newest, present);
  const busy = latest !== undefined && isUnfinished(latest);
  const bar = scene.querySelector(".scene-bar");
  drawBar(bar, busy, busy ? Math.max(store.progress.get(latest.id)?.progress ?? 0, latest.progress ?? 0, 0.04) : 0);
  const bad = document.getElementById("place-bad");
  bad.hidden = latest?.status !== "failed";
  bad.dataset.image = latest?.id ?? "";
}

/** Tells the style when the head has scrolled away to its last band. */
export function watchHead() {
  const scene = document.getElementById("scene");
  const mark = document.getElementById("scene-mark");
  new IntersectionObserver(([entry]) => scene.classList.toggle("stuck", !entry.isIntersecting)).observe(mark);
}

function crossFade(layers, image, turn) {
  if (layers.lastElementChild?.dataset.image === String(image.id)) return;
  const next = make("img", { alt: "", "data-image": image.id });
  next.addEventListener("load", () => {
    requestAnimationFrame(() => next.classList.add("shown"));
    setTimeout(() => [...layers.children].forEach((layer) => layer !== layers.lastElementChild && layer.remove()), 400);
  });
  keepTrying(next);
  next.src = image.url;
  layers.append(next);
  setAttribute(layers, "aria-label", `The place: ${turn?.location || image.subject_key}`);
}

/** Who is here, from the last turn that says so. */
export function drawCast(context) {
  const { store, past } = context;
  if (past) return;
  const turns = store.inOrder();
  const turn = [...turns].reverse().find((one) => one.status === "complete" || one.characters?.length);
  const list = document.getElementById("cast");
  const people = turn?.characters ?? [];
  document.getElementById("cast-section").hidden = people.length === 0;
  const old = new Map([...list.children].map((element) => [element.dataset.name, element]));
  people.forEach((person, index) => {
    let element = old.get(person.name);
    old.delete(person.name);
    if (!element) {
      element = clone("person-template");
      element.dataset.name = person.name;
    }
    if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
    drawPerson(element, person, turn, context);
  });
  for (const element of old.values()) element.remove();
}

function drawPerson(element, person, turn, context) {
  const { store } = context;
  setText(part(element, "name"), person.name);
  setText(part(element, "initial"), Array.from(person.name)[0] ?? "");
  setText(part(element, "looks"), looksOf(person));
  const news = newsOf(person);
  setText(part(element, "news"), news);
  part(element, "news").hidden = !news;
  const frame = part(element, "portrait");
  setAttribute(frame, "aria-label", `The looks of ${person.name}`);
  const asked = portraitOf(person, turn, context);
  const busy = asked !== null && isUnfinished(asked);
  drawBar(part(frame, "bar"), busy, busy ? Math.max(store.progress.get(asked.id)?.progress ?? 0, asked.progress ?? 0, 0.06) : 0);
  const failed = part(element, "failed");
  failed.hidden = asked?.status !== "failed";
  failed.dataset.image = asked?.id ?? "";
  if (asked?.status !== "complete") return;
  let picture = frame.querySelector("img");
  if (!picture) {
    picture = make("img", { alt: "" });
    frame.append(picture);
  }
  if (picture.getAttribute("src") === asked.thumb_url) return;
  keepTrying(picture);
  picture.src = asked.thumb_url;
}

/** The newest portrait of this turn for the person, else the one the turn names; that one is fetched if unknown. */
function portraitOf(person, turn, { store, fetched }) {
  const name = person.name.toLowerCase();
  const named = store.images.get(person.portrait_image_id) ?? null;
  const own = store.imagesOf(turn.id).filter((image) => image.image_type === "character" && image.subject_key.toLowerCase() === name);
  const best = own.find((image) => image.is_selected) ?? own.at(-1) ?? null;
  if (person.portrait_image_id && !named && !fetched.has(person.portrait_image_id)) {
    fetched.add(person.portrait_image_id);
    call("GET", api.image(person.portrait_image_id)).then((image) => store.putImage(image), () => fetched.delete(person.portrait_image_id));
  }
  return best ?? named;
}
