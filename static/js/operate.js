// The operator's page looks again every three seconds while somebody sees it.
const EVERY_MS = 3000;
const LIMIT_MS = 8000;
const panel = document.getElementById("operate-panel");

async function look() {
  // While a button there has the focus or a list is open, the page must not change under the hand.
  const inUse = panel.contains(document.activeElement) || panel.querySelector("details[open]");
  if (document.visibilityState === "visible" && !inUse) {
    try {
      const response = await fetch(panel.dataset.from, { credentials: "same-origin", signal: AbortSignal.timeout(LIMIT_MS) });
      if (!response.ok) throw new Error(String(response.status));
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
      panel.replaceChildren(...fresh.body.children);
      panel.classList.remove("stale");
    } catch {
      panel.classList.add("stale"); // what is shown is old; the next look may mend it
    }
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
