"""What a ComfyUI server of a given version can do. A version that cannot be read counts as very old."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBERS = re.compile(r"^v?(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True, order=True)
class ComfyVersion:
    """A version as numbers; (0, 0, 0) stands for "not said", as servers before 0.2.0 do."""

    major: int = 0
    minor: int = 0
    patch: int = 0

    @classmethod
    def parse(cls, text: object) -> ComfyVersion:
        """Read `0.3.64`, `v0.27.1`, `0.3.7-12-gabcdef`; anything else is (0, 0, 0)."""
        found = _NUMBERS.match(text.strip()) if isinstance(text, str) else None
        return cls(*(int(part or 0) for part in found.groups())) if found else cls()

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}" if self.known else "of unknown version"

    @property
    def known(self) -> bool:
        return self != ComfyVersion()

    @property
    def takes_prompt_id(self) -> bool:
        """The client's own prompt_id is used (0.3.45)."""
        return self >= ComfyVersion(0, 3, 45)

    @property
    def interrupts_by_id(self) -> bool:
        """POST /interrupt minds prompt_id (0.3.57). Older servers stop whatever runs, anybody's."""
        return self >= ComfyVersion(0, 3, 57)

    @property
    def takes_preview_method(self) -> bool:
        """extra_data.preview_method is minded (0.5.0)."""
        return self >= ComfyVersion(0, 5, 0)

    @property
    def cancels_jobs(self) -> bool:
        """POST /api/jobs/{id}/cancel exists (0.26.0)."""
        return self >= ComfyVersion(0, 26, 0)
