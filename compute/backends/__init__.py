"""Clients for the programs that paint and write: one file (or package) for each kind, no Django.

`base` holds the protocol every backend keeps and the only error it raises; `registry` builds one from an
`api_type`. The same code is used by LUNA's runners and by a contributor's `compute.node`.

    from compute.backends import ComfyUIAdapter, Automatic1111Adapter        (see compute.backends.adapters)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compute.backends.adapters import Automatic1111Adapter, ComfyUIAdapter

__all__ = ["Automatic1111Adapter", "ComfyUIAdapter"]


def __getattr__(name: str) -> Any:
    """The adapters are loaded when somebody asks for them: most users of this package never do."""
    if name in __all__:
        from compute.backends import adapters

        return getattr(adapters, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
