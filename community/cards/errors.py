"""The one error of this package."""

from __future__ import annotations

from collections.abc import Sequence


class InvalidCard(ValueError):
    """A file or a card that is refused.

    where: the place, e.g. `byte 4213`, `LUNA-Asset-Card`, `generation.steps`. what: a sentence.
    problems: all faults found as `where: what`, at least one.
    """

    def __init__(self, where: str, what: str, problems: Sequence[str] = ()):
        self.where = where
        self.what = what
        self.problems = list(problems) or [f"{where}: {what}"]
        super().__init__("; ".join(self.problems[:10]))
