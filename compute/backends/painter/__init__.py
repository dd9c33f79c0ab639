"""The built-in painter: sketches from a prompt's words, drawn as SVG, with no model and no GPU."""

from compute.backends.painter.backend import MODEL, SERVER, PainterBackend

__all__ = ["MODEL", "SERVER", "PainterBackend"]
