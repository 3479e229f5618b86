"""Values of the objectives by their definitions (scenario reference, section 5)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.figures import equals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Floats, Indices

WEIGHED_BY_POPULATION = frozenset({"shortfall", "absolute_gap", "squared_gap"})
"""Kinds that weigh by population unless told otherwise."""


def objective_value(model: Model, name: str, x: Floats, reference: Floats | None = None) -> float:
    """Value of an objective for places x of shape (T, M, Y), by its definition.

    Parameters
    ----------
    reference
        The circular's own places, NaN where it says nothing; for `distance_to_reference` only.

    Raises
    ------
    Unreadable
        When the kind is unknown to `verify`, or the reference is needed and absent.
    """
    spec = model.scenario["objectives"][name]
    kind = spec["kind"]
    if kind == "spend":
        return math.fsum(model.value("credits", x).ravel())
    if kind == "unmet_merit":
        return _unmet_merit(model, spec)
    if kind == "unmet_need":
        return _unmet_need(model, spec, x)
    if kind == "distance_to_reference":
        if reference is None:
            raise Unreadable("run.json", f"objectives.{name} needs a reference")
        return _distance(model, spec, x, reference)
    if kind in GAPS or kind in {"cvar", "gini", "squared_gap"}:
        return _gap(model, spec, x)
    raise Unreadable("run.json", f"objectives.{name}: verify does not know kind {kind!r}")


def nodes_compared(model: Model, spec: Mapping[str, Any]) -> Indices:
    """Nodes of an objective's level that its `territories` select."""
    level = spec.get("level") or model.tree.decide_at
    nodes = model.tree.at(level)
    stated = spec.get("territories")
    if stated is None:
        return nodes
    if isinstance(stated, dict):
        words = [model.figures.word(stated["column"], int(node)) for node in nodes]
        return nodes[[equals(word, stated["equals"]) for word in words]]
    named = {model.tree.find(written) for written in stated}
    chosen = []
    for node in nodes:
        line, at = set(), int(node)
        while at >= 0:
            line.add(at)
            at = int(model.tree.parent[at])
        chosen.append(bool(line & named))
    return nodes[chosen]


def years_compared(model: Model, spec: Mapping[str, Any]) -> Indices:
    """Positions of the years an objective is the mean of."""
    last = len(model.years) - 1
    return np.arange(last + 1) if spec.get("years") == "all" else np.array([last])


def _gap(model: Model, spec: Mapping[str, Any], x: Floats) -> float:
    rates = model.rates(spec["indicator"])
    nodes, years = nodes_compared(model, spec), years_compared(model, spec)
    rate = rates.rate(x)[np.ix_(nodes, years)]
    stated = spec.get("target")
    if stated == "national":
        target = rates.national(x)[years]
    else:
        target = np.full(len(years), rates.target if stated is None else rates.number(stated))
    usual = "population" if spec["kind"] in WEIGHED_BY_POPULATION else "territory"
    weight = np.ones_like(rate)
    if (spec.get("weighting") or usual) == "population":
        weight = rates.population[np.ix_(nodes, years)] / rates.per
    if spec["kind"] == "cvar":
        missing, share = np.maximum(target - rate, 0.0), weight / weight.sum(axis=0)
        return math.fsum(_mean_of_tail(missing, share, float(spec["tail"]))) / len(years)
    if spec["kind"] == "gini":
        spread = _spread(rate, weight / weight.sum(axis=0))
        return math.fsum(spread) / rates.national_initial / len(years)
    if spec["kind"] == "squared_gap":
        nothing = rates.rate(np.zeros(model.shape))[np.ix_(nodes, years)]
        start = rates.national(np.zeros(model.shape))[years] if stated == "national" else target
        pieces = int(spec.get("segments", 20))
        squares = _squares(target - rate, start - nothing, weight, start, pieces)
        return math.fsum((weight * squares).ravel()) / len(years)
    return math.fsum(GAPS[spec["kind"]](rate, target, weight)) / len(years)


def _squares(gap: Floats, before: Floats, weight: Floats, target: Floats, pieces: int) -> Floats:
    """Squares of gaps read off their chords, shape (n, Y').

    Parameters
    ----------
    before
        Gaps before the plan: their weighted mean square lays the breakpoints.
    target
        Targets before the plan, the scale where every gap is closed.
    """
    mean_square = math.fsum((weight * before**2).ravel()) / math.fsum(weight.ravel())
    scale, size = math.sqrt(mean_square), float(np.abs(target).max())
    # a region that is the whole country misses the national rate by rounding at most
    step = (scale if scale > 1e-12 * size else size or 1.0) / pieces
    found = np.zeros_like(gap)
    for at, g in np.ndenumerate(gap):
        start = float(before[at])
        own = math.ceil(abs(start) / step - 1e-9)
        under = max(own if start > 0 else 0, 1)
        over = pieces + (own if start < 0 else 0)
        most = (under if g > 0 else over) * step
        ends = step * np.arange((under if g > 0 else over) + 1)
        inside = float(np.interp(abs(g), ends, ends**2))
        # past the last breakpoint its chord goes on
        found[at] = inside + max(0.0, abs(g) - most) * float(ends[-1] + ends[-2])
    return found


def _shortfall(rate: Floats, target: Floats, weight: Floats) -> list[float]:
    missing = weight * np.maximum(target - rate, 0.0)
    return [math.fsum(column) for column in missing.T]


def _absolute(rate: Floats, target: Floats, weight: Floats) -> list[float]:
    return [math.fsum(column) for column in (weight * np.abs(target - rate)).T]


def _worst(rate: Floats, target: Floats, weight: Floats) -> list[float]:
    return [float(v) for v in (weight * np.maximum(target - rate, 0.0)).max(axis=0)]


def _range(rate: Floats, target: Floats, weight: Floats) -> list[float]:  # noqa: ARG001 - one face
    return [float(v) for v in rate.max(axis=0) - rate.min(axis=0)]


def _mean_of_tail(missing: Floats, share: Floats, tail: float) -> list[float]:
    """Least value, over thresholds, of the threshold and what exceeds it in the mean, by tail."""
    found = []
    for gap, part in zip(missing.T, share.T, strict=True):
        thresholds = np.unique(np.append(gap, 0.0))
        found.append(min(float(h + part @ np.maximum(gap - h, 0.0) / tail) for h in thresholds))
    return found


def _spread(rate: Floats, share: Floats) -> list[float]:
    """Σ v_s v_t (r_s − r_t) over pairs whose first rate is the higher, from the sorted rates."""
    found = []
    for column, part in zip(rate.T, share.T, strict=True):
        order = np.argsort(column, kind="stable")
        r, v = column[order], part[order]
        # between two neighbours in the order every pair across is further apart by their step
        below = np.cumsum(v)[:-1]
        found.append(math.fsum(np.diff(r) * below * (v.sum() - below)))
    return found


GAPS: dict[str, Callable[[Floats, Floats, Floats], list[float]]] = {
    "shortfall": _shortfall,
    "absolute_gap": _absolute,
    "worst": _worst,
    "leximin": _worst,
    "range": _range,
}
"""Value of each year from rates (n, Y'), targets (Y',) and weights (n, Y')."""


def _unmet_need(model: Model, spec: Mapping[str, Any], x: Floats) -> float:
    nodes, years = nodes_compared(model, spec), years_compared(model, spec)
    measure = model.measures.index(spec["measure"])
    # nothing is needed where nothing can be funded
    declared = model.figures.amount(spec["need"]["column"])
    of_measure = declared[nodes, min(measure, declared.shape[1] - 1)]
    need = np.broadcast_to(of_measure, (len(nodes), len(model.years)))[:, years]
    so_far = np.cumsum(x[:, measure], axis=1)
    funded = np.array([so_far[model.tree.below(int(node))].sum(axis=0) for node in nodes])
    return math.fsum(np.maximum(need - funded[:, years], 0.0).ravel()) / len(years)


def merits(model: Model, spec: Mapping[str, Any]) -> Floats:
    """Merit of each project that an objective looks at, 0 for the others, (J,)."""
    nodes = {int(node) for node in nodes_compared(model, spec)}
    above = model.tree.above[spec.get("level") or model.tree.decide_at]
    inside = [int(above[t]) in nodes for t in model.projects.cells[:, 0]]
    return np.where(np.array(inside, dtype=bool), model.projects.merit, 0.0)


def _unmet_merit(model: Model, spec: Mapping[str, Any]) -> float:
    merit = merits(model, spec)
    taken = np.zeros(len(merit)) if model.taken is None else model.taken
    return math.fsum(merit * (1.0 - taken))


def _distance(model: Model, spec: Mapping[str, Any], x: Floats, reference: Floats) -> float:
    gaps: list[float] = []
    for node in nodes_compared(model, spec):
        below = model.tree.below(int(node))
        # Where the circular says nothing (NaN), no distance is counted.
        gap = x[below].sum(axis=0) - reference[below].sum(axis=0)
        gaps.extend(abs(value) for value in gap.ravel() if not math.isnan(value))
    return math.fsum(gaps)
