// Calls to LUNA's own API with the page's session.

const LIMIT_MS = 30_000;

/** What the API refused, or that it could not be reached (status 0). message is a sentence for a person. */
export class ApiError extends Error {
  constructor(status, code, detail, fields = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

export function csrfToken() {
  const cookie = document.cookie.split("; ").find((item) => item.startsWith("csrftoken="));
  return cookie ? cookie.slice("csrftoken=".length) : document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

/** A key that makes a repeated request harmless. Plain http on a LAN has no crypto.randomUUID. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Sends JSON and gives the JSON answer, or null for an empty one. Raises ApiError; waits LIMIT_MS at most. */
export async function call(method, path, body = undefined, { key = null } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      signal: AbortSignal.timeout(LIMIT_MS),
    });
  } catch (error) {
    const slow = error.name === "TimeoutError";
    throw new ApiError(0, slow ? "timed_out" : "unreachable", slow ? "LUNA did not answer in time." : "LUNA cannot be reached just now.");
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  const plain = response.status >= 500 ? "LUNA made a mistake. Its log says more." : `LUNA refused this (${response.status}).`;
  throw new ApiError(response.status, answer?.code ?? "unknown", sentenceOf(answer) ?? plain, answer?.fields ?? {});
}

function sentenceOf(answer) {
  if (typeof answer?.detail !== "string") return null;
  const fields = Object.values(answer.fields ?? {}).flat().filter((text) => typeof text === "string");
  return fields.length && !fields.includes(answer.detail) ? `${answer.detail} ${fields.join(" ")}` : answer.detail;
}

export const api = {
  story: (id) => `/api/v1/stories/${encodeURIComponent(id)}/`,
  turn: (id) => `/api/v1/turns/${id}/`,
  image: (id) => `/api/v1/images/${id}/`,
};
