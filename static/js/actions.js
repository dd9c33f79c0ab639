// What can be done with a picture: paint it again, choose it. Each tells the person if it could not be done.
import { api, call, newKey } from "./api.js";
import { askPrompt } from "./dialogs.js";
import { toast } from "./dom.js";

/** Paints again with the same prompt, or with a new one if it differs. Gives the new picture, or null. */
export async function regenerate(image, newPrompt = null) {
  const body = newPrompt && newPrompt !== image.prompt ? { new_prompt: newPrompt } : {};
  try {
    return await call("POST", `${api.image(image.id)}regenerate/`, body, { key: newKey() });
  } catch (error) {
    toast(`It is not painted again: ${error.message}`, { wrong: true });
    return null;
  }
}

/** The same, after asking for the prompt. */
export async function paintAgain(image) {
  const prompt = await askPrompt(image.prompt ?? "");
  return prompt === null ? null : regenerate(image, prompt);
}

/** Makes this variant the chosen one. Gives the picture as it is now, or null. */
export async function choose(image) {
  try {
    return await call("POST", `${api.image(image.id)}select/`);
  } catch (error) {
    toast(`Your choice was not kept: ${error.message}`, { wrong: true });
    return null;
  }
}
