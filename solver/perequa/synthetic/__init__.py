"""Scenarios of national size whose establishments do not exist, calibrated on published totals."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from perequa.io.csv_text import write_csv
from perequa.io.yaml_text import write_yaml
from perequa.synthetic.establishments import establishments
from perequa.synthetic.services import services

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


Kind = Literal["establishments", "all-services"]
YEARS = (2025, 2026, 2027, 2028, 2029)
COUNTS: dict[str, int] = {"establishments": 7_500, "all-services": 40_000}
"""How many there are in France, rounded: what is drawn unless another number is asked for."""


def synthetic_files(
    kind: Kind, count: int, seed: int = 1, years: Sequence[int] = YEARS
) -> Mapping[str, bytes]:
    """Draw a scenario whose establishments do not exist.

    Parameters
    ----------
    kind
        Care homes with credits and temporary places, or services of all kinds with money alone.
    count
        How many establishments.
    seed
        The same seed and count give the same bytes.
    years
        Years of the plan.

    Returns
    -------
    mapping
        Content of each file by name: ``scenario.yaml``, its tables, ``SOURCES.md``.
    """
    draw: Callable[[int, Sequence[int], int], Mapping[str, Any]]
    draw = establishments if kind == "establishments" else services
    drawn = {
        name: write_csv(content) if name.endswith(".csv") else write_yaml(content).encode()
        for name, content in draw(count, years, seed).items()
    }
    return drawn | {"SOURCES.md": _sources(kind, count, seed)}


def _sources(kind: Kind, count: int, seed: int) -> bytes:
    """Say that nothing here is real, and what it was drawn around."""
    template = (files("perequa.synthetic") / f"{kind}.md").read_text(encoding="utf-8")
    return template.replace("{count}", str(count)).replace("{seed}", str(seed)).encode()
