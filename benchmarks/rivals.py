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
    from perequa_models.reference.reference import Reference

TOLERANCES = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9}
HAS_LINOPY = find_spec("linopy") is not None


@dataclass(frozen=True)
class Answer:
    """Time and optimum of one solve."""

    seconds: float
    objective: float


@dataclass(frozen=True)
class Problem:
    """The first priority of a scenario, ready for every rival."""

    instance: Instance

    @cached_property
    def reference(self) -> Reference:
        """The allocation by the scenario's own formula."""
        return reference_allocation(self.instance, Problems())

    @cached_property
    def formulation(self) -> Formulation:
        """The Pyomo model, as Perequa writes it."""
        return formulate(self.instance, self.reference)

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
        return weigh(self.instance, self.reference, _no_optimum_alone).weights[0]

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


class PyomoInterface:
    """Pyomo's own HiGHS interface on the same model, its objectives added with their weights."""

    def __init__(self, problem: Problem) -> None:
        made = formulate(problem.instance, problem.reference)
        factor = problem.cost[1]
        parts = zip(problem.weights, made.objectives.values(), strict=True)
        total = sum(float(w) * factor * objective.expr for w, objective in parts if w > 0)
        for objective in made.objectives.values():
            objective.deactivate()
        self._model = made.model
        self._objective = made.model.benchmark_total = pyo.Objective(expr=total)

    def solve(self) -> Answer:
        """Load the model into a new solver (set_instance) and solve."""
        solver = pyo.SolverFactory("highs")
        start = time.perf_counter()
        solver.solve(self._model, options={"threads": 1, **TOLERANCES})
        seconds = time.perf_counter() - start
        return Answer(seconds, float(pyo.value(self._objective)))


class Linopy:
    """The benchmark instances written for linopy: its own arrays, its own matrices, in memory.

    The stock is a variable here, as a linopy user would write it; the optimum is the same.
    """

    def __init__(self, problem: Problem) -> None:
        import pandas as pd  # noqa: PLC0415
        import xarray as xr  # noqa: PLC0415 - comes with linopy, which is optional

        self._problem = problem
        instance = problem.instance
        cells = {
            "territory": [t.code for t in instance.territories],
            "measure": list(instance.measures),
            "year": list(instance.years),
        }

        def over(values: Any, *dims: str) -> Any:  # noqa: ANN401
            return xr.DataArray(values, dims=dims, coords={d: cells[d] for d in dims})

        every = ("territory", "measure", "year")
        gaps = [
            gap_data(instance, instance.scenario.objectives[f"gap_{m}"], "population")
            for m in instance.measures
        ]
        weight = dict(zip(problem.program.objective_names, problem.weights, strict=True))
        factor, last = problem.cost[1], len(instance.years)
        opening = np.broadcast_to(instance.opening_months[None, :, None] / 12.0, instance.shape)
        first = np.arange(last) == 0
        self._cells = [pd.Index(cells[d], name=d) for d in every]
        self._opening = over(instance.cost * opening, *every)
        self._extension = over(instance.cost * (1.0 - opening), *every)
        self._start = over(instance.installed[:, :, None] * first, *every)
        self._people = over(np.stack([g.people for g in gaps], axis=1), *every)
        self._wanted = over(np.stack([g.people * g.target for g in gaps], axis=1), *every)
        self._gap_cost = over(
            [[weight[f"gap_{m}"] * factor / last] * last for m in instance.measures], *every[1:]
        )
        self._worst_cost = over(
            [[weight[f"worst_{m}"] * factor / last] * last for m in instance.measures], *every[1:]
        )
        region = instance.tree.ancestors(instance.level, instance.tree.levels[0])
        codes = [instance.tree.nodes[int(node)].code for node in region]
        self._region = over(codes, "territory").rename("region")
        self._limits = {name: self._limit(name) for name in instance.scenario.rules}

    def _limit(self, rule: str) -> Any:  # noqa: ANN401
        """Limits of a rule, over the keys that its rows have."""
        import pandas as pd  # noqa: PLC0415

        instance = self._problem.instance
        rows = [row for row in instance.rows if row.key.rule == rule]
        table = pd.DataFrame(
            {
                "region": [row.key.territory for row in rows],
                "territory": [row.key.territory for row in rows],
                "measure": [row.key.measure for row in rows],
                "year": [row.key.year for row in rows],
                "limit": [row.limit for row in rows],
            }
        )
        by = instance.scenario.rules[rule].by
        return table.set_index(list(by))["limit"].to_xarray()

    def solve(self) -> Answer:
        """Build the model from arrays and solve it without a file."""
        start = time.perf_counter()
        model = self._model()
        with _silence():
            model.solve(solver_name="highs", io_api="direct", threads=1, **TOLERANCES)
        return Answer(time.perf_counter() - start, float(model.objective.value))

    def _model(self) -> Any:  # noqa: ANN401
        import linopy  # noqa: PLC0415

        territory, measure, year = self._cells
        model = linopy.Model()
        x = model.add_variables(lower=0.0, coords=[territory, measure, year], name="x")
        stock = model.add_variables(coords=[territory, measure, year], name="stock")
        missing = model.add_variables(lower=0.0, coords=[territory, measure, year], name="missing")
        worst = model.add_variables(lower=0.0, coords=[measure, year], name="worst")
        model.add_constraints(
            stock - stock.shift(year=1).fillna(0) - x == self._start, name="stock"
        )
        model.add_constraints(missing + stock >= self._wanted, name="gap")
        model.add_constraints(self._people * worst + stock >= self._wanted, name="worst_gap")
        before = x.shift(year=1).fillna(0)
        credits_ = self._opening * x + self._extension.shift(year=1, fill_value=0.0) * before
        sums = {
            "envelope": lambda: credits_.groupby(self._region).sum().sum("measure"),
            "unfunded": lambda: x.sum("year"),
            "national": lambda: credits_.sum(["territory", "measure"]),
            "floor": lambda: x.sum(["measure", "year"]),
            "yearly_cap": lambda: x.sum("measure"),
        }
        for name, limit in self._limits.items():
            if name == "floor":
                model.add_constraints(sums[name]() >= limit, name=name)
            else:
                model.add_constraints(sums[name]() <= limit, name=name)
        model.add_objective((self._gap_cost * missing).sum() + (self._worst_cost * worst).sum())
        return model


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep linopy's and HiGHS's messages off the terminal, whichever way they are written."""
    logging.getLogger("linopy").setLevel(logging.ERROR)
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a descriptor is needed
            os.dup2(nowhere.fileno(), 1)
            yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
