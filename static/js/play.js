// The play page: puts what the server sends, live or on request, where it belongs.
import { choose, paintAgain, regenerate } from "./actions.js";
import { api, call } from "./api.js";
import { Composer } from "./composer.js";
import { confirmed } from "./dialogs.js";
import { calm, isTyping, setText, toast } from "./dom.js";
import { frameKey } from "./frames.js";
import { Live } from "./live.js";
import { drawCast, drawHead, watchHead } from "./side.js";
import { isTelling, Store } from "./store.js";
import { drawTurns, turnElement } from "./turns.js";
import { Viewer } from "./viewer.js";
import { nounOf, queueLine } from "./words.js";

const page = document.getElementById("content");
const data = JSON.parse(document.getElementById("page-data").textContent);
const storyId = page.dataset.story;
const store = new Store();
const context = { store, pins: new Map(), fetched: new Set(), moment: page.dataset.moment, sketchers: data.sketchers, past: data.past, isOpening: true };
let connection = "live";

const composer = new Composer({
  form: document.getElementById("compose"),
  storyId,
  canSend: () => {
    const last = store.last();
    return !last || !isTelling(last);
  },
  onTurn: (turn) => {
    if (data.past) {
      location.assign(location.pathname);
      return;
    }
    store.putTurn(turn);
    following = turn.id;
  },
});
let following = null; // the turn just sent, to be brought into view when it is drawn

store.onChange((ids) => {
  const near = nearEnd();
  const fresh = drawTurns(ids, context);
  drawHead(context);
  drawCast(context);
  drawQueue();
  const last = store.last();
  composer.suggested = last && !isTelling(last) && !data.past ? (last.suggested_actions ?? []).slice(0, 3) : [];
  const sent = following !== null ? turnElement(following) : null;
  const arrived = sent ?? (near ? fresh.at(-1) : null);
  if (arrived && !context.isOpening) bringIntoView(arrived);
  if (sent) following = null;
});

/** The first turn is read below the whole picture of its place. */
function bringIntoView(turn) {
  const behavior = calm() ? "instant" : "smooth";
  if (turn.previousElementSibling) turn.scrollIntoView({ block: "start", behavior });
  else scrollTo({ top: 0, behavior });
}

function nearEnd() {
  return innerHeight + scrollY > document.documentElement.scrollHeight - 480;
}

function drawQueue() {
  const words = connection === "away" ? "Not connected; trying again" : queueLine([...store.images.values()], store.progress);
  for (const line of document.querySelectorAll("[data-queue]")) {
    setText(line, words);
    line.classList.toggle("offline", connection === "away");
    line.classList.toggle("idle", connection !== "away" && !store.unfinished().length);
  }
}

// --- news ----------------------------------------------------------------------------------------------------------

function announce(image) {
  const noun = nounOf(image);
  const what = image.image_type === "character" ? `The portrait of ${noun}` : `The picture of ${noun}`;
  document.getElementById("announce").textContent = image.status === "failed" ? `${what} failed.` : `${what} is ready.`;
}

let nextPage = 0;

const news = {
  snapshot(message) {
    for (const turn of message.turns ?? []) store.putTurn(turn);
    for (const image of message.images ?? []) store.putImage(image);
    if (message.present) store.keepOnly(message.present);
    clearTimeout(nextPage);
    // Another page follows. If none does, more happened than a snapshot holds.
    if (message.more) nextPage = setTimeout(reloadTurns, 3000);
    drawQueue();
  },
  "image.progress": (message) => {
    if (message.image) store.putImage(message.image);
    store.putProgress(message);
  },
  "turn.delta": (message) => {
    if (!store.putDelta(message)) reloadTurn(message.turn);
  },
  "turn.complete": (message) => message.turn && store.putTurn(message.turn),
  "turn.changed": (message) => message.turn && store.putTurn(message.turn),
  "turn.deleted": (message) => store.removeTurn(message.turn?.id ?? message.turn ?? message.id),
  "image.deleted": (message) => store.removeImage(message.image?.id ?? message.id),
};

function hear(message) {
  if (Object.hasOwn(news, message.type)) news[message.type](message);
  else if (message.image) store.putImage(message.image);
  if ((message.type === "image.ready" || message.type === "image.failed") && message.image) announce(message.image);
}

async function reloadTurn(id) {
  try {
    store.putTurn(await call("GET", api.turn(id)));
  } catch (error) {
    if (error.status === 404) store.removeTurn(id);
  }
}

/** The last turns as they are now: when more happened than a snapshot holds. */
async function reloadTurns() {
  try {
    const answer = await call("GET", `${location.pathname}turns.json`);
    for (const turn of answer.turns) store.putTurn(turn);
  } catch (error) {
    toast(`Some turns could not be fetched: ${error.message}`, { wrong: true });
  }
}

// --- what people do ------------------------------------------------------------------------------------------------

const imageAt = (element) => store.images.get(Number(element.closest("[data-image]")?.dataset.image));

function pin(image) {
  context.pins.set(`${image.turn}|${frameKey(image)}`, image.id);
  store.putImage(image);
}

const wanted = new Map(); // frame → id of the variant chosen last, while that choice is being kept

/** Shows a variant at once and has the choice kept. Choices of one frame are sent one after the other: the last one stays. */
async function pickVariant(image) {
  pin(image);
  if (image.status !== "complete") return;
  const frame = `${image.turn}|${frameKey(image)}`;
  const isSending = wanted.has(frame);
  wanted.set(frame, image.id);
  if (isSending) return;
  let kept = store.imagesOf(image.turn).find((other) => frameKey(other) === frameKey(image) && other.is_selected)?.id;
  while (wanted.get(frame) !== kept) {
    kept = wanted.get(frame);
    const chosen = await choose(store.images.get(kept) ?? image);
    if (chosen) takeChoice(chosen);
  }
  wanted.delete(frame);
}

function takeChoice(chosen) {
  for (const other of store.imagesOf(chosen.turn)) {
    const isRival = frameKey(other) === frameKey(chosen) && other.id !== chosen.id && other.is_selected;
    if (isRival) store.putImage({ ...other, is_selected: false });
  }
  store.putImage(chosen);
}

async function undo() {
  const last = store.last();
  if (!last) return;
  const sure = await confirmed({ title: `Undo turn ${last.number}?`, text: "Its narration and pictures are deleted. Your line goes back into the box.", yes: "Undo it" });
  if (!sure) return;
  try {
    await call("DELETE", api.turn(last.id));
    store.removeTurn(last.id);
    composer.offer(last.player_input ?? "");
  } catch (error) {
    toast(`It is not undone: ${error.message}`, { wrong: true });
  }
}

async function retryTurn(element) {
  try {
    store.putTurn(await call("POST", `${api.turn(Number(element.closest("[data-turn]").dataset.turn))}retry/`));
  } catch (error) {
    toast(`It is not tried again: ${error.message}`, { wrong: true });
  }
}

const deeds = {
  again: async (element) => {
    const image = await paintAgain(imageAt(element));
    if (image) pin(image);
  },
  retry: async (element) => {
    const image = await regenerate(imageAt(element));
    if (image) pin(image);
  },
  variant: (element) => pickVariant(imageAt(element)),
  undo,
  "retry-turn": retryTurn,
};

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest('a[data-part="open"]');
  if (link) {
    event.preventDefault();
    openViewer(Number(link.closest("[data-image]").dataset.image));
    return;
  }
  const doer = event.target.closest("[data-do]:not(form)");
  if (!doer) return;
  event.preventDefault();
  deeds[doer.dataset.do](doer);
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-do], .variants form");
  if (!form) return;
  event.preventDefault();
  if (form.dataset.do) deeds[form.dataset.do](form);
  else pickVariant(store.images.get(Number(form.querySelector("button").dataset.image)));
});

// Digits choose among the variants that are in view.
document.addEventListener("keydown", (event) => {
  if (isTyping(event) || event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
  const digit = Number(event.key);
  if (!Number.isInteger(digit) || digit < 1) return;
  const box = [...document.querySelectorAll(".variants")].filter((one) => one.childElementCount && inView(one)).at(-1);
  const button = box?.querySelectorAll("button")[digit - 1];
  if (!button) return;
  event.preventDefault();
  pickVariant(store.images.get(Number(button.dataset.image)));
});

function inView(element) {
  const { top, bottom } = element.closest(".moment").getBoundingClientRect();
  return bottom > 100 && top < innerHeight - 100;
}

const viewer = new Viewer(document.getElementById("view"), (image) => pin(image));

function openViewer(id) {
  const numbers = new Map(store.inOrder().map((turn) => [turn.id, turn.number]));
  const images = [...store.images.values()].filter((image) => image.status === "complete" && numbers.has(image.turn));
  images.sort((a, b) => numbers.get(a.turn) - numbers.get(b.turn) || a.id - b.id);
  const isSketch = (image) => data.sketchers.includes(image.gpu_worker);
  viewer.open(images.map((image) => ({ ...image, turn_number: numbers.get(image.turn), sketch: isSketch(image) })), id);
}

document.getElementById("earlier").addEventListener("click", async (event) => {
  const link = event.target.closest("[data-before]");
  if (!link) return;
  event.preventDefault();
  try {
    const answer = await call("GET", `${location.pathname}turns.json?before=${link.dataset.before}`);
    const anchor = document.querySelector("#turns > .turn");
    const from = anchor?.getBoundingClientRect().top ?? 0;
    for (const turn of answer.turns) store.putTurn(turn);
    store.onceDrawn(() => anchor && scrollBy({ top: anchor.getBoundingClientRect().top - from, behavior: "instant" }));
    link.dataset.before = answer.earlier_before ?? "";
    link.parentElement.hidden = !answer.earlier_before;
  } catch (error) {
    toast(`Earlier turns could not be fetched: ${error.message}`, { wrong: true });
  }
});

// --- start ---------------------------------------------------------------------------------------------------------

watchHead();
for (const turn of data.turns) store.putTurn(turn);
for (const image of data.images) store.putImage(image);
const start = store.inOrder();
// What the page came with is simply there; what is drawn later is news.
if (start.length) store.onceDrawn(() => (context.isOpening = false));
else context.isOpening = false;
if (start.length > 1 && !location.hash && !data.past && scrollY === 0) {
  turnElement(start.at(-1).id)?.scrollIntoView({ block: "start", behavior: "instant" });
}
if (!data.past) {
  new Live({
    path: page.dataset.live,
    cursor: page.dataset.cursor,
    onMessage: hear,
    isWaiting: () => store.unfinished().length > 0 || store.last()?.status === "processing",
    onState: (state) => {
      connection = state;
      if (state === "refused") location.reload();
      drawQueue();
    },
  });
}
