"""Rule rows that another row, or a sum of rows, already states: told before prices are read.

Two rows have the same form when one is a positive multiple of the other. Of those that bound the
same form on the same side, the tightest hold and the others never bind; where two are as tight,
moving one alone changes nothing on the side that loosens. A row is a sum when the rows of one
other rule cover its cells, each cell once and in its proportions: their limits add up to one on it.

Nothing is solved here: forms and limits are compared as they stand in the program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.compilation import CompiledProgram

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]

How = Literal["identical", "looser", "sum", "looser_sum"]

SAME_FORM = 1e-12
"""Relative difference within which two coefficients are the same."""
SAME_LIMIT = 1e-9
"""Relative difference within which two limits are the same: the one within which a row binds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBy:
    """What already states a row.

    Attributes
    ----------
    rows
        Rows that say the same, or that hold it.
    how
        ``identical``: each says the same; ``looser``: each is the same form with a tighter limit;
        ``sum``: together they add up to the same; ``looser_sum``: to a tighter limit.
    group
        Rate of every row of the group, this one included, when this row's own limit moves by one
        and what they say moves with it; empty where the row has slack to the others (`looser`), or
        where no share of the move is theirs by their limits.
    """

    rows: tuple[int, ...]
    how: How
    group: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Forms:
    """Rows of the rules as forms over the columns that may move.

    Attributes
    ----------
    matrix
        (m, n), without the columns that are held.
    lower, upper
        (m,): bounds once those are moved to their side.
    rows
        Rule rows that hold at least one column.
    """

    matrix: sparse.csr_array
    lower: Floats
    upper: Floats
    rows: Indices

    def form(self, i: int) -> tuple[Indices, Floats]:
        """Columns and coefficients of a row."""
        part = slice(self.matrix.indptr[i], self.matrix.indptr[i + 1])
        return self.matrix.indices[part], self.matrix.data[part]


def rows_held_by_others(program: CompiledProgram) -> dict[int, HeldBy]:
    """Find the rule rows that other rule rows already state.

    Returns
    -------
    dict
        What holds each such row, by position; a row that stands alone is left out.
    """
    forms = _forms(program)
    held: dict[int, HeldBy] = {}
    for rows, factors in _same_forms(forms):
        held |= _among_same(forms, rows, factors)
    for i, by in _sums(program, forms):
        known = held.get(i)
        tighter = known is None or (known.how, by.how) == ("looser", "sum")
        if tighter:
            held[i] = by
    return dict(sorted(held.items()))


def _forms(program: CompiledProgram) -> _Forms:
    still = program.column_lower == program.column_upper
    at = np.where(still, program.column_lower, 0.0)
    moved = program.matrix @ at
    matrix = sparse.csr_array(program.matrix @ sparse.diags_array(np.where(still, 0.0, 1.0)))
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return _Forms(
        matrix=matrix,
        lower=program.row_lower - moved,
        upper=program.row_upper - moved,
        rows=np.flatnonzero(program.is_rule & (np.diff(matrix.indptr) > 0)),
    )


def _same_forms(forms: _Forms) -> Iterator[tuple[list[int], Floats]]:
    """Yield the rows of each form that several rows have, with their factors to the first."""
    known: dict[bytes, list[tuple[Floats, list[int], list[float]]]] = {}
    for i in _maybe_repeated(forms).tolist():
        columns, values = forms.form(i)
        shapes = known.setdefault(columns.tobytes(), [])
        size = float(np.abs(values).max())
        shape = values / size
        for seen, rows, factors in shapes:
            if np.abs(shape - seen).max() <= SAME_FORM:
                rows.append(i)
                factors.append(size)
                break
        else:
            shapes.append((shape, [i], [size]))
    for shapes in known.values():
        for _, rows, factors in shapes:
            if len(rows) > 1:
                yield rows, np.array(factors) / factors[0]


def _maybe_repeated(forms: _Forms) -> Indices:
    """Rows whose columns may be those of another row: few, found at once by a sum of marks."""
    marks = np.random.default_rng(0).integers(0, 2**62, forms.matrix.shape[1], dtype=np.uint64)
    starts = forms.matrix.indptr[forms.rows]
    ends = forms.matrix.indptr[forms.rows + 1]
    total = np.concatenate([[np.uint64(0)], np.cumsum(marks[forms.matrix.indices])])
    sums = total[ends] - total[starts]
    _, place, count = np.unique(sums, return_inverse=True, return_counts=True)
    kept: Indices = forms.rows[count[place] > 1]
    return kept


def _among_same(forms: _Forms, rows: list[int], factors: Floats) -> dict[int, HeldBy]:
    """Say which rows of one form hold which."""
    held: dict[int, HeldBy] = {}
    together: list[set[int]] = []
    # an upper limit read upside down is a lower one: the least holds on either side
    for bound in (forms.upper[rows] / factors, -forms.lower[rows] / factors):
        stated = np.flatnonzero(np.isfinite(bound))
        if len(stated) < 2:
            continue
        least = float(bound[stated].min())
        near = np.abs(bound[stated] - least) <= SAME_LIMIT * max(1.0, abs(least))
        tight = [rows[k] for k in stated[near]]
        if len(tight) > 1:
            together.append(set(tight))
        for k in stated[~near].tolist():
            held[rows[k]] = HeldBy(rows=tuple(tight), how="looser", group=())
    if len(together) == 2 and together[0] & together[1]:
        # a row that states both sides ties what the others say on either
        together = [together[0] | together[1]]
    factor = dict(zip(rows, factors.tolist(), strict=True))
    for tied in together:
        for i in tied:
            group = tuple((j, factor[j] / factor[i]) for j in sorted(tied))
            others = tuple(j for j in sorted(tied) if j != i)
            held[i] = HeldBy(rows=others, how="identical", group=group)
    return held


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sum:
    """A row as a sum of parts: what each part's limit adds on it, and how its own form scales."""

    parts: Indices
    shares: Floats
    scales: Floats

    @property
    def limit(self) -> float:
        """Limit that the parts state on the row together."""
        return float(self.shares.sum())


def _sums(program: CompiledProgram, forms: _Forms) -> Iterator[tuple[int, HeldBy]]:
    """Yield the rows that the rows of one other rule add up to, the tightest such rule."""
    named = np.array([getattr(program.row_keys[i], "rule", "") for i in forms.rows.tolist()])
    tightest: dict[int, tuple[float, HeldBy]] = {}
    # an upper limit read upside down is a lower one
    for sign, bound in ((1.0, forms.upper), (-1.0, -forms.lower)):
        finite = np.isfinite(bound[forms.rows])
        stated, rule_of = forms.rows[finite], named[finite]
        for rule in np.unique(rule_of):
            own = rule_of == rule
            laid = _laid(forms, stated[own])
            if laid is None:
                continue
            for i in _covered(forms, stated[~own], laid[0]):
                found = _added_up(forms, i, laid, bound)
                if found is None:
                    continue
                slack = float(bound[i]) - found.limit
                room = SAME_LIMIT * max(1.0, abs(float(bound[i])))
                # the first of those that are as tight but for rounding
                if slack >= -room and (i not in tightest or slack > tightest[i][0] + room):
                    tightest[i] = (slack, _held_by_sum(i, found, sign, exact=slack <= room))
    for i, (_, by) in tightest.items():
        yield i, by


def _laid(forms: _Forms, parts: Indices) -> tuple[Indices, Floats] | None:
    """Lay rows over the columns: which row holds each, and how; None where they overlap."""
    if len(parts) < 2:
        return None
    of_parts = forms.matrix[parts]
    n = of_parts.shape[1]
    if np.bincount(of_parts.indices, minlength=n).max() > 1:
        return None
    owner, value = np.full(n, -1, dtype=np.intp), np.zeros(n)
    owner[of_parts.indices] = np.repeat(parts, np.diff(of_parts.indptr))
    value[of_parts.indices] = of_parts.data
    return owner, value


def _covered(forms: _Forms, rows: Indices, owner: Indices) -> list[int]:
    """Rows made of several parts, each of them whole."""
    within = forms.matrix[rows]
    sizes = np.diff(forms.matrix.indptr)
    row = np.repeat(np.arange(len(rows)), np.diff(within.indptr))
    part = owner[within.indices]
    inside = np.bincount(row[part < 0], minlength=len(rows)) == 0
    pairs = np.unique(row[part >= 0] * len(sizes) + part[part >= 0])
    of_row, of_part = pairs // len(sizes), pairs % len(sizes)
    held = np.bincount(of_row, sizes[of_part], len(rows))
    several = np.bincount(of_row, minlength=len(rows)) > 1
    return [int(i) for i in rows[inside & several & (held == sizes[rows])]]


def _added_up(forms: _Forms, i: int, laid: tuple[Indices, Floats], bound: Floats) -> _Sum | None:
    """Split a row into the rows that cover it; None where one is not in its proportions."""
    columns, values = forms.form(i)
    owner, scale = laid[0][columns], laid[1][columns] / values
    if (scale <= 0).any():
        return None
    parts, first, place = np.unique(owner, return_index=True, return_inverse=True)
    scales = scale[first]
    if (np.abs(scale - scales[place]) > SAME_FORM * scales[place]).any():
        return None
    return _Sum(parts=parts, shares=bound[parts] / scales, scales=scales)


def _held_by_sum(i: int, found: _Sum, sign: float, *, exact: bool) -> HeldBy:
    """Say how a row is held by its parts; they move with it in proportion to their limits."""
    rows = tuple(int(j) for j in found.parts)
    shares = sign * found.shares
    if not exact or (shares < 0).any() or shares.sum() <= 0:
        return HeldBy(rows=rows, how="sum" if exact else "looser_sum", group=())
    rates = (found.scales * shares / shares.sum()).tolist()
    return HeldBy(rows=rows, how="sum", group=((i, 1.0), *zip(rows, rates, strict=True)))
