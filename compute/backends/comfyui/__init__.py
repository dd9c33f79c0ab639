"""ComfyUI: a graph built by us is queued over HTTP, watched over its websocket and fetched from its history."""

from compute.backends.comfyui.backend import ComfyUIBackend

__all__ = ["ComfyUIBackend"]
