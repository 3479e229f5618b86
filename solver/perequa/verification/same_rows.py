"""Which rule rows other rule rows already state, found again from ``program.npz``.

Forms are compared as mappings from column to coefficient, held columns moved to the limit.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perequa.verification.folder import Program

FORM, LIMIT = 1e-12, 1e-9
"""Relative differences within which coefficients, and limits, are the same."""
UPPER, LOWER = "upper", "lower"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A rule row over the columns that may move."""

    position: int
    rule: str
    terms: dict[int, float]
    limits: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holders:
    """What states a row already: the rows, in which way, and how all of them move with its limit.

    `move` is the rate of each row when the row's own limit moves by one; empty when it has none.
    """

    rows: tuple[int, ...]
    how: str
    move: dict[int, float] = field(default_factory=dict)


def holders_of(program: Program) -> dict[int, Holders]:
    """Find what holds each rule row that does not stand alone, by position."""
    forms = list(_forms(program))
    found: dict[int, Holders] = {}
    for same in _alike(forms):
        found |= _within(same)
    for i, holders in _sums(forms).items():
        if i not in found or (found[i].how == "looser" and holders.how == "sum"):
            found[i] = holders
    return found


def _forms(program: Program) -> Iterator[Form]:
    still = program.least == program.most
    for i in np.flatnonzero(program.is_rule).tolist():
        index, value = program.matrix.row(i)
        entries = list(zip(index.tolist(), value.tolist(), strict=True))
        terms = {j: a for j, a in entries if not still[j] and a != 0}
        taken = math.fsum(a * float(program.least[j]) for j, a in entries if still[j])
        bounds = {UPPER: float(program.upper[i]), LOWER: float(program.lower[i])}
        limits = {side: bound - taken for side, bound in bounds.items() if math.isfinite(bound)}
        if terms:
            rule = program.row_ids[i].split("/")[0]
            yield Form(position=i, rule=rule, terms=terms, limits=limits)


def _alike(forms: Iterable[Form]) -> Iterator[list[tuple[Form, float]]]:
    """Yield the rows that are multiples of one another, each with its factor to the first."""
    by_columns: dict[frozenset[int], list[list[tuple[Form, float]]]] = defaultdict(list)
    for form in forms:
        shapes = by_columns[frozenset(form.terms)]
        for shape in shapes:
            factor = _factor(form.terms, shape[0][0].terms)
            if factor is not None:
                shape.append((form, factor))
                break
        else:
            shapes.append([(form, 1.0)])
    yield from (shape for shapes in by_columns.values() for shape in shapes if len(shape) > 1)


def _factor(terms: dict[int, float], of: dict[int, float]) -> float | None:
    """Return how many times one form is another on the columns of the first; None when it is not.

    Only a factor above 0 counts.
    """
    largest = max(terms, key=lambda j: abs(of[j]))
    factor = terms[largest] / of[largest]
    if factor <= 0:
        return None
    size = FORM * factor * abs(of[largest])
    return factor if all(abs(a - factor * of[j]) <= size for j, a in terms.items()) else None


def _within(same: list[tuple[Form, float]]) -> dict[int, Holders]:
    found: dict[int, Holders] = {}
    tied: list[set[int]] = []
    for side, least in ((UPPER, min), (LOWER, max)):
        limits = {f.position: f.limits[side] / k for f, k in same if side in f.limits}
        if len(limits) < 2:
            continue
        tightest = least(limits.values())
        room = LIMIT * max(1.0, abs(tightest))
        tight = sorted(i for i, limit in limits.items() if abs(limit - tightest) <= room)
        tied.append(set(tight) if len(tight) > 1 else set())
        for i in limits.keys() - set(tight):
            found[i] = Holders(rows=tuple(tight), how="looser")
    if len(tied) == 2 and tied[0] & tied[1]:
        tied = [tied[0] | tied[1]]
    factor = {form.position: k for form, k in same}
    for group in tied:
        for i in group:
            move = {j: factor[j] / factor[i] for j in group}
            found[i] = Holders(rows=tuple(sorted(group - {i})), how="identical", move=move)
    return found


def _sums(forms: list[Form]) -> dict[int, Holders]:
    """Find the rows that the rows of one other rule add up to; the tightest such rule."""
    best: dict[int, tuple[float, Holders]] = {}
    for side in (UPPER, LOWER):
        stated = [form for form in forms if side in form.limits]
        for rule in sorted({form.rule for form in stated}):
            part_of = _disjoint([form for form in stated if form.rule == rule])
            if part_of is None:
                continue
            for whole in stated:
                if whole.rule == rule:
                    continue
                found = _as_sum(whole, part_of, side)
                if found is None:
                    continue
                slack, holders = found
                known = best.get(whole.position)
                room = LIMIT * max(1.0, abs(whole.limits[side]))
                if known is None or slack > known[0] + room:
                    best[whole.position] = (slack, holders)
    return {i: holders for i, (_, holders) in best.items()}


def _disjoint(parts: list[Form]) -> dict[int, Form] | None:
    part_of: dict[int, Form] = {}
    for part in parts:
        if not part_of.keys().isdisjoint(part.terms):
            return None
        part_of |= dict.fromkeys(part.terms, part)
    return part_of if len(parts) > 1 else None


def _as_sum(whole: Form, part_of: dict[int, Form], side: str) -> tuple[float, Holders] | None:
    """Return how much tighter the parts are together, and what they are; None if no such sum."""
    parts: dict[int, Form] = {}
    for j in whole.terms:
        part = part_of.get(j)
        # a part that sticks out is no part; nor is one that is all of it
        if part is None or len(part.terms) >= len(whole.terms):
            return None
        parts[part.position] = part
    if sum(len(part.terms) for part in parts.values()) != len(whole.terms):
        return None
    added: dict[int, tuple[float, float]] = {}
    for i, part in parts.items():
        scale = _factor(part.terms, whole.terms)
        if scale is None:
            return None
        added[i] = (scale, part.limits[side] / scale)
    total = math.fsum(share for _, share in added.values())
    limit = whole.limits[side]
    slack = (limit - total) * (1 if side == UPPER else -1)
    room = LIMIT * max(1.0, abs(limit))
    if slack < -room:
        return None
    rows = tuple(sorted(parts))
    if slack > room:
        return slack, Holders(rows=rows, how="looser_sum")
    move: dict[int, float] = {}
    if total > 0 and all(share >= 0 for _, share in added.values()):
        move = {i: scale * share / total for i, (scale, share) in added.items()}
        move[whole.position] = 1.0
    return slack, Holders(rows=rows, how="sum", move=move)
