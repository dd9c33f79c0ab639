// The gallery: a click opens the full-size view among the pictures on this page.
import { Viewer } from "./viewer.js";
import { toast } from "./dom.js";

const images = JSON.parse(document.getElementById("pictures").textContent);

const viewer = new Viewer(document.getElementById("view"), (image) => {
  const known = images.findIndex((other) => other.id === image.id);
  if (known < 0) {
    toast("It is being painted again. Reload to see it here.");
    return;
  }
  for (const other of images) {
    const same = other.turn === image.turn && other.image_type === image.image_type && other.subject_key === image.subject_key;
    if (same) other.is_selected = other.id === image.id;
  }
});

document.getElementById("wall")?.addEventListener("click", (event) => {
  const tile = event.target.closest("[data-image]");
  if (!tile || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  viewer.open(images, Number(tile.dataset.image));
});

// Arrow keys go from picture to picture on the wall too.
document.addEventListener("keydown", (event) => {
  const tile = event.target.closest?.(".tile");
  if (!tile || (event.key !== "ArrowRight" && event.key !== "ArrowLeft")) return;
  const neighbour = event.key === "ArrowRight" ? tile.parentElement.nextElementSibling : tile.parentElement.previousElementSibling;
  neighbour?.querySelector(".tile")?.focus();
});

for (const choice of document.querySelectorAll("[data-submits]")) {
  choice.addEventListener("change", () => choice.form.requestSubmit());
}
