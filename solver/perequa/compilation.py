"""Formulation → compiled program, and the way back: arrays with the key of every row and column.

Natural units throughout (places and the currency); the engine scales for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pyomo.common.gc_manager import PauseGC
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy import sparse

from perequa_models.errors import InternalError
from perequa_models.keys import AuxiliaryKey, CellKey, RowKey

if TYPE_CHECKING:
    from perequa_models.formulation import Formulation
    from perequa_models.instance import Instance

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledProgram:
    """The linear program of a scenario.

    Attributes
    ----------
    matrix
        (m, n) sparse by row.
    row_keys, column_keys
        Who each row and column is.
    row_lower, row_upper
        (m,): bounds on ``matrix @ x``, constants moved right.
    row_constant, row_limit
        (m,): activity is ``matrix @ x + constant``, to compare with the limit; the limit of an
        auxiliary row is NaN.
    row_is_money, column_is_money
        Whether the row's limit and the column are amounts of money.
    column_lower, column_upper
        (n,).
    objective_names
        Names, in the order of `costs`.
    costs, offsets
        (K, n), (K,): value of objective k is ``costs[k] @ x + offsets[k]``, in its own unit.
    """

    matrix: sparse.csr_array
    row_keys: tuple[RowKey | AuxiliaryKey, ...]
    column_keys: tuple[CellKey | AuxiliaryKey, ...]
    row_lower: Floats
    row_upper: Floats
    row_constant: Floats
    row_limit: Floats
    row_is_money: NDArray[np.bool_]
    column_lower: Floats
    column_upper: Floats
    column_is_money: NDArray[np.bool_]
    objective_names: tuple[str, ...]
    costs: Floats
    offsets: Floats

    @property
    def is_rule(self) -> NDArray[np.bool_]:
        """Whether each row states a rule."""
        return ~np.isnan(self.row_limit)


def compile_program(formulation: Formulation) -> CompiledProgram:
    """Compile a Pyomo model once, in a stable order of rows and columns.

    Raises
    ------
    InternalError
        When Pyomo returns a row or a figure that cannot be.
    """
    with PauseGC():
        return _compiled(formulation)


def _compiled(formulation: Formulation) -> CompiledProgram:
    form = LinearStandardFormCompiler().write(formulation.model, mixed_form=True, set_sense=None)
    columns = {id(data): j for j, (_, data) in enumerate(formulation.columns)}
    order = np.array([columns[id(v)] for v in form.columns], dtype=np.intp)
    rows = {id(data): i for i, (_, data) in enumerate(formulation.rows)}
    if len(form.rows) != len(rows):
        # a ranged constraint would come back as two rows; a constant one as none
        message = f"{len(rows)} rows were written and {len(form.rows)} compiled"
        raise InternalError(message)
    place = np.array([rows[id(r.constraint)] for r in form.rows], dtype=np.intp)
    m, n = len(rows), len(columns)
    compiled = form.A.tocoo()
    matrix = sparse.csr_array(
        (compiled.data, (place[compiled.row], order[compiled.col])), shape=(m, n)
    )
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    rhs = np.empty(m)
    rhs[place] = form.rhs
    sense = np.empty(m, dtype=np.intp)
    sense[place] = [r.bound_type for r in form.rows]
    costs = np.zeros((len(formulation.objectives), n))
    costs[:, order] = form.c.toarray()
    return _checked(formulation, matrix, rhs, sense, costs, np.array(form.c_offset, dtype=float))


def _checked(
    formulation: Formulation,
    matrix: sparse.csr_array,
    rhs: Floats,
    sense: NDArray[np.intp],
    costs: Floats,
    offsets: Floats,
) -> CompiledProgram:
    instance = formulation.instance
    keys = tuple(key for key, _ in formulation.rows)
    limits = {row.key: row for row in instance.rows}
    limit = np.array([limits[k].limit if isinstance(k, RowKey) else np.nan for k in keys])
    money = [isinstance(k, RowKey) and limits[k].unit == "money" for k in keys]
    column_keys = tuple(key for key, _ in formulation.columns)
    for values in (matrix.data, rhs, costs, offsets):
        if not np.isfinite(values).all():
            raise InternalError("the compiled program holds a figure that is not finite")
    return CompiledProgram(
        matrix=matrix,
        row_keys=keys,
        column_keys=column_keys,
        row_lower=_lower(sense, rhs),
        row_upper=_upper(sense, rhs),
        row_constant=np.where(np.isnan(limit), 0.0, limit - rhs),
        row_limit=limit,
        row_is_money=np.array(money, dtype=np.bool_),
        column_lower=np.array([_bound(v.lb, -np.inf) for _, v in formulation.columns]),
        column_upper=np.array([_bound(v.ub, np.inf) for _, v in formulation.columns]),
        column_is_money=_money_columns(instance, column_keys, limits_of_reserves(instance)),
        objective_names=tuple(formulation.objectives),
        costs=costs,
        offsets=offsets,
    )


def _lower(sense: NDArray[np.intp], rhs: Floats) -> Floats:
    """Rows of bound type −1 (≥) and 0 (=) have a lower bound."""
    return np.where(sense <= 0, rhs, -np.inf)


def _upper(sense: NDArray[np.intp], rhs: Floats) -> Floats:
    """Rows of bound type 1 (≤) and 0 (=) have an upper bound."""
    return np.where(sense >= 0, rhs, np.inf)


def _bound(value: float | None, absent: float) -> float:
    return absent if value is None else float(value)


def limits_of_reserves(instance: Instance) -> frozenset[str]:
    """Names of the rules whose held-back amounts are money."""
    return frozenset(row.key.rule for row in instance.rows if row.held and row.unit == "money")


def _money_columns(
    instance: Instance, keys: tuple[CellKey | AuxiliaryKey, ...], reserves: frozenset[str]
) -> NDArray[np.bool_]:
    measures = instance.scenario.measures
    return np.array(
        [
            measures[k.measure].unit == "money"
            if isinstance(k, CellKey)
            else k.owner in reserves and k.role == "held_back"
            for k in keys
        ],
        dtype=np.bool_,
    )
