// Draws turns into the page: the same parts the server's template makes.
import { clone, part, setText } from "./dom.js";
import { drawFrames, framesOf } from "./frames.js";
import { Reveal, setParagraphs } from "./reveal.js";
import { isTelling } from "./store.js";
import { placeLine } from "./words.js";

const reveals = new Map(); // turn id → Reveal, for turns that were told while this page looked on

export function turnElement(id) {
  return document.getElementById(`turn-${id}`);
}

/** Draws these turns, makes the missing ones and removes those that are gone. Returns the elements that are new. */
export function drawTurns(ids, context) {
  const { store } = context;
  const box = document.getElementById("turns");
  const order = store.inOrder();
  const fresh = [];
  for (const id of ids) {
    if (id !== null && !store.turns.has(id)) {
      turnElement(id)?.remove();
      reveals.delete(id);
    }
  }
  order.forEach((turn, index) => {
    let element = turnElement(turn.id);
    if (!element) {
      element = clone("turn-template");
      element.id = `turn-${turn.id}`;
      element.dataset.turn = turn.id;
      element.dataset.number = turn.number;
      const next = [...box.children].find((other) => Number(other.dataset.number) > turn.number);
      box.insertBefore(element, next ?? null);
      fresh.push(element);
    } else if (!ids.has(turn.id) && index < order.length - 2) return;
    drawTurn(element, turn, order[index - 1] ?? null, context);
    part(element, "foot").querySelector('[data-do="undo"]').hidden = index !== order.length - 1 || context.past;
  });
  document.getElementById("no-turns").hidden = order.length > 0;
  return fresh;
}

function drawTurn(element, turn, before, context) {
  const place = part(element, "place");
  setText(place, placeLine(turn));
  place.hidden = !turn.location || !before || before.location === turn.location;
  setText(part(element, "input"), turn.player_input);
  part(element, "input").hidden = !turn.player_input;
  drawNarration(part(element, "says"), turn, context);
  const state = part(element, "state");
  const quiet = isTelling(turn) && !turn.narration && !turn.live?.length;
  state.hidden = !quiet;
  setText(state, quiet ? "The narrator is reading your line" : "");
  part(element, "stopped").hidden = turn.status !== "failed";
  if (turn.status === "failed") setText(part(element, "reason"), turn.error?.detail ?? "It was not told to the end.");
  setText(part(element, "number"), `Turn ${turn.number}${tellerOf(turn)}`);
  const images = context.store.imagesOf(turn.id);
  drawFrames(part(element, "frames"), turn, framesOf(turn, images, context), context);
}

function tellerOf({ narrated_by: name }) {
  if (!name || name === "given") return "";
  return name.startsWith("built-in") ? ` · told by the ${name}` : ` · told by ${name}`;
}

function drawNarration(box, turn, { store, isOpening }) {
  const text = turn.live ? turn.live.join("") : turn.narration ?? "";
  const ended = !isTelling(turn);
  const isNews = isTelling(turn) || (!isOpening && store.last() === turn);
  if (isNews && !reveals.has(turn.id) && !box.childElementCount) reveals.set(turn.id, new Reveal(box));
  const reveal = reveals.get(turn.id);
  if (!reveal) {
    setParagraphs(box, text);
    return;
  }
  if (text) reveal.set(text, ended);
  if (reveal.isDone && box.dataset.text === text) reveals.delete(turn.id);
}
