// The sentences a picture's state is told in. images/views/words.py says the same for pages without script.
import { isUnfinished } from "./store.js";

const NOUNS = { background: "the place", action: "the moment", item: "a thing", scene: "a scene", plot_twist: "a twist", quest: "a quest" };
export const TYPE_NAMES = { background: "Place", action: "Moment", character: "Portrait", item: "Thing", scene: "Scene", plot_twist: "Twist", quest: "Quest" };

/** Whom or what it shows, by name; a moment's key is only its turn's number. */
export const subjectOf = (image) => (image.image_type === "action" ? "" : image.subject_key);

/** What the picture is of: "the moment", "Mira". */
export function nounOf(image) {
  if (image.image_type === "character" || image.image_type === "item") return image.subject_key || NOUNS[image.image_type] || "a portrait";
  return NOUNS[image.image_type] ?? "a picture";
}

export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** One picture's wait: why, how far, how long, where. */
export function waitLine(image, live = null) {
  if (image.status === "pending") return image.waiting_reason || "Waiting for a worker";
  const done = Math.max(live?.progress ?? 0, image.progress ?? 0);
  const eta = live?.eta_s ?? image.eta_s;
  const words = [`Painting ${nounOf(image)}`];
  if (done > 0) words.push(`${Math.round(done * 100)} %`);
  if (eta !== null && eta !== undefined) words.push(`about ${duration(eta)}`);
  return words.join(" · ") + (image.gpu_worker ? ` on ${image.gpu_worker}` : "");
}

/** How many subjects have a failed picture and none that is complete. */
function failures(images) {
  const subject = (image) => `${image.turn}|${image.image_type}|${image.subject_key}`;
  const painted = new Set(images.filter((image) => image.status === "complete").map(subject));
  return new Set(images.filter((image) => image.status === "failed").map(subject).filter((key) => !painted.has(key))).size;
}

/** Everything unfinished in one honest line. */
export function queueLine(images, progress = new Map()) {
  const open = images.filter(isUnfinished);
  if (!open.length) {
    const failed = failures(images);
    if (failed) return failed === 1 ? "1 picture failed" : `${failed} pictures failed`;
    return images.length ? "Every picture is here" : "";
  }
  const count = open.length === 1 ? "1 picture" : `${open.length} pictures`;
  const painting = open.filter((image) => image.status === "generating");
  const etas = open.map((image) => progress.get(image.id)?.eta_s ?? image.eta_s).filter((eta) => eta !== null && eta !== undefined);
  if (!painting.length) {
    const reason = open.find((image) => image.waiting_reason)?.waiting_reason;
    return reason ? `${count} waiting: ${reason}` : `${count} waiting for a worker`;
  }
  const words = [count];
  if (etas.length) words.push(`about ${duration(Math.max(...etas))}`);
  const places = [...new Set(painting.map((image) => image.gpu_worker).filter(Boolean))];
  if (places.length) words.push(`on ${places.join(" and ")}`);
  return words.join(", ");
}

/** Under a picture: which turn, and who painted it. */
export function caption(image, number, sketchers) {
  const words = number ? [`Turn ${number}`] : [];
  if (image.image_type !== "action") words.push(nounOf(image));
  if (image.status === "complete") {
    if (sketchers.includes(image.gpu_worker)) words.push("sketch by the built-in painter");
    else if (image.gpu_worker) words.push(`painted on ${image.gpu_worker}`);
  }
  return words.join(" · ");
}

export function altOf(image) {
  const prompt = (image.prompt ?? "").slice(0, 300);
  return `${TYPE_NAMES[image.image_type] ?? "Picture"}: ${subjectOf(image) ? `${subjectOf(image)}. ` : ""}${prompt}`;
}

export function newsOf(person) {
  if (!person.changed) return "";
  const now = { new_outfit: person.outfit, transformation: person.physical_features || person.description, description_update: person.description };
  if (person.change_reason === "initial_appearance") return "seen for the first time";
  const what = now[person.change_reason];
  return what ? `new: ${what}` : "looks different now";
}

export const looksOf = (person) => [person.description, person.outfit].filter(Boolean).join("; ") || person.physical_features || "";

export function placeLine(turn) {
  return turn ? [turn.location, turn.time_of_day, turn.weather].filter(Boolean).join(" · ") : "";
}
