"""Samples into percentiles, percentiles into a table and a file."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "latest.json"


@dataclass(frozen=True)
class Row:
    """One line of the table. aim_ms is for the 95th percentile, None where the issue names none."""

    name: str
    samples: int
    p50_ms: float
    p95_ms: float
    aim_ms: float | None

    @property
    def verdict(self) -> str:
        return "" if self.aim_ms is None else ("ok" if self.p95_ms <= self.aim_ms else "over")


def row(name: str, samples_s: list[float], aim_ms: float | None = None) -> Row:
    """Percentiles by nearest rank."""
    ordered = sorted(samples_s)

    def rank(share: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)

    return Row(name, len(ordered), rank(0.5), rank(0.95), aim_ms)


def show(rows: list[Row]) -> None:
    """Print the table and keep it in bench/results/latest.json."""
    width = max(len(one.name) for one in rows)
    print(f"{'':{width}}  samples   p50 ms   p95 ms   aim")
    for one in rows:
        aim = "" if one.aim_ms is None else f"≤ {one.aim_ms:g}"
        print(f"{one.name:{width}}  {one.samples:7d}  {one.p50_ms:7.1f}  {one.p95_ms:7.1f}   {aim:6} {one.verdict}")
    RESULTS.parent.mkdir(exist_ok=True)
    data = {"machine": platform.platform(), "rows": [{**asdict(one), "verdict": one.verdict} for one in rows]}
    RESULTS.write_text(json.dumps(data, indent=1) + "\n")
