"""Sums written flat, as one list of terms.

Pyomo's own ``+`` and ``quicksum`` look at both sides of every addition. Most of a program is sums
of decisions, of numbers times decisions and of numbers: laid one after another they are the same
expression, written in less time and read back at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.base.var import ScalarVar, VarData
from pyomo.core.expr.numeric_expr import LinearExpression, MonomialTermExpression

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Values = NDArray[Any]

NUMBERS = frozenset({float, int, np.float64})
VARIABLES = frozenset({MonomialTermExpression, ScalarVar, VarData})


def total(parts: Iterable[Any]) -> Any:  # noqa: ANN401 - Pyomo is untyped
    """Add up figures, variables and sums of them.

    Returns
    -------
    expression or number
        A number where no variable is among the parts; the only part itself, where it is not
        nought.
    """
    given = list(parts)
    terms: list[Any] = []
    for part in given:
        kind = part.__class__
        if kind is LinearExpression:
            terms += part.args
        elif kind in VARIABLES or (kind in NUMBERS and part):
            terms.append(part)
        elif kind not in NUMBERS:
            # something else than a plain sum: Pyomo knows what to make of it
            return pyo.quicksum(given)
    if len(terms) == 1:
        return terms[0]
    for term in terms:
        if term.__class__ not in NUMBERS:
            return LinearExpression(terms)
    return sum(terms)


def added(*arrays: Values) -> Values:
    """Add up arrays of figures, variables and sums of them, place by place, as one list each."""
    laid = np.broadcast_arrays(*arrays)
    sums = np.empty(laid[0].shape, dtype=object)
    sums.ravel()[:] = [
        total(parts) for parts in zip(*(array.ravel().tolist() for array in laid), strict=True)
    ]
    return sums
