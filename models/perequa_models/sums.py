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

NUMBERS = frozenset({float, int, np.float64})
TERMS = NUMBERS | {MonomialTermExpression, ScalarVar, VarData}


def total(parts: Iterable[Any]) -> Any:  # noqa: ANN401 - Pyomo is untyped
    """Add up figures, variables and sums of them.

    Returns
    -------
    expression or number
        A number where no variable is among the parts.
    """
    given = list(parts)
    terms: list[Any] = []
    for part in given:
        kind = part.__class__
        if kind is LinearExpression:
            terms += part.args
        elif kind in TERMS:
            terms.append(part)
        else:
            # something else than a plain sum: Pyomo knows what to make of it
            return pyo.quicksum(given)
    if all(term.__class__ in NUMBERS for term in terms):
        return sum(terms)
    return LinearExpression(terms)
