"""How a scenario uses columns: as figures, as words, as quantities that add up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from perequa_models.derive import FORMULAS

STOCKS = ("installed", "base", "carried", "closed")
"""Columns of quantities that the program reads by name (scenario reference, section 2)."""
WORDS_OF_FORMULAS = frozenset({"alzheimer", "tariff", "pharmacy", "overseas"})
YES_NO = ("alzheimer", "data_received", "overrun_justified", "overseas", "pharmacy")
"""Columns of establishments that say yes or no (scenario reference, section 8)."""
SECTIONS = (
    *("envelopes", "measures", "conversions", "campaign", "rules", "objectives"),
    *("tie_break", "reference"),
)
"""Sections that name columns as they are."""
_SIGNED = frozenset({"rate", "basis", "mix", "lines"})
"""Where a column may hold negative figures: rates, keys, and transfers of a campaign."""


@dataclass(slots=True)
class Uses:
    """Columns by use.

    Attributes
    ----------
    figures
        Columns whose every stated cell must be a number.
    positive
        Those of them where a negative figure is wrong.
    quantities
        Those that add up in the tree: populations and what the objectives count.
    """

    figures: set[str] = field(default_factory=set)
    positive: set[str] = field(default_factory=set)
    quantities: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, data: dict[Any, Any]) -> Uses:
        """Gather the uses from merged data that may still be wrong elsewhere."""
        uses = cls()
        uses.quantities.update(STOCKS)
        for section in SECTIONS:
            uses._walk(data.get(section), (section,))
        for indicator in _mappings(data.get("indicators")):
            for key in ("population", "counts"):
                if isinstance(indicator.get(key), str):
                    uses.quantities.add(indicator[key])
        for derive in _mappings(data.get("derive")):
            uses._derived(derive)
        uses.figures |= uses.quantities
        uses.positive |= uses.quantities
        return uses

    def _walk(self, value: Any, path: tuple[Any, ...]) -> None:  # noqa: ANN401 - plain data
        if isinstance(value, list):
            for item in value:
                self._walk(item, path)
        elif isinstance(value, dict):
            if isinstance(value.get("column"), str):
                self._column(value, path)
            for key, item in value.items():
                self._walk(item, (*path, key))

    def _column(self, value: dict[Any, Any], path: tuple[Any, ...]) -> None:
        if "equals" in value or path[-1] in {"by", "exceptions"}:
            return  # words
        self.figures.add(value["column"])
        # a limit moved by `plus` is checked once computed
        if not _SIGNED & set(path) and "plus" not in value:
            self.positive.add(value["column"])
        if path[-1] == "need":
            self.quantities.add(value["column"])

    def _derived(self, derive: dict[Any, Any]) -> None:
        renamed = derive.get("from")
        for argument, column in (renamed if isinstance(renamed, dict) else {}).items():
            if argument not in WORDS_OF_FORMULAS and isinstance(column, str):
                self.figures.add(column)
        otherwise = derive.get("otherwise")
        if isinstance(otherwise, dict) and isinstance(otherwise.get("column"), str):
            self.figures.add(otherwise["column"])
        formula = FORMULAS.get(str(derive.get("formula")))
        if formula is not None:
            named = renamed if isinstance(renamed, dict) else {}
            self.figures |= set(formula.arguments) - WORDS_OF_FORMULAS - set(named)


def _mappings(section: Any) -> list[dict[Any, Any]]:  # noqa: ANN401 - plain data
    values = section.values() if isinstance(section, dict) else ()
    return [value for value in values if isinstance(value, dict)]
