"""One HiGHS instance behind checked arrays; the only module that imports highspy.

HiGHS does not check what it is given: a short array is read out of bounds, a cost that is not a
number is accepted and reported optimal. Every array is checked here before it goes in, and
nothing is read back unless HiGHS says it is valid.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import highspy
import numpy as np
from highspy._core import _Highs
from numpy.typing import NDArray
from scipy import sparse

from perequa.engine.termination import Termination
from perequa_models.errors import InternalError, NotProven

if TYPE_CHECKING:
    from collections.abc import Sequence


Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]

LONG = 30_000
"""Rows and columns from which a program may run for longer than one waits after Ctrl-C."""
THREAD = "perequa-solving"
"""How the names of threads begin in which a program may still run after Ctrl-C."""
WAIT = 0.2
"""Seconds between two looks at whether somebody has interrupted."""
DEVEX_FROM = 50_000
"""Rows and columns from which the dual simplex weighs rows by Devex.

Steepest edge takes one solve more an iteration and saves few: Devex was 1.1 times as fast on 7 500
care homes, 1.4 times on 10 000 services, and slower by a twentieth below this size.
"""
CHOOSE, DEVEX = -1, 1
"""Weights of the dual simplex: HiGHS's choice, which is steepest edge, or Devex."""
DUAL, PRIMAL = 1, 4
"""Simplex strategies: dual after a change of limits, primal after a change of costs."""

_STATUS: Any = highspy.HighsModelStatus
_MEANING = {
    _STATUS.kOptimal: Termination.OPTIMAL,
    _STATUS.kModelEmpty: Termination.OPTIMAL,
    _STATUS.kInfeasible: Termination.INFEASIBLE,
    _STATUS.kUnbounded: Termination.UNBOUNDED,
    _STATUS.kUnboundedOrInfeasible: Termination.FAILED,
    _STATUS.kTimeLimit: Termination.LIMIT,
    _STATUS.kIterationLimit: Termination.LIMIT,
    _STATUS.kSolutionLimit: Termination.LIMIT,
    _STATUS.kObjectiveBound: Termination.LIMIT,
    _STATUS.kObjectiveTarget: Termination.LIMIT,
    _STATUS.kInterrupt: Termination.INTERRUPTED,
    _STATUS.kHighsInterrupt: Termination.INTERRUPTED,
    _STATUS.kMemoryLimit: Termination.FAILED,
    _STATUS.kNotset: Termination.FAILED,
    _STATUS.kLoadError: Termination.FAILED,
    _STATUS.kModelError: Termination.FAILED,
    _STATUS.kPresolveError: Termination.FAILED,
    _STATUS.kSolveError: Termination.FAILED,
    _STATUS.kPostsolveError: Termination.FAILED,
    _STATUS.kUnknown: Termination.FAILED,
}
"""Every status HiGHS can return has a branch; a test compares this table with the enum."""

AT_LOWER, BASIC, AT_UPPER = (
    int(status)
    for status in (
        highspy.HighsBasisStatus.kLower,
        highspy.HighsBasisStatus.kBasic,
        highspy.HighsBasisStatus.kUpper,
    )
)
"""Codes of a basis in plain arrays."""
_BY_CODE = {int(status): status for status in highspy.HighsBasisStatus.__members__.values()}
_FEASIBLE = int(highspy.SolutionStatus.kSolutionStatusFeasible)
_PLAINEST = {"simplex_strategy": DUAL, "presolve": "off"}
STILL = 1e-7
"""Share of a move below which a limit does not feel it."""
LARGE = 1e6
"""Size of costs from which the simplex method may lose itself; the smallest is of size one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverOptions:
    """How HiGHS works; the table a planner sees does not depend on any of it.

    Attributes
    ----------
    presolve
        Whether HiGHS may simplify the program first.
    seed
        Seed of its perturbations.
    strategy
        Simplex strategy of the first solve: `DUAL` or `PRIMAL`.
    time_limit
        Seconds for each solve.
    tolerance
        How far a plan may stand beyond a limit, in places or thousands of money.
    """

    presolve: bool = True
    seed: int = 0
    strategy: int = DUAL
    time_limit: float = 3600.0
    tolerance: float = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one solve returned; arrays are empty unless `termination` is optimal."""

    termination: Termination
    x: Floats
    y: Floats
    objective: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeOutcome:
    """What one integer solve returned.

    Attributes
    ----------
    termination
        `LIMIT` where nodes ran out; `x` is then the best plan found, empty where none was.
    x, objective
        The plan, its whole columns rounded, and its value as HiGHS gives it.
    bound
        No plan has a lower value, says HiGHS.
    nodes
        Nodes of its search.
    """

    termination: Termination
    x: Floats
    objective: float
    bound: float
    nodes: int


class Session:
    """A linear program held in HiGHS: change costs or limits, solve again from the last basis.

    Parameters
    ----------
    matrix
        (m, n) sparse by column.
    row_lower, row_upper, column_lower, column_upper
        Bounds; infinities where there is none.
    options
        How HiGHS works.
    """

    def __init__(
        self,
        matrix: sparse.csc_array,
        row_lower: Floats,
        row_upper: Floats,
        column_lower: Floats,
        column_upper: Floats,
        options: SolverOptions,
    ) -> None:
        self.m, self.n = matrix.shape
        self._options = options
        self._cost = np.zeros(self.n)
        # the Python class around it prints a banner on stdout before it can be silenced
        self._highs = cast("Any", _Highs())
        for name, value in (
            ("output_flag", False),
            ("threads", 1),
            ("random_seed", options.seed),
            ("presolve", "on" if options.presolve else "off"),
            ("simplex_strategy", options.strategy),
            (
                "simplex_dual_edge_weight_strategy",
                CHOOSE if self.m + self.n < DEVEX_FROM else DEVEX,
            ),
            ("time_limit", options.time_limit),
            ("primal_feasibility_tolerance", options.tolerance),
            ("dual_feasibility_tolerance", 1e-9),
            ("small_matrix_value", 1e-12),
        ):
            self._set(name, value)
        columns = [self._column(v, infinite=True) for v in (column_lower, column_upper)]
        rows = [self._row(v, infinite=True) for v in (row_lower, row_upper)]
        if not np.isfinite(matrix.data).all():
            raise InternalError("a coefficient is not finite")
        status = self._highs.passModel(
            self.n,
            self.m,
            matrix.nnz,
            1,
            1,
            0.0,
            np.zeros(self.n),
            *columns,
            *rows,
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
            np.zeros(self.n, dtype=np.int32),
        )
        self._accepted(status, "the program")

    def set_cost(self, cost: Floats) -> None:
        """Replace the whole objective (minimised); what stays as it is is not handed over."""
        cost = self._column(cost)
        changed = np.flatnonzero(cost != self._cost).astype(np.int32)
        if changed.size:
            status = self._highs.changeColsCost(changed.size, changed, cost[changed])
            self._accepted(status, "an objective")
        self._cost = cost.copy()

    def set_offset(self, offset: float) -> None:
        """Count an amount in every value of the objective."""
        self._accepted(self._highs.changeObjectiveOffset(float(offset)), "an offset")

    def add_columns(
        self, matrix: sparse.csc_array, cost: Floats, lower: Floats, upper: Floats
    ) -> None:
        """Add columns (m, k) behind the others, at their lower bounds; the basis is kept."""
        count = matrix.shape[1]
        if matrix.shape[0] != self.m or not np.isfinite(matrix.data).all():
            raise InternalError("columns were added that do not fit, or are not finite")
        status = self._highs.addCols(
            count,
            _fit(cost, count),
            _fit(lower, count, infinite=True),
            _fit(upper, count, infinite=True),
            matrix.nnz,
            matrix.indptr[:-1].astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
        )
        self._accepted(status, "more columns")
        self._cost = np.append(self._cost, cost)
        self.n += count

    def set_row_bounds(self, rows: Indices, lower: Floats, upper: Floats) -> None:
        """Replace the bounds of some rows."""
        self._bounds(self._highs.changeRowsBounds, rows, lower, upper, self.m)

    def set_column_bounds(self, columns: Indices, lower: Floats, upper: Floats) -> None:
        """Replace the bounds of some columns."""
        self._bounds(self._highs.changeColsBounds, columns, lower, upper, self.n)

    def set_coefficient(self, row: int, column: int, value: float) -> None:
        """Replace one coefficient."""
        self._accepted(self._highs.changeCoeff(row, column, value), "a coefficient")

    def set_row_bound(self, row: int, lower: float, upper: float) -> None:
        """Replace the bounds of one row."""
        self._accepted(self._highs.changeRowBounds(row, lower, upper), "a limit")

    def solve(self, *, strategy: int | None = None, presolve: bool | None = None) -> Outcome:
        """Solve from the present basis, or from scratch where there is none."""
        if strategy is not None:
            self._set("simplex_strategy", strategy)
        if presolve is not None:
            self._set("presolve", "on" if presolve else "off")
        self._run()
        termination = self._ended()
        if termination is Termination.FAILED:
            termination = self._from_scratch()
        nothing = np.zeros(0)
        if termination is not Termination.OPTIMAL:
            return Outcome(termination=termination, x=nothing, y=nothing, objective=np.nan)
        solution = self._highs.getSolution()
        if not (solution.value_valid and solution.dual_valid):
            return Outcome(termination=Termination.FAILED, x=nothing, y=nothing, objective=np.nan)
        return Outcome(
            termination=termination,
            x=np.array(solution.col_value),
            y=np.array(solution.row_dual),
            objective=self._highs.getInfo().objective_function_value,
        )

    def _run(self) -> None:
        """Run HiGHS so that Ctrl-C is heard at once, though it takes no notice of it itself.

        A large program runs in another thread; interrupted, this one stops waiting, and nothing
        reads what that thread still does.
        """
        if self.m + self.n < LONG or threading.current_thread() is not threading.main_thread():
            self._highs.run()
            return
        running = threading.Thread(target=self._highs.run, name=THREAD, daemon=True)
        running.start()
        while running.is_alive():
            # not without a limit: Windows would not hear Ctrl-C while it waits
            running.join(WAIT)

    def _from_scratch(self) -> Termination:
        """Solve again by the plainest way: HiGHS gives up ("Unknown") from some bases.

        Seen with the primal simplex started from the basis of another cost and other bounds.
        """
        before = {name: self._highs.getOptionValue(name)[1] for name in _PLAINEST}
        self._highs.clearSolver()
        for name, value in _PLAINEST.items():
            self._set(name, value)
        self._run()
        if self._ended() is Termination.FAILED:
            self._large_costs_first()
        for name, value in before.items():
            self._set(name, value)
        return self._ended()

    def _ended(self) -> Termination:
        """What HiGHS says of the last run; unbounded only along a move that nothing stops."""
        said = _MEANING[self._highs.getModelStatus()]
        if said is Termination.UNBOUNDED and self._ends_along_its_ray():
            return Termination.FAILED
        return said

    def _ends_along_its_ray(self) -> bool:
        """Whether a limit stops the move that HiGHS says lowers the objective for ever.

        Seen where a plan stands thousands of millions of places from the limit it moves towards.
        """
        ray = self.primal_ray()
        if ray is None or not ray.any():
            return False
        program = self._highs.getLp()
        matrix = sparse.csc_array(
            (program.a_matrix_.value_, program.a_matrix_.index_, program.a_matrix_.start_),
            shape=(self.m, self.n),
        )
        rows = (matrix @ ray, abs(matrix) @ np.abs(ray))
        columns = (ray, np.full(self.n, np.abs(ray).max()))
        return any(
            bool(((move < -STILL * size) & (np.asarray(lower) > -np.inf)).any())
            or bool(((move > STILL * size) & (np.asarray(upper) < np.inf)).any())
            for (move, size), lower, upper in (
                (rows, program.row_lower_, program.row_upper_),
                (columns, program.col_lower_, program.col_upper_),
            )
        )

    def _large_costs_first(self) -> None:
        """Solve for the costs that count most, then from there for all of them.

        The dual simplex fails ("excessive dual values") where weights leave the largest cost ten
        thousand million times the smallest; the primal simplex does not, close to the optimum.
        """
        cost = self._cost
        largest = float(np.abs(cost).max(initial=0.0))
        if largest <= LARGE:
            return
        self._highs.clearSolver()
        self.set_cost(cost * 2.0 ** -np.ceil(np.log2(largest / LARGE)))
        self._run()
        self.set_cost(cost)
        self._set("simplex_strategy", PRIMAL)
        self._run()

    def solve_whole(self, kind: NDArray[np.uint8], *, nodes: int, gap: float) -> IntegerOutcome:
        """Solve with some columns whole, until `gap` is proven or `nodes` were looked at."""
        for name, value in (
            ("time_limit", np.inf),
            ("mip_max_nodes", nodes),
            ("mip_rel_gap", gap),
            ("mip_abs_gap", 0.0),
            ("mip_feasibility_tolerance", self._options.tolerance),
        ):
            self._set(name, value)
        index = np.arange(self.n, dtype=np.int32)
        status = self._highs.changeColsIntegrality(self.n, index, kind)
        self._accepted(status, "whole columns")
        self._highs.run()
        info = self._highs.getInfo()
        return IntegerOutcome(
            termination=_MEANING[self._highs.getModelStatus()],
            x=np.array(self._highs.getSolution().col_value)
            if info.primal_solution_status == _FEASIBLE
            else np.zeros(0),
            bound=float(info.mip_dual_bound),
            nodes=int(info.mip_node_count),
        )

    def basis(self) -> Any:  # noqa: ANN401 - HiGHS's own object, only handed back
        """Copy the present basis."""
        return self._highs.getBasis()

    def basic(self) -> tuple[Flags, Flags]:
        """Which columns (n,) and rows (m,) are basic; faster than the basis itself."""
        _, places = self._highs.getBasicVariables()
        places = np.asarray(places)
        columns, rows = np.zeros(self.n, dtype=np.bool_), np.zeros(self.m, dtype=np.bool_)
        columns[places[places >= 0]] = True
        rows[-places[places < 0] - 1] = True
        return columns, rows

    def set_basis(self, basis: Any) -> None:  # noqa: ANN401
        """Start the next solve from a basis taken earlier."""
        self._accepted(self._highs.setBasis(basis), "a basis")

    def forget_basis(self) -> None:
        """Start the next solve from scratch."""
        self._highs.clearSolver()

    def nonbasic(self) -> tuple[Indices, Indices]:
        """Return the columns and the rows that are not basic.

        Raises
        ------
        NotProven
            When HiGHS has no basis in hand.
        """
        columns, rows = np.ones(self.n, dtype=np.bool_), np.ones(self.m, dtype=np.bool_)
        basic = self._basic_variables()
        columns[basic[basic >= 0]] = False
        rows[-basic[basic < 0] - 1] = False
        return np.flatnonzero(columns), np.flatnonzero(rows)

    def multipliers(self, costs: Floats) -> Floats:
        """Return the multipliers (K, m) of the rows that price the basic columns at each cost.

        Parameters
        ----------
        costs
            (K, n).

        Raises
        ------
        NotProven
            When HiGHS has no basis in hand.
        """
        basic = self._basic_variables()
        own = np.where(basic >= 0, costs[:, np.maximum(basic, 0)], 0.0)
        found = np.zeros((len(costs), self.m))
        for k, cost in enumerate(own):
            status, found[k] = self._highs.getBasisTransposeSolve(cost)[:2]
            self._accepted(status, "a basis to price with")
        return found

    def _basic_variables(self) -> Indices:
        """Basic variables in HiGHS's order: column j as j, row i as −(i + 1)."""
        status, basic = self._highs.getBasicVariables()
        self._accepted(status, "a question about its basis")
        return np.asarray(basic, dtype=np.intp)

    def dual_ray(self) -> Floats | None:
        """Multipliers of the rows that prove infeasibility, shape (m,); None when there is none."""
        status, exists, ray = self._highs.getDualRay()
        if status == highspy.HighsStatus.kError or not exists:
            return None
        return np.array(ray)

    def primal_ray(self) -> Floats | None:
        """Move that improves the objective for ever, shape (n,); None when there is none."""
        status, exists, ray = self._highs.getPrimalRay()
        if status == highspy.HighsStatus.kError or not exists:
            return None
        return np.array(ray)

    def _set(self, name: str, value: object) -> None:
        self._accepted(self._highs.setOptionValue(name, value), f"option {name}")

    def _column(self, values: Floats, *, infinite: bool = False) -> Floats:
        return _fit(values, self.n, infinite=infinite)

    def _row(self, values: Floats, *, infinite: bool = False) -> Floats:
        return _fit(values, self.m, infinite=infinite)

    def _bounds(self, call: Any, which: Indices, lower: Floats, upper: Floats, most: int) -> None:  # noqa: ANN401
        size = len(which)
        if size == 0:
            return
        if which.min() < 0 or which.max() >= most or np.bincount(which).max() > 1:
            raise InternalError("limits were set on rows that do not exist, or twice")
        bounds = [_fit(v, size, infinite=True) for v in (lower, upper)]
        self._accepted(call(size, which.astype(np.int32), *bounds), "limits")

    def _accepted(self, status: highspy.HighsStatus, what: str) -> None:
        if status == highspy.HighsStatus.kError:
            message = f"HiGHS refused {what}"
            raise NotProven(message)


class WholeSession(Session):
    """A program some of whose columns are whole: nodes are limited, never time.

    A limit in seconds would give another plan on another machine; a limit in nodes, sorted rows and
    a fixed seed give the same one everywhere.

    Parameters
    ----------
    matrix, row_lower, row_upper, column_lower, column_upper, options
        As for `Session`.
    whole
        (n,): which columns are whole.
    nodes
        Most nodes of each search.
    """

    def __init__(
        self,
        matrix: sparse.csc_array,
        row_lower: Floats,
        row_upper: Floats,
        column_lower: Floats,
        column_upper: Floats,
        options: SolverOptions,
        *,
        whole: NDArray[np.bool_],
        nodes: int,
    ) -> None:
        super().__init__(matrix, row_lower, row_upper, column_lower, column_upper, options)
        self._whole = np.asarray(whole, dtype=np.bool_)
        kinds = np.where(self._whole, 1, 0).astype(np.uint8)
        if kinds.shape != (self.n,):
            raise InternalError("a program needs to know of each column whether it is whole")
        status = self._highs.changeColsIntegrality(self.n, np.arange(self.n, dtype=np.int32), kinds)
        self._accepted(status, "whole columns")
        for name, value in (
            ("mip_rel_gap", 0.0),
            ("mip_abs_gap", 1e-9),
            ("mip_feasibility_tolerance", 1e-9),
            ("mip_max_nodes", nodes),
            ("time_limit", float("inf")),
        ):
            self._set(name, value)

    def choose(self) -> WholeOutcome:
        """Solve from scratch: what was found before would choose among plans that tie."""
        self._highs.clearSolver()
        self._run()
        termination = _MEANING[self._highs.getModelStatus()]
        info = self._highs.getInfo()
        solution = self._highs.getSolution()
        x = np.zeros(0)
        if termination in {Termination.OPTIMAL, Termination.LIMIT} and solution.value_valid:
            found = np.array(solution.col_value)
            x = np.where(self._whole, np.round(found), found)
        elif termination is Termination.OPTIMAL:
            termination = Termination.FAILED
        return WholeOutcome(
            termination=termination,
            x=x,
            objective=float(info.objective_function_value),
            bound=float(info.mip_dual_bound),
            nodes=int(info.mip_node_count),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerProgram:
    """A linear program in which some columns hold whole numbers only.

    Attributes
    ----------
    cost
        (n,) minimised.
    matrix
        (m, n) sparse by column.
    row_lower, row_upper, column_lower, column_upper
        Bounds; infinities where there is none.
    kind
        (n,) `CONTINUOUS`, `INTEGER`, or `SEMI_INTEGER`: zero, or whole within its bounds.
    offset
        What any solution costs; a gap is a share of the cost with it.
    """

    cost: Floats
    matrix: sparse.csc_array
    row_lower: Floats
    row_upper: Floats
    column_lower: Floats
    column_upper: Floats
    kind: NDArray[np.uint8]
    offset: float = 0.0


CONTINUOUS, INTEGER, SEMI_INTEGER = 0, 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerOutcome:
    """What an integer program returned.

    Attributes
    ----------
    termination
        Optimal, infeasible, or a limit.
    x
        (n,) the best found; empty when none was.
    bound
        No solution costs less, by the solver's word.
    nodes
        Nodes looked at.
    """

    termination: Termination
    x: Floats
    bound: float
    nodes: int


def solve_integer(
    program: IntegerProgram, options: SolverOptions, *, nodes: int, gap: float
) -> IntegerOutcome:
    """Solve an integer program within a number of nodes; time plays no part.

    A program called infeasible is solved again without presolve: HiGHS has called feasible ones
    so (its issue 3258).
    """
    session = Session(
        program.matrix,
        program.row_lower,
        program.row_upper,
        program.column_lower,
        program.column_upper,
        options,
    )
    session.set_cost(program.cost)
    session.set_offset(program.offset)
    found = session.solve_whole(program.kind, nodes=nodes, gap=gap)
    if found.termination is Termination.INFEASIBLE and options.presolve:
        return solve_integer(program, replace(options, presolve=False), nodes=nodes, gap=gap)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Statuses:
    """A basis as plain arrays: HiGHS's code of each column (n,) and each row (m,)."""

    columns: NDArray[np.int8]
    rows: NDArray[np.int8]


def statuses_of(basis: Any) -> Statuses:  # noqa: ANN401 - HiGHS's own object
    """Copy HiGHS's basis into arrays that can be sent to another process."""
    return Statuses(columns=_codes(basis.col_status), rows=_codes(basis.row_status))


def basis_of(statuses: Statuses) -> Any:  # noqa: ANN401
    """Return HiGHS's basis from arrays."""
    basis = highspy.HighsBasis()
    basis.col_status = [_BY_CODE[code] for code in statuses.columns.tolist()]
    basis.row_status = [_BY_CODE[code] for code in statuses.rows.tolist()]
    basis.valid = True
    return basis


def basic_places(basis: Any) -> tuple[Indices, Indices]:  # noqa: ANN401 - HiGHS's own object
    """Return the basic columns and the basic rows of a basis."""
    return np.flatnonzero(_basic(basis.col_status)), np.flatnonzero(_basic(basis.row_status))


def _basic(statuses: Sequence[Any]) -> NDArray[np.bool_]:
    return np.asarray(_codes(statuses) == BASIC)


def _codes(statuses: Sequence[Any]) -> NDArray[np.int8]:
    return np.fromiter(map(int, statuses), dtype=np.int8, count=len(statuses))


def some_of_basis(basis: Any, rows: Indices, columns: Indices) -> Any:  # noqa: ANN401
    """Return HiGHS's basis for some rows and columns; None when what is left is not square."""
    some = highspy.HighsBasis()
    of_rows, of_columns = basis.row_status, basis.col_status
    some.col_status = [of_columns[int(j)] for j in columns]
    some.row_status = [of_rows[int(i)] for i in rows]
    some.valid = True
    count = int(_basic(some.col_status).sum() + _basic(some.row_status).sum())
    return some if count == len(rows) else None


def with_basic_rows(basis: Any, count: int) -> Any:  # noqa: ANN401
    """Return HiGHS's basis for a program with rows added at its end, each of them basic."""
    more = highspy.HighsBasis()
    more.col_status = basis.col_status
    more.row_status = [*basis.row_status, *[highspy.HighsBasisStatus.kBasic] * count]
    more.valid = True
    return more


def with_more_columns(basis: Any, count: int) -> Any:  # noqa: ANN401
    """Return HiGHS's basis with columns added behind, at their lower bounds."""
    longer = highspy.HighsBasis()
    longer.col_status = [*basis.col_status, *[highspy.HighsBasisStatus.kLower] * count]
    longer.row_status = basis.row_status
    longer.valid = True
    return longer


def _fit(values: Floats, size: int, *, infinite: bool = False) -> Floats:
    """Return a contiguous array of the right length without NaN."""
    fitted = np.ascontiguousarray(values, dtype=np.float64)
    if fitted.shape != (size,):
        message = f"an array of shape {fitted.shape} where ({size},) is needed"
        raise InternalError(message)
    if np.isnan(fitted).any() or (not infinite and np.isinf(fitted).any()):
        raise InternalError("an array holds a value that is not a finite number")
    return fitted
