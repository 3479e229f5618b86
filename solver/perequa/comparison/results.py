"""Equity, objectives and prices side by side."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa.comparison.figures import EQUITY as MEASURES
from perequa.comparison.shapley import SAME
from perequa.comparison.shares import unit_of
from perequa.interpret.tables import Table, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perequa.comparison.sides import Side

BESIDE = ("value", "first", "difference", "status")
EQUITY = ("indicator", "level", "territory", "year", "moment", "quantity", "unit")
OBJECTIVES = ("objective", "quantity", "priority", "unit")
ROW = ("row", "rule", "kind", "level", "territory", "territory_name", "measure", "year")
PRICES = (*ROW, "side", "priority", "quantity", "unit", "objective", "objective_unit")
PRICED = ("limit", "effect_of_one_more", "effect_of_one_less")

Key = tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One figure of one side.

    Attributes
    ----------
    more
        Cells that describe it without identifying it.
    basis
        What it is counted in: figures of another basis are not subtracted.
    definition
        How it is defined: figures of another definition are subtracted, and it is told.
    value
        The figure; None when the side has none.
    """

    more: tuple[Value, ...]
    value: Value
    basis: str = ""
    definition: str = ""


def equity_table(sides: Sequence[Side]) -> Table:
    """One line per scenario, indicator, level, year, moment and measure of equity.

    An indicator that counts other places or other people is told (``other_definition``).
    """
    return _beside(EQUITY, sides, _equity)


def objectives_table(sides: Sequence[Side]) -> Table:
    """One line per scenario, objective and quantity."""
    return _beside(OBJECTIVES, sides, _objectives)


def prices_table(sides: Sequence[Side]) -> Table:
    """One line per scenario, rule row, priority and quantity; rows missing in one are told."""
    return _beside(PRICES, sides, _prices)


def _beside(
    columns: tuple[str, ...], sides: Sequence[Side], entries: Callable[[Side], dict[Key, Entry]]
) -> Table:
    """Set every side's figures beside those of the first."""
    rows: list[tuple[Value, ...]] = []
    first: dict[Key, Entry] = {}
    for position, side in enumerate(sides):
        own = entries(side)
        if position == 0:
            first = own
        for key in dict.fromkeys([*first, *own]):
            entry, known = own.get(key), first.get(key)
            shown = entry or known
            assert shown is not None
            compared = ("first",) if position == 0 else _compared(entry, known)
            value = entry.value if entry else None
            before = known.value if known else None
            difference = compared[1] if len(compared) > 1 else None
            told = (value, before, difference, compared[0])
            rows.append((side.name, *key, *shown.more, *told))
    return Table(("scenario", *columns, *BESIDE), tuple(rows))


def _compared(entry: Entry | None, known: Entry | None) -> tuple[str, Value]:
    """Say how a figure compares with the first's, and their difference where it means something.

    Returns
    -------
    str, float or None
        ``same``, ``changed``, ``only_here``, ``absent``, ``other_basis`` or ``other_definition``.
    """
    if entry is None or known is None:
        return ("only_here" if known is None else "absent"), None
    if entry.basis != known.basis:
        return "other_basis", None
    one, other = known.value, entry.value
    if not isinstance(one, float | int) or not isinstance(other, float | int):
        return ("same" if one == other else "changed"), None
    difference = 0.0 if one == other else other - one
    near = abs(difference) <= SAME * max(1.0, min(abs(one), abs(other)))
    word = "same" if near else "changed"
    if entry.definition != known.definition:
        word = "other_definition"
    return word, difference if math.isfinite(difference) else None


def _equity(side: Side) -> dict[Key, Entry]:
    found: dict[Key, Entry] = {}
    for row in side.tables["equity"].records():
        definition = _definition(side, str(row["indicator"]))
        for quantity in MEASURES:
            where = (row["indicator"], row["level"], "", row["year"], row["moment"], quantity)
            unit = (unit_of(quantity, ""),)
            found[where] = Entry(more=unit, definition=definition, value=row[quantity])
    return found


def _definition(side: Side, indicator: str) -> str:
    if side.raw is None:
        return ""
    stated = side.raw.data.get("indicators", {}).get(indicator, {})
    said = {key: value for key, value in stated.items() if key not in {"title", "target"}}
    return json.dumps(said, sort_keys=True)


def _objectives(side: Side) -> dict[Key, Entry]:
    found: dict[Key, Entry] = {}
    for row in side.tables["objectives"].records():
        for quantity in ("value", "initial_value", "optimum_alone", "weight"):
            unit = "" if quantity == "weight" else str(row["unit"])
            where = (row["objective"], quantity)
            found[where] = Entry(more=(row["priority"], unit), basis=unit, value=row[quantity])
    return found


def _prices(side: Side) -> dict[Key, Entry]:
    if "shadow_prices" not in side.tables:
        return {}
    return dict(_priced(side))


def _priced(side: Side) -> Iterator[tuple[Key, Entry]]:
    for row in side.tables["shadow_prices"].records():
        more = (row["unit"], row["objective"], row["objective_unit"])
        for quantity in PRICED:
            where = (*(row[name] for name in ROW), row["side"], row["priority"], quantity)
            counted = row["unit"] if quantity == "limit" else row["objective_unit"]
            yield where, Entry(more=more, basis=str(counted), value=row[quantity])
