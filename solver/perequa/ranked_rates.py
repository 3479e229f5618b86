"""Rates whose differences an objective adds up, in arrays; and which pairs of them have a row.

The sum of the differences of all pairs is written for one order of the rates, in which it is
linear: a lower bound, exact for every plan that keeps the order. A pair that a plan reverses is
given a row and a column that add what the form of the order leaves out,

    |r_h − r_l| = (r_h − r_l) + 2·max(0, r_l − r_h),

so that with the pairs written the program is still a lower bound everywhere, and exact for every
plan that reverses none of the others. With all pairs written it is exact for every plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa_models.keys import Where

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]
Pairs = tuple[Indices, Indices]

ROUNDING = 1e-13
"""Share of the largest slope below which a slope is what rounding leaves of nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedGroup:
    """The rates of one objective and year.

    Attributes
    ----------
    owner, objective
        Name and position of the objective.
    where
        (n,): the territory and year of each rate.
    forms, constant
        (n, N), (n,): places (or budget) counted are ``forms @ x + constant``, over the columns of
        the program without pairs, natural units.
    people, shares, unit
        (n,), (n,) and a number: the objective is ``unit · Σ v_s v_t |r_s − r_t|`` over pairs, with
        r what is counted ÷ people.
    order
        (n,): positions of the rates, from the lowest up, in the order that is written.
    written
        (n, n): whether the pair of the i-th and the j-th of `order`, i < j, has a row.
    """

    owner: str
    objective: int
    where: tuple[Where, ...]
    forms: sparse.csr_array
    constant: Floats
    people: Floats
    shares: Floats
    unit: float
    order: Indices
    written: Flags

    @property
    def slopes(self) -> Floats:
        """What one place more in each territory costs while the order holds, (n,)."""
        shares = self.shares[self.order]
        below = np.cumsum(shares) - shares
        slope = np.empty(len(shares))
        slope[self.order] = shares * (below - (self.shares.sum() - below - shares))
        slope[np.abs(slope) <= ROUNDING * np.abs(slope).max(initial=0.0)] = 0.0
        found: Floats = self.unit * slope / self.people
        return found

    def distances(self, rates: Floats) -> Floats:
        """How far the j-th of `order` stands above the i-th, in places of the smaller; (n, n)."""
        sorted_rates, people = rates[self.order], self.people[self.order]
        apart = sorted_rates[None, :] - sorted_rates[:, None]
        found: Floats = apart * np.minimum(people[None, :], people[:, None])
        return found

    @property
    def open(self) -> Flags:
        """Pairs without a row, (n, n), each once: i before j in `order`."""
        found: Flags = np.triu(~self.written, 1)
        return found


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """All rates whose differences objectives add up.

    Attributes
    ----------
    groups
        One for each objective and year.
    rows, columns
        How many the program has without pairs; those of the pairs stand behind.
    """

    groups: tuple[RankedGroup, ...]
    rows: int
    columns: int

    @cached_property
    def starts(self) -> Indices:
        """Where the rates of each group begin among all; one more for the end."""
        return np.concatenate([[0], np.cumsum([len(g.where) for g in self.groups])]).astype(np.intp)

    @cached_property
    def forms(self) -> sparse.csr_array:
        """Forms of all groups, one under another."""
        return sparse.vstack([group.forms for group in self.groups], format="csr")

    @cached_property
    def people(self) -> Floats:
        """People of all groups."""
        return np.concatenate([group.people for group in self.groups])

    @cached_property
    def constant(self) -> Floats:
        """Constants of all groups."""
        return np.concatenate([group.constant for group in self.groups])

    @property
    def slopes(self) -> Floats:
        """What one place more costs while the orders hold, all groups."""
        return np.concatenate([group.slopes for group in self.groups])

    @cached_property
    def owners(self) -> Indices:
        """Position of the objective of each rate."""
        return np.repeat([g.objective for g in self.groups], np.diff(self.starts)).astype(np.intp)

    @property
    def complete(self) -> bool:
        """Whether every pair has a row: then the program is exact for every plan."""
        return not any(group.open.any() for group in self.groups)

    @property
    def possible(self) -> int:
        """How many pairs there are."""
        return sum(len(g.where) * (len(g.where) - 1) // 2 for g in self.groups)

    def rates(self, x: Floats) -> list[Floats]:
        """Rates of each group at a plan."""
        found = (self.forms @ x[: self.columns] + self.constant) / self.people
        return np.split(found, self.starts[1:-1])

    def speeds(self, move: Floats) -> list[Floats]:
        """How fast the rates of each group change along a move."""
        return np.split((self.forms @ move[: self.columns]) / self.people, self.starts[1:-1])

    def pairs(self, places: Sequence[Pairs]) -> tuple[sparse.csr_array, Floats, Floats]:
        """State how far the second of each pair stands above the first, in places of the smaller.

        Parameters
        ----------
        places
            For each group, places in its `order` of the first and second of each pair, (q,) both.

        Returns
        -------
        tuple
            (Q, N) and (Q,): the distance is ``forms @ x + constant``; (Q,) what one place of it
            costs twice over, which is what the form of the order leaves out of a reversed pair.
        """
        each = list(zip(self.groups, self.starts[:-1].tolist(), places, strict=True))
        low = np.concatenate([start + g.order[first] for g, start, (first, _) in each])
        high = np.concatenate([start + g.order[second] for g, start, (_, second) in each])
        unit = np.repeat([g.unit for g in self.groups], [len(first) for first, _ in places])
        shares = np.concatenate([group.shares for group in self.groups])
        fewer = np.minimum(self.people[low], self.people[high])
        up, down = fewer / self.people[high], fewer / self.people[low]
        forms = _scaled(self.forms[high], up) - _scaled(self.forms[low], down)
        constant = up * self.constant[high] - down * self.constant[low]
        return forms, constant, 2.0 * unit * shares[low] * shares[high] / fewer


def _scaled(forms: sparse.csr_array, by: Floats) -> sparse.csr_array:
    """Multiply each row."""
    values = forms.data * np.repeat(by, np.diff(forms.indptr))
    return sparse.csr_array((values, forms.indices, forms.indptr), shape=forms.shape)
