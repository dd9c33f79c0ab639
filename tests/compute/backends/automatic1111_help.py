"""What the tests of the AUTOMATIC1111 family share: a fake with its backend, and one picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from compute.backends.automatic1111 import Automatic1111Backend
from compute.backends.base import BackendError, ImageResult
from tests.compute.backends.watching import RecordingWatch, image_request, settings
from tests.fakes.automatic1111 import FakeAutomatic1111

DIALECTS = ("a1111", "a1111-nowebui", "a1111-1.8", "forge", "sdnext", "sdcpp", "koboldcpp", "drawthings")
WITH_PROGRESS = DIALECTS[:5]
WITHOUT_PROGRESS = DIALECTS[5:]
Start = Callable[..., tuple[FakeAutomatic1111, Automatic1111Backend]]


@contextmanager
def starting(**always: Any) -> Iterator[Start]:
    """start(dialect, [checkpoints], **fake options, settings={…}) → a running fake and a backend for it."""
    with ExitStack() as stack:

        def make(dialect: str = "a1111", *checkpoints: Any, **given: Any) -> Any:
            changes = given.pop("settings", {})
            fake = stack.enter_context(FakeAutomatic1111(dialect, *checkpoints, **{**always, **given}))
            backend = Automatic1111Backend(settings("automatic1111", fake.url, **changes))
            stack.callback(backend.close)
            return fake, backend

        yield make


def paint(backend: Automatic1111Backend, **changes: Any) -> ImageResult:
    return backend.generate_image(image_request(**changes), RecordingWatch())


def refused(backend: Automatic1111Backend, **changes: Any) -> BackendError:
    with pytest.raises(BackendError) as caught:
        paint(backend, **changes)
    return caught.value
