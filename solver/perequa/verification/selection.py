"""Check 11: the projects taken are the best by the order of service, proven without a solver.

For each step of the order of service, and each project left out, the run holds a tree that
branches on projects. Each leaf has a dual whose bound reaches the value claimed, or a ray that
leaves no plan: one product with the matrix checks either. A tree that branches on a project has
both its branches, so the leaves leave nothing out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.feasibility import row_tolerance
from perequa.verification.folder import read_arrays
from perequa.verification.outcome import Notebook
from perequa.verification.project_rows import project_columns
from perequa.verification.project_tables import check_project_tables
from perequa.words import saying

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perequa.verification.folder import Arrays, Program, RunFolder
    from perequa.verification.outcome import Check
    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Floats, Indices

FILE = "selection.npz"
NEEDED = (
    *("step_kind", "step_name", "step_priority", "step_cost", "step_value", "step_bound"),
    *("plan", "proven", "proof_ptr", "node_branch", "leaf_ray", "leaf_ptr", "leaf_row", "leaf_val"),
)
TIE, TIE_OF_SUM = 1e-7, 1e-9
"""Two values tie within these shares of the smallest coefficient, or of the value."""
NOISE = 1e-9
LEAF = -1


def check_selection(folder: RunFolder, model: Model) -> Check:
    """Check the steps, the plan chosen, every proof, and the tables of projects."""
    notes = Notebook(15, "selection")
    chosen = _Selection(folder, model, read_arrays(folder.path / FILE, NEEDED))
    chosen.check_steps(notes)
    chosen.check_plan(notes)
    proven, claimed = chosen.check_proofs(notes)
    check_project_tables(notes, folder, model)
    told = saying(
        "{proven} of {all} statements of the order of service proven by {leaves} leaves",
        proven=proven,
        all=claimed,
        leaves=len(chosen.arrays["leaf_ray"]),
    )
    if proven < claimed:
        told = saying(
            "{told}; for the others HiGHS's own bound stands, which nobody can check here",
            told=told,
        )
    return notes.close(told)


@dataclass(frozen=True)
class _Selection:
    folder: RunFolder
    model: Model
    arrays: Arrays

    @property
    def program(self) -> Program:
        return self.folder.program

    @property
    def columns(self) -> Indices:
        return project_columns(self.program, self.model)

    def check_steps(self, notes: Notebook) -> None:
        """Compare each step with the order of service of the scenario."""
        expected = _steps(self.model, self.program, self.columns)
        kinds, names = self.arrays["step_kind"].tolist(), self.arrays["step_name"].tolist()
        priorities = self.arrays["step_priority"].tolist()
        found = list(zip(kinds, names, priorities, strict=True))
        if found != [key for key, _ in expected]:
            notes.wrong(FILE, "", saying("steps of the order of service"), found, expected)
            return
        for k, (key, cost) in enumerate(expected):
            size = float(np.abs(cost).max(initial=0.0))
            if not np.allclose(self.arrays["step_cost"][k], cost, rtol=1e-9, atol=1e-12 * size):
                notes.wrong(FILE, f"{key[0]} {key[1]}", saying("cost of the step"))

    def check_plan(self, notes: Notebook) -> None:
        """Check that the plan chosen is whole, possible, worth its values and the one published."""
        plan, program = self.arrays["plan"], self.program
        z = plan[self.columns]
        if not np.isin(z, (0.0, 1.0)).all():
            notes.wrong(FILE, "plan", saying("a project is taken in part"))
        activity = program.matrix.times(plan)
        tolerance = 1e-6 + row_tolerance(program, plan)
        wrong = (activity < program.lower - tolerance) | (activity > program.upper + tolerance)
        for i in np.flatnonzero(wrong):
            notes.wrong(FILE, program.row_ids[i], saying("the plan chosen breaks the row"))
        published = self.folder.solution["plan"]
        for j in np.flatnonzero(z != published[self.columns]):
            notes.wrong(FILE, self.model.projects.codes[j], saying("is not published as chosen"))
        for k, cost in enumerate(self.arrays["step_cost"]):
            value = float(self.arrays["step_value"][k])
            allowed = 1e-6 * max(1.0, abs(value))
            for at in (plan, published):
                here = f"step {k + 1}"
                worth = math.fsum(cost * at)
                notes.near((FILE, here, saying("value")), worth, value, tolerance=allowed)
            bound = float(self.arrays["step_bound"][k])
            if value - bound > 1e-4 * max(1.0, abs(value)):
                notes.wrong(FILE, f"step {k + 1}", saying("the gap left is too wide"), bound, value)

    def check_proofs(self, notes: Notebook) -> tuple[int, int]:
        """Check every tree; return how many statements are proven, and how many there are."""
        steps, codes = len(self.arrays["step_value"]), self.model.projects.codes
        claims: list[_Claim | None] = [self._step_claim(k) for k in range(steps)]
        claims += [self._project_claim(j) for j in range(len(codes))]
        ends, leaf, proven = self.arrays["proof_ptr"], 0, 0
        branches = self.arrays["node_branch"]
        for i, claim in enumerate(claims):
            tree = branches[int(ends[i]) : int(ends[i + 1])]
            name = f"step {i + 1}" if i < steps else f"project {codes[i - steps]}"
            if claim is None or claim.trivial:
                proven += 1
            elif bool(self.arrays["proven"][i]):
                if self._holds(claim, tree, leaf):
                    proven += 1
                else:
                    notes.wrong(FILE, name, saying("its tree does not prove it"))
            leaf += int((tree == LEAF).sum())
        return proven, len(claims)

    def _step_claim(self, k: int) -> _Claim:
        cost, value = self.arrays["step_cost"][k], float(self.arrays["step_value"][k])
        low, high = self._box()
        wanted = _better(cost, value, self.columns)
        floor = _at_bounds(cost, low, high)
        return _Claim(
            cost=cost, wanted=wanted, held=k, low=low, high=high, trivial=bool(floor >= wanted)
        )

    def _project_claim(self, j: int) -> _Claim | None:
        """Return the claim that a project could not be taken, earlier ones as they are."""
        z = self.arrays["plan"][self.columns]
        if z[j] == 1.0:
            return None
        low, high = self._box()
        low[self.columns[:j]] = high[self.columns[:j]] = z[:j]
        low[self.columns[j]] = 1.0
        return _Claim(
            cost=np.zeros(len(low)),
            wanted=np.inf,
            held=len(self.arrays["step_value"]),
            low=low,
            high=high,
            trivial=False,
        )

    def _box(self) -> tuple[Floats, Floats]:
        """Bounds of the columns before anything is chosen."""
        low, high = self.program.least.astype(float), self.program.most.astype(float)
        low, high = low.copy(), high.copy()
        low[self.columns], high[self.columns] = 0.0, 1.0
        return low, high

    def _holds(self, claim: _Claim, tree: NDArray[np.intp], leaf: int) -> bool:
        """Whether a tree closes every part of the box of a claim."""
        waiting = [(claim.low, claim.high)]
        for branch in tree.tolist():
            if not waiting:
                return False
            low, high = waiting.pop()
            if branch == LEAF:
                if not self._closes(claim, low, high, leaf):
                    return False
                leaf += 1
                continue
            if branch not in self.columns.tolist():
                return False
            without, with_it = (low, high.copy()), (low.copy(), high)
            without[1][branch], with_it[0][branch] = 0.0, 1.0
            waiting += [with_it, without]
        return not waiting

    def _closes(self, claim: _Claim, low: Floats, high: Floats, leaf: int) -> bool:
        part = slice(*self.arrays["leaf_ptr"][leaf : leaf + 2])
        m, steps = self.program.matrix.rows, len(self.arrays["step_value"])
        y = np.zeros(m + steps)
        y[self.arrays["leaf_row"][part]] = self.arrays["leaf_val"][part]
        ray = bool(self.arrays["leaf_ray"][leaf])
        cost = np.zeros_like(claim.cost) if ray else claim.cost
        bound = self._bound(cost, y, (low, high), claim.held)
        return bound > 0.0 if ray else bool(bound >= claim.wanted)

    def _bound(self, cost: Floats, y: Floats, box: tuple[Floats, Floats], held: int) -> float:
        """What no plan of a box goes below: Σ y·(row bound) + Σ z·(column bound)."""
        program, costs = self.program, self.arrays["step_cost"]
        m = program.matrix.rows
        z = cost - program.matrix.transposed.times(y[:m]) - y[m:] @ costs
        size = (
            np.abs(cost)
            + program.matrix.transposed.size.times(np.abs(y[:m]))
            + np.abs(y[m:]) @ np.abs(costs)
        )
        z = np.where(np.abs(z) <= NOISE * size, 0.0, z)
        most = np.full(len(costs), np.inf)
        for k in range(held):
            value = float(self.arrays["step_value"][k])
            most[k] = value + _tie(costs[k], value)
        return (
            _at_bounds(y[:m], program.lower, program.upper)
            + _at_bounds(y[m:], np.full(len(costs), -np.inf), most)
            + _at_bounds(z, *box)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """No plan of a box, `held` steps being no worse, goes below `wanted` (infinite: none is left).

    Attributes
    ----------
    trivial
        Whether the bounds of the columns alone say so.
    """

    cost: Floats
    wanted: float
    held: int
    low: Floats
    high: Floats
    trivial: bool


def _steps(
    model: Model, program: Program, columns: Indices
) -> list[tuple[tuple[str, str, int], Floats]]:
    """Kind, name, priority and cost of each step that the scenario states."""
    projects, specs = model.projects, model.scenario["objectives"]

    def laid(kind: str, name: str, each: Floats) -> tuple[tuple[str, str, int], Floats]:
        cost = np.zeros(len(program.col_ids))
        cost[columns] = -each
        return (kind, name, 0), cost

    classes = np.array(projects.classes)
    before = [
        laid("first", str(c), (classes == c).astype(float)) for c in sorted(set(classes) - {0})
    ]
    after = [laid("prefer", name, bears) for name, bears in projects.preferences]
    steps, weights = [], program.arrays["stage_weight"]
    served = []
    for p, priority in enumerate(program.arrays["stage_priority"].tolist()):
        names = [n for k, n in enumerate(program.objectives) if weights[p, k] > 0]
        key = ("priority", ";".join(names), int(priority))
        served.append((names, (key, program.stage_cost[p])))
    merit_at = [
        p
        for p, (names, _) in enumerate(served)
        if any(specs[n]["kind"] == "unmet_merit" for n in names)
    ]
    for p, (_, step) in enumerate(served):
        steps += before if merit_at and p == merit_at[0] else []
        steps.append(step)
        steps += after if merit_at and p == merit_at[-1] else []
    if not merit_at:
        steps += [*before, laid("merit", "", projects.merit), *after]
    return [(key, cost) for key, cost in steps if key[0] == "priority" or cost.any()]


def _tie(cost: Floats, value: float) -> float:
    sizes = np.abs(cost[cost != 0.0])
    return max(TIE * (float(sizes.min()) if sizes.size else 1.0), TIE_OF_SUM * abs(value))


def _better(cost: Floats, value: float, whole: Indices) -> float:
    """Least value that is not better than `value`: a tie below it, or the next multiple."""
    tie, used = _tie(cost, value), np.flatnonzero(cost)
    if used.size and np.isin(used, whole).all():
        parts = [Fraction(repr(abs(float(c)))) for c in cost[used]]
        below = math.lcm(*(part.denominator for part in parts))
        grain = math.gcd(*(int(part * below) for part in parts)) / below
        if grain > 2.0 * tie:
            return value - grain + tie
    return value - tie


def _at_bounds(multiplier: Floats, lower: Floats, upper: Floats) -> float:
    """Least value of Σ multiplier·a over lower ≤ a ≤ upper, by ``math.fsum``."""
    used = multiplier != 0.0
    bound = np.where(multiplier > 0, lower, upper)[used]
    if not np.isfinite(bound).all():
        return -math.inf
    return math.fsum((multiplier[used] * bound).tolist())
