"""From an `api_type` to a backend. A new kind is one module and one line here."""

from __future__ import annotations

from importlib import import_module

from compute.backends.base import Backend, BackendSettings

BACKENDS = {
    "comfyui": "compute.backends.comfyui:ComfyUIBackend",
    "automatic1111": "compute.backends.automatic1111:Automatic1111Backend",
    "openai": "compute.backends.openai:OpenAIBackend",
    "painter": "compute.backends.painter:PainterBackend",
}


def build_backend(settings: BackendSettings) -> Backend:
    """Build the client for one server. Nothing is sent yet. Raises KeyError for an unknown api_type."""
    module, _, name = BACKENDS[settings.api_type].partition(":")
    backend: Backend = getattr(import_module(module), name)(settings)
    return backend
