"""Linear expressions of Pyomo → arrays: coefficients by column, constants apart.

A sum of variables, of numbers times variables and of numbers, as nearly all of ours are, is read
together with all others; sums inside sums, times numbers, are taken apart one by one; Pyomo's own
walker reads the rest.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain, compress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pyomo.core.base.var import ScalarVar, VarData
from pyomo.core.expr.numeric_expr import (
    LinearExpression,
    MonomialTermExpression,
    NegationExpression,
    ProductExpression,
    SumExpression,
)
from pyomo.repn.linear import LinearRepnVisitor
from scipy import sparse

from perequa_models.errors import InternalError

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

OTHER, NUMBER, PRODUCT, VARIABLE = 0, 1, 2, 3
KINDS: defaultdict[type, int] = defaultdict(
    lambda: OTHER,
    {
        float: NUMBER,
        int: NUMBER,
        np.float64: NUMBER,
        MonomialTermExpression: PRODUCT,
        VarData: VARIABLE,
        ScalarVar: VARIABLE,
    },
)
"""What a term is."""

INNER = frozenset({SumExpression, LinearExpression})
FACTORED = frozenset({MonomialTermExpression, ProductExpression})


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearForms:
    """Linear forms, one for each row: ``matrix @ x + constant``.

    Attributes
    ----------
    matrix
        (m, n) by row, each column at most once in a row, no zeros.
    constant
        (m,).
    """

    matrix: sparse.csr_array
    constant: Floats


class Columns:
    """Where each variable stands.

    Variables are told apart by identity: to compare two of them writes an equation.

    Parameters
    ----------
    variables
        Pyomo's data of every variable, in the order of the columns.
    """

    def __init__(self, variables: Sequence[object]) -> None:
        self._variables = tuple(variables)  # an identity is theirs as long as they live
        identities = _identities(self._variables)
        self._order = np.argsort(identities)
        self._sorted = identities[self._order]

    def __len__(self) -> int:
        return len(self._variables)

    def places(self, objects: Sequence[object]) -> Indices:
        """Column of each object, −1 where it is none of the variables."""
        return self.places_of(_identities(objects))

    def places_of(self, identities: NDArray[np.intp]) -> Indices:
        """Column of each object given by its ``id``, −1 where it is none of the variables."""
        near = np.minimum(np.searchsorted(self._sorted, identities), len(self) - 1)
        return np.where(self._sorted[near] == identities, self._order[near], -1)


def _identities(objects: Sequence[object]) -> NDArray[np.intp]:
    return np.fromiter(map(id, objects), dtype=np.intp, count=len(objects))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """Terms of sums: the row each belongs to, and what could be read of it.

    A number has no column (−1) and is marked; a term with neither was not read.
    """

    row: Indices
    column: Indices
    value: Floats
    is_number: NDArray[np.bool_]


def read_linear(expressions: Sequence[Any], columns: Columns) -> LinearForms:
    """Read linear expressions, variables or numbers, one for each row.

    Raises
    ------
    InternalError
        When an expression is not linear, or holds a variable that is none of the columns.
    """
    m = len(expressions)
    terms = _terms(expressions, columns)
    flat = np.ones(m, dtype=np.bool_)
    flat[terms.row[(terms.column < 0) & ~terms.is_number]] = False
    of_flat = flat[terms.row]
    held = np.flatnonzero((terms.column >= 0) & of_flat)
    number = np.flatnonzero(terms.is_number & of_flat)
    constant: Floats = np.bincount(
        terms.row[number], weights=terms.value[number], minlength=m
    ).astype(np.float64)
    entries = [(terms.row[held], terms.column[held], terms.value[held])]
    walker = LinearRepnVisitor({})
    nested: list[_Nested] = []
    for i in np.flatnonzero(~flat).tolist():
        apart = _apart(expressions[i])
        if apart is not None:
            nested.append((i, *apart))
            continue
        form = walker.walk_expression(expressions[i])
        if form.nonlinear is not None:
            message = f"an expression is not linear: {expressions[i]}"
            raise InternalError(message)
        constant[i] = form.constant
        column = columns.places_of(np.fromiter(form.linear, dtype=np.intp))
        if (column < 0).any():
            message = f"an expression holds a variable without a column: {expressions[i]}"
            raise InternalError(message)
        entries.append((np.full(len(column), i), column, np.array([*form.linear.values()])))
    entries.append(_of_nested(nested, expressions, columns, constant))
    row, column, value = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    matrix = sparse.csr_array((value, (row, column)), shape=(m, len(columns)))
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return LinearForms(matrix=matrix, constant=constant)


_Nested = tuple[int, list[Any], list[float], float]
"""Row, variables, their factors, constant."""


def _apart(expression: Any) -> tuple[list[Any], list[float], float] | None:  # noqa: ANN401 - Pyomo's
    """Take sums inside sums apart, numbers in front multiplied; None where something else stands.

    Returns
    -------
    tuple or None
        The variables met, the factor of each, and the constant.
    """
    variables: list[Any] = []
    factors: list[float] = []
    constant = 0.0
    left = [(expression, 1.0)]
    while left:
        node, factor = left.pop()
        kind = node.__class__
        if kind in INNER:
            left.extend([(part, factor) for part in reversed(node.args)])
        elif KINDS[kind] == VARIABLE:
            variables.append(node)
            factors.append(factor)
        elif KINDS[kind] == NUMBER:
            constant += factor * node
        elif kind in FACTORED and KINDS[node.args[0].__class__] == NUMBER:
            number, rest = node.args
            left.append((rest, factor * number))
        elif kind in FACTORED and KINDS[node.args[1].__class__] == NUMBER:
            rest, number = node.args
            left.append((rest, factor * number))
        elif kind is NegationExpression:
            left.append((node.args[0], -factor))
        else:
            return None
    return variables, factors, constant


def _of_nested(
    nested: Sequence[_Nested], expressions: Sequence[Any], columns: Columns, constant: Floats
) -> tuple[Indices, Indices, Floats]:
    """Gather what was taken apart, rows, columns and values; constants go where they belong."""
    row = np.repeat(
        np.array([i for i, *_ in nested], dtype=np.intp), [len(v) for _, v, _, _ in nested]
    )
    column = columns.places([*chain.from_iterable(v for _, v, _, _ in nested)])
    value = np.array([*chain.from_iterable(f for _, _, f, _ in nested)], dtype=np.float64)
    constant[[i for i, *_ in nested]] = [c for *_, c in nested]
    if (column < 0).any():
        i = int(row[np.argmax(column < 0)])
        message = f"an expression holds a variable without a column: {expressions[i]}"
        raise InternalError(message)
    return row, column, value


def _terms(expressions: Sequence[Any], columns: Columns) -> _Terms:
    """Take sums apart; whatever is no sum is taken as one of a single term."""
    parts = [e.args if e.__class__ is LinearExpression else (e,) for e in expressions]
    row = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    terms = list(chain.from_iterable(parts))
    kind = np.fromiter(map(KINDS.__getitem__, map(type, terms)), dtype=np.int8, count=len(terms))
    column, value = np.full(len(terms), -1, dtype=np.intp), np.ones(len(terms))
    at = np.flatnonzero(kind == VARIABLE)
    column[at] = columns.places([terms[k] for k in at.tolist()])
    at = np.flatnonzero(kind == NUMBER)
    value[at] = [terms[k] for k in at.tolist()]
    at = np.flatnonzero(kind == PRODUCT)
    products = [terms[k].args for k in at.tolist()]
    column[at] = columns.places([variable for _, variable in products])
    factors = [factor for factor, _ in products]
    # a factor can be an expression without variables too
    if any(KINDS[c] != NUMBER for c in set(map(type, factors))):
        plain = np.array([KINDS[type(factor)] == NUMBER for factor in factors], dtype=np.bool_)
        column[at[~plain]] = -1
        at, factors = at[plain], list(compress(factors, plain.tolist()))
    value[at] = factors
    return _Terms(row=row, column=column, value=value, is_number=kind == NUMBER)
