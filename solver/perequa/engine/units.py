"""Limits typed in another unit: millions or thousands where units are meant.

A limit is suspected when a tenfold change is not enough and a thousandfold or millionfold one
makes a plan possible with no other change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa_models.keys import RowKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.infeasibility import Clashes, Conflict

FACTORS = (1e3, 1e6)
ENOUGH = 10.0
"""A limit that a change of this size mends is no typing error, only too tight."""


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
    program: CompiledProgram, conflicts: Sequence[Conflict], clashes: Clashes
) -> tuple[UnitSlip, ...]:
    """Find the limits of clashing rows that look typed in another unit.

    Causes that share no row with the limits tried are set aside: each cause may have its own.
    A rule several of whose rows clash is tried as a whole before its rows.
    """
    slips: list[UnitSlip] = []
    for whole, rows in _candidates(program, conflicts):
        found = _slip(program, conflicts, clashes, whole) if len(whole) > 1 else None
        if found is not None:
            slips.append(found)
            continue
        alone = (_slip(program, conflicts, clashes, (row,)) for row in rows)
        slips.extend(slip for slip in alone if slip is not None)
    return tuple(slips)


def _candidates(
    program: CompiledProgram, conflicts: Sequence[Conflict]
) -> Iterator[tuple[tuple[int, ...], list[int]]]:
    """Yield, for each rule and side that clashes, its rows to try together and those to try alone.

    Rows are tried together only when several of them clash.
    """
    clashing = sorted({i for conflict in conflicts for i in conflict.rows})
    of: dict[tuple[str, str], list[int]] = {}
    for i, key in enumerate(program.row_keys):
        if isinstance(key, RowKey) and program.row_limit[i] != 0.0:
            of.setdefault((key.rule, key.side), []).append(i)
    for rows in of.values():
        mine = [i for i in clashing if i in set(rows)]
        if mine:
            yield tuple(rows) if len(mine) > 1 else (), mine


def _slip(
    program: CompiledProgram,
    conflicts: Sequence[Conflict],
    clashes: Clashes,
    rows: tuple[int, ...],
) -> UnitSlip | None:
    apart = {i for c in conflicts if not set(rows) & set(c.rows) for i in c.rows}
    found: list[float] = []
    upward = bool(np.isfinite(program.row_upper[list(rows)]).all())
    downward = bool(np.isfinite(program.row_lower[list(rows)]).all())
    for may, way in ((upward, 1), (downward, -1)):
        if may and not _enough(program, clashes, apart, rows, ENOUGH**way):
            tried = (factor**way for factor in FACTORS)
            found += [f for f in tried if _enough(program, clashes, apart, rows, f)]
    return UnitSlip(rows=rows, factors=tuple(found)) if found else None


def _enough(
    program: CompiledProgram,
    clashes: Clashes,
    apart: set[int],
    rows: tuple[int, ...],
    factor: float,
) -> bool:
    """Whether a plan exists once the limits of some rows are multiplied."""
    moves = {i: float(program.row_limit[i]) * (factor - 1.0) for i in rows}
    return clashes.has_plan_with(moves, left_out=apart)
