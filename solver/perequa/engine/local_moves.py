"""Moves of one limit by the entries they have, where the inverse of the basis is written out.

The same moves as `basis_moves.py` and `cone_walk.py` find, at the first priority: there each looks
at every row and column of the program; here at those alone that the limit touches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perequa.engine.basis_moves import FREE_MOVE, BasisMove
from perequa.engine.cone_walk import BEYOND, CANCELS, MOST, NOTHING
from perequa.engine.factored_basis import SAFE
from perequa.engine.inverse_basis import gathered
from perequa.engine.tangent_cone import SAME
from perequa.engine.vectors import Entries
from perequa.engine.vertex import reach

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perequa.engine.factored_basis import FactoredBasis
    from perequa.engine.inverse_basis import InverseBasis
    from perequa.engine.vertex import Flags, Floats, Indices, Vertex


SMALLEST = 1e-12
"""Size below which a multiplier, or a change of one, is rounding."""


class LocalMove(NamedTuple):
    """The cheapest move of a limit by one unit, how far it holds, and where its dual is another."""

    reach: float
    columns: Indices
    values: Floats
    dual: Entries


class LocalRay(NamedTuple):
    """Multipliers that prove that a limit cannot move."""

    multipliers: Entries


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """The vertex as a walk reads it; columns stand before logicals, as in `FactoredBasis`.

    Attributes
    ----------
    vertex, inverse, basic
        The vertex, the inverse of its basis, who is basic by place.
    low, high
        (n + m,) which bounds are active. These and `basic` are read one at a time: lists.
    reduced, rises, falls
        (n + m,) reduced costs; who, not basic, may leave its own bound upwards or downwards.
    """

    vertex: Vertex
    inverse: InverseBasis
    basic: list[int]
    reduced: Floats
    low: list[bool]
    high: list[bool]
    rises: Flags
    falls: Flags

    @property
    def first_row(self) -> int:
        """Number of the logical of row 0."""
        return len(self.vertex.x)


class LocalMoves:
    """The moves of single limits around a vertex.

    Parameters
    ----------
    vertex, basis, inverse
        The optimal vertex, its basis and the inverse of it.
    """

    def __init__(self, vertex: Vertex, basis: FactoredBasis, inverse: InverseBasis) -> None:
        scaled, y = vertex.scaled, vertex.duals[0]
        low = np.concatenate([vertex.column_low, vertex.low])
        high = np.concatenate([vertex.column_high, vertex.high])
        reduced = np.concatenate([vertex.costs[0] - scaled.matrix.T @ y, y])
        rises, falls = ~high, ~low
        reduced[basis.basic] = 0.0
        rises[basis.basic] = falls[basis.basic] = False
        self._basis = basis
        self._around = _Around(
            vertex=vertex,
            inverse=inverse,
            basic=basis.basic.tolist(),
            reduced=reduced,
            low=low.tolist(),
            high=high.tolist(),
            rises=rises,
            falls=falls,
        )

    def along_basis(self, rows: Sequence[int]) -> Iterator[BasisMove]:
        """Yield the moves of non-basic rows that the basis allows, on either side."""
        vertex, basic = self._around.vertex, self._basis.basic
        scaled = vertex.scaled
        at = np.concatenate([vertex.x, vertex.activity])[basic]
        above = np.concatenate([scaled.column_upper, scaled.row_upper])[basic] - at
        below = at - np.concatenate([scaled.column_lower, scaled.row_lower])[basic]
        moves = self._around.inverse.by_limit[:, rows]
        place, rate = moves.indices, moves.data
        which = np.repeat(np.arange(len(rows)), np.diff(moves.indptr))
        largest = np.ones(len(rows))
        np.maximum.at(largest, which, np.abs(rate))
        felt = np.flatnonzero(np.abs(rate) > 1e-10 * largest[which])
        far = {}
        for sign in (1, -1):
            room = np.where(sign * rate[felt] > 0, above[place[felt]], below[place[felt]])
            far[sign] = np.full(len(rows), np.inf)
            np.minimum.at(far[sign], which[felt], np.maximum(0.0, room / np.abs(rate[felt])))
        own = place < len(self._basis.columns)
        for k, row in enumerate(rows):
            part = slice(moves.indptr[k], moves.indptr[k + 1])
            columns = self._basis.columns[place[part][own[part]]]
            values = rate[part][own[part]]
            for sign in (1, -1):
                if far[sign][k] > FREE_MOVE:
                    yield BasisMove(row, sign, float(far[sign][k]), columns, sign * values)

    def cheapest(self, row: int, sign: int) -> LocalMove | LocalRay | None:
        """Move the limit of one row by one unit at the least cost.

        Returns
        -------
        LocalMove, LocalRay or None
            The move; the proof that there is none; None where the way would be long or unsafe.
        """
        return _Walk(self._around, row, sign).run()


class _Change(NamedTuple):
    """A column that entered the basis: at which place, its pivot, how the others answered."""

    place: int
    pivot: float
    rates: Mapping[int, float]


class _Walk:
    """One limit moved by one: who answers, the changes of basis, and what they did to the dual."""

    def __init__(self, around: _Around, row: int, sign: int) -> None:
        self._around, self._row, self._sign = around, row, sign
        answer = around.inverse.answer(row)
        self._x = dict(zip(answer.places.tolist(), (sign * answer.values).tolist(), strict=True))
        self._changes: list[_Change] = []
        self._basic: dict[int, int] = {}
        self._reduced: dict[int, float] = {}
        self._free: dict[int, tuple[bool, bool]] = {}

    def run(self) -> LocalMove | LocalRay | None:
        """Bring back whoever is pushed beyond an active bound, until nobody is."""
        for _ in range(MOST):
            place = self._pushed()
            if place is None:
                return self._measured()
            pi = self._multipliers(place)
            who = self._cheapest(pi, above=self._x[place] > 0)
            if who is None:
                return self._ray(pi, place)
            if not self._enter(place, *who):
                return None
        return None

    def _at(self, place: int) -> int:
        return self._basic.get(place, self._around.basic[place])

    def _pushed(self) -> int | None:
        """Return who is pushed furthest beyond an active bound; None where nobody is."""
        low, high = self._around.low, self._around.high
        largest = max(map(abs, self._x.values()), default=0.0)
        furthest, where = 0.0, None
        for place, moved in self._x.items():
            size = abs(moved)
            if size > furthest and (low if moved < 0 else high)[self._at(place)]:
                furthest, where = size, place
        return where if furthest > BEYOND * max(1.0, largest) else None

    def _multipliers(self, place: int) -> Entries:
        """Multipliers of the rows that pick one place out of the basis as it stands."""
        left = {place: 1.0}
        for change in reversed(self._changes):
            rest = sum(change.rates.get(q, 0.0) * value for q, value in left.items())
            left[change.place] = (left.get(change.place, 0.0) - rest) / change.pivot
        return gathered(self._around.inverse.by_place, _entries(left))

    def _row_of(self, pi: Entries) -> Entries:
        """Product of multipliers with every column and every logical they touch."""
        columns = gathered(self._around.vertex.rows, pi)
        return Entries(
            np.concatenate([columns.places, self._around.first_row + pi.places]),
            np.concatenate([columns.values, -pi.values]),
        )

    def _cheapest(self, pi: Entries, *, above: bool) -> tuple[int, Entries] | None:
        """Return who brings the one pushed back at the least price, and the row that says so."""
        around, row = self._around, self._row_of(pi)
        helps = row.values if above else -row.values
        rises, falls = around.rises[row.places], around.falls[row.places]
        reduced = around.reduced[row.places]
        if self._changes:
            for k, who in enumerate(row.places.tolist()):
                reduced[k] = self._reduced.get(who, reduced[k])
                rises[k], falls[k] = self._free.get(who, (rises[k], falls[k]))
        size = np.abs(helps)
        able = np.where(helps > 0, rises, falls)
        able &= size > NOTHING * max(1.0, float(size.max(initial=0.0)))
        places = np.flatnonzero(able)
        if not places.size:
            return None
        ratio = np.abs(reduced[places]) / size[places]
        least = float(ratio.min())
        near = places[ratio <= least * (1 + 1e-12) + 1e-13]
        return int(row.places[near[np.argmax(size[near])]]), row

    def _enter(self, place: int, who: int, row: Entries) -> bool:
        """Let a column take the place of the one pushed; False where that would spoil figures."""
        alpha = self._written(who)
        pivot = alpha.pop(place, 0.0)
        picked = float(row.values[np.flatnonzero(row.places == who)[0]])
        largest = max((abs(rate) for rate in alpha.values()), default=0.0)
        if not abs(pivot) > SAFE * max(largest, abs(pivot)) or (
            abs(pivot - picked) > 1e-7 * abs(pivot)
        ):
            return False
        leaving = self._at(place)
        self._price_out(row, who, leaving, pivot)
        taken = self._x[place] / pivot
        for q, rate in alpha.items():
            self._x[q] = self._x.get(q, 0.0) - taken * rate
        self._x[place] = taken
        self._changes.append(_Change(place, pivot, alpha))
        self._basic[place] = who
        self._free[who] = (False, False)
        self._free[leaving] = (not self._around.high[leaving], not self._around.low[leaving])
        return True

    def _price_out(self, row: Entries, who: int, leaving: int, pivot: float) -> None:
        """Take the entering column's price off every reduced cost of the row."""
        own = self._around.reduced
        times = self._reduced.get(who, float(own[who])) / pivot
        for other, value in zip(row.places.tolist(), row.values.tolist(), strict=True):
            less = times * value
            left = self._reduced.get(other, float(own[other])) - less
            # what cancels leaves nothing, not rounding
            self._reduced[other] = 0.0 if abs(left) <= CANCELS * abs(less) else left
        self._reduced[who] = 0.0
        self._reduced[leaving] = -times

    def _written(self, who: int) -> dict[int, float]:
        """Write a column, or a logical, in the basis as it stands, by place."""
        around, n = self._around, self._around.first_row
        if who >= n:
            own = around.inverse.answer(who - n)
            found = dict(zip(own.places.tolist(), (-own.values).tolist(), strict=True))
        else:
            matrix = around.vertex.scaled.matrix
            part = slice(matrix.indptr[who], matrix.indptr[who + 1])
            column = Entries(matrix.indices[part], matrix.data[part])
            answers = gathered(around.inverse.by_limit, column)
            found = dict(zip(answers.places.tolist(), answers.values.tolist(), strict=True))
        for change in self._changes:
            by = found.get(change.place, 0.0) / change.pivot
            if by:
                for q, rate in change.rates.items():
                    found[q] = found.get(q, 0.0) - by * rate
                found[change.place] = by
        return found

    def _measured(self) -> LocalMove | None:
        """Measure the move, and make sure that its dual has its price."""
        around, vertex = self._around, self._around.vertex
        n, scaled = around.first_row, vertex.scaled
        moved = {self._at(place): value for place, value in self._x.items() if value}
        largest = max((abs(v) for who, v in moved.items() if who < n), default=0.0)
        small = 1e-11 * max(1.0, largest)
        kept = _entries({w: v for w, v in moved.items() if w < n and abs(v) >= small})
        dual = self._dual()
        terms = vertex.costs[0][kept.places] * kept.values
        here = np.flatnonzero(dual.places == self._row)
        y = dual.values[here[0]] if here.size else vertex.duals[0][self._row]
        price = self._sign * float(y)
        allowed = SAME * abs(price) + 1e-12 * float(np.abs(terms).sum())
        if abs(float(terms.sum()) - price) > allowed:
            return None
        rates = gathered(scaled.matrix, kept)
        felt = rates.values - np.where(rates.places == self._row, float(self._sign), 0.0)
        rows, columns = rates.places, kept.places
        # what is active moves with the cone: only the others bound the reach
        far = min(
            reach(
                felt,
                vertex.activity[rows],
                np.where(vertex.low[rows], -np.inf, scaled.row_lower[rows]),
                np.where(vertex.high[rows], np.inf, scaled.row_upper[rows]),
            ),
            reach(
                kept.values,
                vertex.x[columns],
                np.where(vertex.column_low[columns], -np.inf, scaled.column_lower[columns]),
                np.where(vertex.column_high[columns], np.inf, scaled.column_upper[columns]),
            ),
        )
        return LocalMove(far, columns, kept.values, dual)

    def _dual(self) -> Entries:
        """Where the dual is no longer that of the vertex."""
        n, own = self._around.first_row, self._around.reduced
        changed = {
            who - n: value if abs(value) >= SMALLEST else 0.0
            for who, value in self._reduced.items()
            if who >= n and abs(value - own[who]) > SMALLEST * max(1.0, abs(own[who]))
        }
        return _entries(changed)

    def _ray(self, pi: Entries, place: int) -> LocalRay | None:
        """Make the multipliers of one whom nobody brings back prove that; None if they do not."""
        vertex = self._around.vertex
        ray = Entries(pi.places, pi.values / self._x[place])
        here = np.flatnonzero(ray.places == self._row)
        if not here.size or ray.values[here[0]] == 0.0:
            return None
        own = ray.values[here[0]]
        values = ray.values * (1.0 if self._sign * own > 0 else -1.0) / abs(own)
        kept = np.flatnonzero(np.abs(values) >= 1e-11)
        ray = Entries(ray.places[kept], values[kept])
        pull = gathered(vertex.rows, ray)
        size = 1e-9 * max(1.0, float(np.abs(ray.values).max()))
        wrong = (
            ((ray.values > size) & ~vertex.low[ray.places]).any()
            or ((ray.values < -size) & ~vertex.high[ray.places]).any()
            or ((pull.values > size * 100) & ~vertex.column_high[pull.places]).any()
            or ((pull.values < -size * 100) & ~vertex.column_low[pull.places]).any()
        )
        return None if wrong else LocalRay(ray)


def _entries(values: Mapping[int, float]) -> Entries:
    """Lay out a vector in the order of its places."""
    places = np.array(sorted(values), dtype=np.intp)
    return Entries(places, np.array([values[k] for k in places.tolist()], dtype=np.float64))
