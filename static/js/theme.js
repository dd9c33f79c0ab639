// The theme button: changes the page at once and tells the server, which remembers it. Without script the form does it.
import { csrfToken } from "./api.js";

const root = document.documentElement;

function current() {
  const chosen = root.dataset.theme;
  if (chosen === "dark" || chosen === "light") return chosen;
  return matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
}

for (const form of document.querySelectorAll("[data-theme-form]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const theme = current() === "dark" ? "light" : "dark";
    root.dataset.theme = theme;
    const body = new URLSearchParams({ theme, next: "/" });
    // The page is already right; if the server cannot be told, only the next page has the old theme.
    fetch(form.action, { method: "POST", body, headers: { "X-CSRFToken": csrfToken() }, redirect: "manual" }).catch(() => {});
  });
}
