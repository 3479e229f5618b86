"""Limits typed in another unit: millions or thousands where units are meant.

A limit is suspected when a tenfold change is not enough and a thousandfold or millionfold one
makes a plan possible with no other change. Several may be: an envelope a thousand times too small
cannot be told from floors a thousand times too large, but a floor under the cost of one place is
none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa_models.keys import RowKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.infeasibility import ClashFinder, Conflict

FACTORS = (1e3, 1e6)
ENOUGH = 10.0
"""A limit that a change of this size mends is no typing error, only too tight."""

MOST_ALONE = 20
"""Clashing rows of a rule up to which each is tried by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSlip:
    """Limits that look typed in another unit.

    Attributes
    ----------
    rows
        One row, or every row of one side of a rule.
    factors
        What the limits are to be multiplied by, each alone making a plan possible.
    """

    rows: tuple[int, ...]
    factors: tuple[float, ...]


def unit_slips(
    program: CompiledProgram, conflicts: Sequence[Conflict], clashes: ClashFinder
) -> tuple[UnitSlip, ...]:
    """Find the limits of clashing rows that look typed in another unit.

    Causes that share no row with the limits tried are set aside: each cause may have its own. A
    rule is suspected as a whole unless one row of it is enough.
    """
    slips: list[UnitSlip] = []
    for whole, clashing in _candidates(program, conflicts):
        # where more of them clash, one row alone is not what is wrong
        few = clashing if len(clashing) <= MOST_ALONE else []
        tried = (_slip(program, conflicts, clashes, (row,)) for row in few)
        alone = [slip for slip in tried if slip is not None]
        together = None
        if len(alone) != 1 and len(whole) > 1:
            together = _slip(program, conflicts, clashes, whole)
        slips.extend(alone if together is None else [together])
    return tuple(slips)


def _candidates(
    program: CompiledProgram, conflicts: Sequence[Conflict]
) -> Iterator[tuple[tuple[int, ...], list[int]]]:
    """Yield the rows of each rule and side that clashes, and those among them that do.

    A limit of zero is zero in every unit.
    """
    rows_of: dict[tuple[str, str], list[int]] = {}
    for i, key in enumerate(program.row_keys):
        if isinstance(key, RowKey) and program.row_limit[i] != 0.0:
            rows_of.setdefault((key.rule, key.side), []).append(i)
    clashing = {i for conflict in conflicts for i in conflict.rows}
    for rows in rows_of.values():
        mine = [i for i in rows if i in clashing]
        if mine:
            yield tuple(rows), mine


def _slip(
    program: CompiledProgram,
    conflicts: Sequence[Conflict],
    clashes: ClashFinder,
    rows: tuple[int, ...],
) -> UnitSlip | None:
    apart = {i for c in conflicts if not set(rows) & set(c.rows) for i in c.rows}
    found: list[float] = []
    upward = bool(np.isfinite(program.row_upper[list(rows)]).all())
    downward = bool(np.isfinite(program.row_lower[list(rows)]).all())
    for may, way in ((upward, 1), (downward, -1)):
        if may and not _enough(program, clashes, apart, rows, ENOUGH**way):
            tried = [factor**way for factor in FACTORS]
            tried = [f for f in tried if way > 0 or _means_something(program, rows, f)]
            found += [f for f in tried if _enough(program, clashes, apart, rows, f)]
    return UnitSlip(rows=rows, factors=tuple(found)) if found else None


def _means_something(program: CompiledProgram, rows: tuple[int, ...], factor: float) -> bool:
    """Whether limits divided so still let one place (or one unit of money) through."""
    pointer, data = program.matrix.indptr, np.abs(program.matrix.data)
    return all(
        abs(program.row_limit[i]) * factor >= data[pointer[i] : pointer[i + 1]].min(initial=np.inf)
        for i in rows
    )


def _enough(
    program: CompiledProgram,
    clashes: ClashFinder,
    apart: set[int],
    rows: tuple[int, ...],
    factor: float,
) -> bool:
    """Whether a plan exists once the limits of some rows are multiplied."""
    moves = {i: float(program.row_limit[i]) * (factor - 1.0) for i in rows}
    return clashes.has_plan_with(moves, left_out=apart)
