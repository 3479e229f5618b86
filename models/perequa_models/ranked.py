"""Rates of which an objective adds up the differences, two by two, whatever their order.

In one order a sum of absolute differences is linear: each rate less those below it. Another order
has another such form, and the sum is the greatest of them all. What the program is given is the
form of one order, and the means to correct it where a plan changes that order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perequa_models.instance import Floats
    from perequa_models.keys import Where


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedRates:
    """The rates of one year, whose differences cost ``unit · Σ v_s v_t |r_s − r_t|`` over pairs.

    Attributes
    ----------
    owner
        Name of the objective.
    where
        (n,): the territory and year of each rate.
    counted
        (n,): places (or budget) counted in each, expressions of the model's variables.
    people
        (n,): what `counted` is divided by.
    shares
        (n,): v, adding up to one.
    before
        (n,): the rates with no decision taken, whose order is taken first.
    unit
        What a pair of shares v_s·v_t at a distance of one rate costs.
    """

    owner: str
    where: tuple[Where, ...]
    counted: tuple[Any, ...]
    people: Floats
    shares: Floats
    before: Floats
    unit: float
