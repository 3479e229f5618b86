"""The same program solved by other ways: bare HiGHS, Pyomo's own interface, linopy.

Each takes its figures ready and returns the seconds spent and the optimum, in the scaled objective
of the first priority, so that all optima can be compared.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo
from highspy._core import _Highs

from perequa.compilation import compile_program
from perequa.engine.scaling import scale
from perequa.engine.session import Session, SolverOptions
from perequa.weighting import weigh
from perequa_models.formulation import formulate
from perequa_models.objectives.data import gap_data
from perequa_models.problems import Problems
from perequa_models.reference.allocation import reference_allocation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.compilation import CompiledProgram
    from perequa.engine.scaling import ScaledProgram
    from perequa_models.formulation import Formulation
    from perequa_models.instance import Instance

TOLERANCES = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9}
HAS_LINOPY = find_spec("linopy") is not None


@dataclass(frozen=True)
class Answer:
    """Time and optimum of one solve; iterations where HiGHS says them."""

    seconds: float
    objective: float


@dataclass(frozen=True)
class Problem:
    """The first priority of a scenario, ready for every rival."""

    instance: Instance

    @cached_property
    def formulation(self) -> Formulation:
        """The Pyomo model, as Perequa writes it."""
        return formulate(self.instance, reference_allocation(self.instance, Problems()))

    @cached_property
    def program(self) -> CompiledProgram:
        """The compiled arrays, natural units."""
        return compile_program(self.formulation)

    @cached_property
    def scaled(self) -> ScaledProgram:
        """The compiled arrays in the units in which Perequa hands them to HiGHS."""
        return scale(self.program)

    @cached_property
    def weights(self) -> np.ndarray[Any, Any]:
        """Weight of each objective at the first priority, (K,)."""
        reference = reference_allocation(self.instance, Problems())
        return weigh(self.instance, reference, _no_optimum_alone).weights[0]

    @cached_property
    def cost(self) -> tuple[np.ndarray[Any, Any], float]:
        """Scaled cost of the first priority and the factor it was multiplied by."""
        return self.scaled.cost(self.weights @ self.program.costs)

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Rows, columns and non-zeros of the program."""
        m, n = self.program.matrix.shape
        return {
            "decisions": int(np.prod(self.instance.shape)),
            "rows": m,
            "rule_rows": int(self.program.is_rule.sum()),
            "columns": n,
            "nonzeros": int(self.program.matrix.nnz),
        }


def _no_optimum_alone(k: int) -> float:
    message = f"objective {k} is normalised by its range, which a benchmark instance never states"
    raise ValueError(message)


def bare_highs(problem: Problem) -> Answer:
    """Hand the compiled arrays to a new HiGHS and run it from cold."""
    scaled, (cost, _) = problem.scaled, problem.cost
    m, n = scaled.matrix.shape
    start = time.perf_counter()
    highs = _Highs()
    for name, value in {"output_flag": False, "threads": 1, **TOLERANCES}.items():
        highs.setOptionValue(name, value)
    highs.passModel(
        n,
        m,
        scaled.matrix.nnz,
        1,
        1,
        0.0,
        cost,
        scaled.column_lower,
        scaled.column_upper,
        scaled.row_lower,
        scaled.row_upper,
        scaled.matrix.indptr.astype(np.int32),
        scaled.matrix.indices.astype(np.int32),
        scaled.matrix.data,
        np.zeros(n, dtype=np.int32),
    )
    highs.run()
    seconds = time.perf_counter() - start
    return Answer(seconds, highs.getInfo().objective_function_value)


def first_solve(problem: Problem) -> Answer:
    """Perequa's own way from the Pyomo model to its optimum: compile, pass, solve."""
    formulation, weights = problem.formulation, problem.weights
    start = time.perf_counter()
    program = compile_program(formulation)
    scaled = scale(program)
    session = Session(
        scaled.matrix,
        scaled.row_lower,
        scaled.row_upper,
        scaled.column_lower,
        scaled.column_upper,
        SolverOptions(),
    )
    session.set_cost(scaled.cost(weights @ program.costs)[0])
    outcome = session.solve()
    return Answer(time.perf_counter() - start, outcome.objective)


@dataclass(frozen=True)
class PyomoRival:
    """Pyomo's own HiGHS interface on Perequa's model, its objectives added with their weights."""

    model: Any
    objective: Any

    @classmethod
    def of(cls, problem: Problem) -> PyomoRival:
        """Write the model afresh, with one objective."""
        made = formulate(problem.instance, problem.formulation_reference())
        return cls._with_one_objective(made, problem)

    @classmethod
    def _with_one_objective(cls, made: Formulation, problem: Problem) -> PyomoRival:
        factor = problem.cost[1]
        parts = zip(problem.weights, made.objectives.values(), strict=True)
        total = sum(float(w) * factor * objective.expr for w, objective in parts if w > 0)
        for objective in made.objectives.values():
            objective.deactivate()
        made.model.benchmark_total = pyo.Objective(expr=total)
        return cls(made.model, made.model.benchmark_total)

    def solve(self) -> Answer:
        """Load the model into a new solver and solve."""
        solver = pyo.SolverFactory("highs")
        start = time.perf_counter()
        solver.solve(self.model, options={"threads": 1, **TOLERANCES})
        return Answer(time.perf_counter() - start, float(pyo.value(self.objective)))
