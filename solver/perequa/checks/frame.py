"""What tables are read against: levels, measures, years; taken even from a faulty scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Names a table may use.

    Attributes
    ----------
    levels
        Levels of territories from the top; empty when the scenario states none.
    decide_at
        The level that decides, empty when the scenario does not say.
    measures
        Names of measures, sorted: the order of the columns' second axis.
    years
        Years of the plan: the order of the third axis.
    """

    levels: tuple[str, ...]
    decide_at: str
    measures: tuple[str, ...]
    years: tuple[int, ...]

    @classmethod
    def of(cls, data: dict[Any, Any]) -> Frame:
        """Take the names from merged data that may still be wrong elsewhere."""
        territories = data.get("territories")
        levels = territories.get("levels") if isinstance(territories, dict) else None
        measures = data.get("measures")
        years = data.get("years")
        decide_at = data.get("decide_at")
        return cls(
            levels=tuple(v for v in _items(levels) if isinstance(v, str)),
            decide_at=decide_at if isinstance(decide_at, str) else "",
            measures=tuple(sorted(m for m in _items(measures) if isinstance(m, str))),
            years=tuple(y for y in _items(years) if isinstance(y, int) and not isinstance(y, bool)),
        )


def _items(value: Any) -> list[Any]:  # noqa: ANN401 - plain data
    return list(value) if isinstance(value, list | dict) else []
