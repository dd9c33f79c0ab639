// Small helpers for building and finding elements. Text only ever enters the page as text nodes.

/** The first element under root that carries this data-part. */
export const part = (root, name) => root.querySelector(`[data-part="${name}"]`);

/** Builds an element: attributes set as attributes (null and false left out), children as nodes or text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A copy of the one element inside <template id>. */
export const clone = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

/** Sets text only if it differs, so that screen readers are not made to repeat it. */
export function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** True while the keyboard belongs to a field, so that single keys must not act. */
export const isTyping = (event) => event.target.closest?.("input, textarea, select, [contenteditable]") !== null;

let toastTimer = 0;

/** One short sentence at the bottom of the page for eight seconds. */
export function toast(sentence, { wrong = false } = {}) {
  document.querySelector(".toast")?.remove();
  clearTimeout(toastTimer);
  const note = make("div", { class: wrong ? "toast wine" : "toast", role: wrong ? "alert" : "status" }, sentence);
  document.body.append(note);
  toastTimer = setTimeout(() => note.remove(), 8000);
}
