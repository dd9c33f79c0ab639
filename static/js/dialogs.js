// The two small dialogs of templates/partials/_dialogs.html.
import { part, setText } from "./dom.js";

function closed(dialog) {
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}

/** Asks before something is lost. Escape and "Keep it" mean no. */
export async function confirmed({ title, text, yes }) {
  const dialog = document.getElementById("confirm");
  setText(part(dialog, "title"), title);
  setText(part(dialog, "text"), text);
  setText(part(dialog, "yes"), yes);
  dialog.returnValue = "";
  dialog.showModal();
  return (await closed(dialog)) === "yes";
}

/** Asks for a prompt, beginning with the present one. Null: not now. */
export async function askPrompt(prompt) {
  const dialog = document.getElementById("again");
  const field = dialog.querySelector("textarea");
  field.value = prompt;
  dialog.returnValue = "";
  dialog.showModal();
  field.focus();
  return (await closed(dialog)) === "yes" ? field.value.trim() : null;
}
