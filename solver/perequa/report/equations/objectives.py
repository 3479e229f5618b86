"""One equation per objective of a scenario: value, rows that state it, priority and weight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from perequa.report.document import (
    Display,
    Heading,
    Line,
    Listing,
    Paragraph,
    code,
    joined,
    maths,
    say,
)
from perequa.report.equations.symbols import (
    column_line,
    counted,
    figure,
    level_set,
    maths_figure,
    territories_line,
    with_index,
    word,
)
from perequa.weighting import objective_value, weigh
from perequa_models.catalogue import OBJECTIVE_KINDS
from perequa_models.figures.arrays import national_initial
from perequa_models.keys import Where
from perequa_models.objectives.cvar import Cvar
from perequa_models.objectives.data import gap_data, nodes_compared, years_looked_at
from perequa_models.objectives.distance_to_reference import DistanceToReference
from perequa_models.objectives.gini import Gini
from perequa_models.objectives.grammar import GapSpec
from perequa_models.objectives.unmet_merit import UnmetMerit, merits
from perequa_models.objectives.unmet_need import UnmetNeed
from perequa_models.quantities import Quantities

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perequa.report.document import Block
    from perequa.weighting import Weighting
    from perequa_models.builder import Builder
    from perequa_models.instance import Instance
    from perequa_models.objectives.grammar import ObjectiveSpec
    from perequa_models.ranked import RankedRates
    from perequa_models.reference.reference import Reference


SHARED = frozenset({"cvar", "gini"})
"""Kinds in which territories weigh as shares that add up to one."""


@dataclass(slots=True)
class Tally:
    """Stands in for the builder of the program, and counts instead of building."""

    instance: Instance
    reference: Reference
    quantities: Quantities = field(init=False)
    rows: int = 0
    variables_made: int = 0

    def __post_init__(self) -> None:
        nothing = np.zeros(self.instance.shape)
        taken = np.zeros(len(self.instance.projects))
        self.quantities = Quantities(self.instance, nothing, taken=taken)

    def variables(
        self,
        _owner: str,
        _role: str,
        where: Iterable[Where],
        *,
        free: bool = False,  # noqa: ARG002
        most: Sequence[float | None] = (),  # noqa: ARG002
    ) -> list[float]:
        """Count variables; their place is taken by zeros."""
        made = [0.0 for _ in where]
        self.variables_made += len(made)
        return made

    def at_least_zero(
        self, _owner: str, _role: str, _where: Sequence[Where], bodies: Sequence[Any]
    ) -> None:
        """Count rows."""
        self.rows += len(bodies)

    zero = at_least_zero

    @staticmethod
    def total(parts: Iterable[float]) -> float:
        """Add up the zeros that stand for variables, and figures."""
        return sum(parts)

    def differences(self, rates: RankedRates) -> None:
        """Count a row and a variable for each pair."""
        pairs = len(rates.where) * (len(rates.where) - 1) // 2
        self.rows += pairs
        self.variables_made += pairs

    def where(self, nodes: Iterable[int], years: Iterable[int]) -> list[Where]:
        """Return a place for each pair of a node and a year."""
        listed = list(years)
        return [Where() for _ in nodes for _ in listed]


def tally(instance: Instance, reference: Reference, name: str) -> Tally:
    """Count the rows and variables that an objective adds to the program."""
    spec = instance.scenario.objectives[name]
    counter = Tally(instance, reference)
    OBJECTIVE_KINDS[spec.kind].write(cast("Builder", counter), name, spec)
    return counter


def stage_weights(instance: Instance, reference: Reference) -> Weighting:
    """Return the weights in use, without solving: ``normalise: range`` is left at zero.

    Its divisor (initial value less optimum alone) is known only once that optimum is: an infinite
    one stands for it here, and `priority_blocks` writes symbols instead of the figure.
    """
    return weigh(instance, reference, lambda _k: -np.inf)


def objective_blocks(instance: Instance, reference: Reference, name: str) -> list[Block]:
    """Write one objective."""
    spec = instance.scenario.objectives[name]
    kind = OBJECTIVE_KINDS[spec.kind]
    title = say("Objective {}", code(name)) + (say(": {}", spec.title) if spec.title else ())
    counts = tally(instance, reference, name)
    nothing = Quantities(instance, np.zeros(instance.shape))
    initial = objective_value(instance, name, nothing, reference)
    unit = kind.unit(instance, spec)
    source = spec.source or "none stated by the scenario"
    lines = [
        say("Priority {}, weight {}.", figure(spec.priority), figure(spec.weight)),
        say("Unit: {}; value before the plan: {}.", unit, figure(initial)),
        say("Rows: {}. Variables: {}.", figure(counts.rows), figure(counts.variables_made)),
        say("As rows: {}.", maths(kind.linear)),
        *_terms(instance, spec),
        say("Source: {}. Of this kind: {}.", source, kind.source),
    ]
    about = say("Kind {}: {} In general: {}.", code(kind.name), kind.words, maths(kind.equation))
    equation = f"{value_symbol(instance, name)} = {_equation(instance, spec)}"
    return [Heading(3, title), Paragraph(about), Display(equation), Listing(tuple(lines))]


def value_symbol(instance: Instance, name: str) -> str:
    """Symbol of the value of an objective."""
    kind = OBJECTIVE_KINDS[instance.scenario.objectives[name].kind]
    return rf"{kind.symbol}_{{{word(name)}}}"


def _equation(instance: Instance, spec: ObjectiveSpec) -> str:
    mean, year = _years(instance, spec)
    u = rf"u \in {_compared_set(instance, spec)}" if spec.level else ""
    if isinstance(spec, GapSpec):
        indicator = rf"r^{{{word(spec.indicator)}}}"
        rate = with_index(indicator, ["u", year])
        share = with_index("v", ["u", year])
        target = with_index(r"\tau", [year] if spec.target == "national" else [])
        weight = with_index("w", ["u", year]) + " " if _weighting(spec) == "population" else ""
        return (
            mean
            + {
                "shortfall": rf"\sum_{{{u}}} {weight}\max\left(0, {target} - {rate}\right)",
                "absolute_gap": rf"\sum_{{{u}}} {weight}\left\lvert {target} - {rate} \right\rvert",
                "squared_gap": rf"\sum_{{{u}}} {weight}\left({target} - {rate}\right)^2",
                "worst": rf"\max_{{{u}}} {weight}\max\left(0, {target} - {rate}\right)",
                "leximin": rf"\operatorname{{lexmin}} \operatorname{{sort}}_\downarrow "
                rf"\left({weight}\max\left(0, {target} - {rate}\right)\right)_{{{u}}}",
                "cvar": rf"\min_{{\eta \ge 0}} \left(\eta + \frac{{1}}{{{_tail(spec)}}} "
                rf"\sum_{{{u}}} {share} \max\left(0, {target} - {rate} - \eta\right)\right)",
                "gini": rf"\frac{{1}}{{2 r_0}} \sum_{{{u}}} \sum_{{{u.replace('u', 's', 1)}}} "
                rf"{share} {with_index('v', ['s', year])} "
                rf"\left\lvert {rate} - {with_index(indicator, ['s', year])} \right\rvert",
                "range": rf"\left(\max_{{{u}}} {rate} - \min_{{{u}}} {rate}\right)"
                if mean
                else rf"\max_{{{u}}} {rate} - \min_{{{u}}} {rate}",
            }[spec.kind]
        )
    if isinstance(spec, UnmetNeed):
        funded = with_index("x", ["t", word(spec.measure), "v"])
        so_far = rf"\sum_{{t \in \mathcal{{T}}_u}} \sum_{{v \le {year}}} {funded}"
        need = with_index("n", ["u", year])
        return rf"{mean}\sum_{{{u}}} \max\left(0, {need} - {so_far}\right)"
    if isinstance(spec, UnmetMerit):
        return r"\sum_{j} q_j \left(1 - z_j\right)"
    if isinstance(spec, DistanceToReference):
        gap = r"\sum_{t \in \mathcal{T}_u} \left(x_{tmy} - x^{\text{ref}}_{tmy}\right)"
        over = r"\sum_{m \in \mathcal{M}} \sum_{y \in \mathcal{Y}}"
        return rf"\sum_{{{u}}} {over} \left\lvert {gap} \right\rvert"
    return r"\sum_{t \in \mathcal{T}} \sum_{m \in \mathcal{M}} \sum_{y \in \mathcal{Y}} k_{tmy}"


def _years(instance: Instance, spec: ObjectiveSpec) -> tuple[str, str]:
    """Mean over the years looked at, if several, and the index of the year."""
    years = years_looked_at(instance, spec)
    if len(years) == 1:
        return "", str(instance.years[int(years[0])])
    return rf"\frac{{1}}{{{len(years)}}} \sum_{{y \in \mathcal{{Y}}}} ", "y"


def _compared_set(instance: Instance, spec: ObjectiveSpec) -> str:
    level = spec.level or instance.level
    every = level_set(instance, level)
    return every if spec.territories is None else rf"{every}^{{\star}}"


def _tail(spec: GapSpec) -> str:
    return maths_figure(spec.tail) if isinstance(spec, Cvar) else ""


def _weighting(spec: GapSpec) -> str | None:
    default = OBJECTIVE_KINDS[spec.kind].weighting
    return None if spec.kind == "range" else spec.weighting or default


def _terms(instance: Instance, spec: ObjectiveSpec) -> list[Line]:
    """Say what stands in the equation of an objective."""
    lines: list[Line] = []
    if spec.level:
        nodes = nodes_compared(instance, spec)
        many = counted(len(nodes), "territory")
        compared = say("Compared, {}: {}", maths(_compared_set(instance, spec)), many)
        compared = (*compared, *say(" of level {}", code(spec.level)))
        if spec.territories is not None:
            compared = (*compared, *say(": "), *territories_line(instance, nodes))
        lines.append((*compared, *say(".")))
    if isinstance(spec, GapSpec):
        lines.extend(_gap_terms(instance, spec))
    if isinstance(spec, UnmetNeed):
        need = column_line(instance, spec.need.column)
        lines.append((*say("$n$: declared need, "), *need, *say("; $x$: places funded so far.")))
    if isinstance(spec, UnmetMerit):
        looked_at = int((merits(instance, spec) > 0).sum())
        lines.append(say("$q_j$: merit; {} have some.", counted(looked_at, "project")))
    if isinstance(spec, DistanceToReference):
        lines.append(
            say(
                r"$x^{\text{ref}}$: the reference below, where it speaks; credits for measures "
                "counted in money."
            )
        )
    return lines


def _gap_terms(instance: Instance, spec: GapSpec) -> list[Line]:
    data = gap_data(instance, spec, OBJECTIVE_KINDS[spec.kind].weighting or "territory")
    per, name = figure(data.indicator.per), word(spec.indicator)
    people = maths(rf"p_{{uy}} = P^{{{name}}}_{{uy}} / {maths_figure(data.indicator.per)}")
    lines = [say("{}: the denominator of the rate, in units of {}.", people, per)]
    weighting = _weighting(spec)
    if spec.kind in SHARED:
        lines.append(_shares(weighting))
    elif weighting == "population":
        lines.append(say("Weighting: population, $w_{uy} = p_{uy}$."))
    elif weighting == "territory":
        lines.append(say("Weighting: territory, $w_{uy} = 1$."))
    if isinstance(spec, Gini):
        before = maths_figure(national_initial(instance.tree, data.indicator))
        lines.append(say("{}: the national rate before the plan.", maths(f"r_0 = {before}")))
    elif spec.kind != "range":
        lines.append(_target(instance, spec, data.target))
    return lines


def _shares(weighting: str | None) -> Line:
    if weighting == "population":
        return say("Weighting: population, $v_{uy}$ is the share of $u$ in their denominators.")
    return say("Weighting: territory, $v_{uy}$ is one by the number of territories compared.")


def _target(instance: Instance, spec: GapSpec, target: np.ndarray[Any, Any]) -> Line:
    if spec.target == "national":
        return say(r"Target $\tau_y$: the national rate of the plan, a variable.")
    stated = instance.scenario.indicators[spec.indicator].target
    stated = stated if spec.target is None else spec.target
    rate = maths(rf"\tau = {maths_figure(float(target[0]))}")
    if stated == "national_initial":
        return say("Target: {}, the national rate before the plan.", rate)
    return say("Target: {}, a number of the scenario.", rate)


def priority_blocks(instance: Instance, reference: Reference) -> list[Block]:
    """Write what each priority minimises, with the weights in use, in the order of service."""
    weighting = stage_weights(instance, reference)
    blocks: list[Block] = []
    for p, priority in enumerate(weighting.priorities):
        served = _served(instance, priority)
        after = "first" if p == 0 else "among the plans that are optimal so far"
        told = joined([say("{}", code(name)) for name in served])
        blocks.append(Paragraph((*say("Priority {}, {}: ", str(priority), after), *told)))
        terms = [
            _weighted(instance, name, float(weighting.weights[p, weighting.names.index(name)]))
            for name in served
        ]
        alone = value_symbol(instance, served[0])
        total = alone if len(served) == 1 else " + ".join(terms)
        blocks.append(Display(rf"\min \quad Z_{{{priority}}} = {total}"))
        blocks.append(Paragraph(_unit_of_stage(instance, served, weighting.units[p])))
    return blocks


def _served(instance: Instance, priority: int) -> list[str]:
    stated = sorted(instance.scenario.objectives.items())
    return [name for name, spec in stated if spec.priority == priority and spec.weight > 0]


def _weighted(instance: Instance, name: str, factor: float) -> str:
    """Write one term of a priority: its weight as used, times its value."""
    spec = instance.scenario.objectives[name]
    symbol = value_symbol(instance, name)
    if spec.normalise != "range":
        return f"{maths_figure(factor)} {symbol}"
    width = rf"V_{{{word(name)}}} - V^{{\min}}_{{{word(name)}}}"
    return rf"\frac{{{maths_figure(spec.weight)}}}{{{width}}} {symbol}"


def _unit_of_stage(instance: Instance, served: list[str], unit: str) -> Line:
    """Say in which unit a priority counts, and how its weights were made."""
    line = say("In: {}.", unit)
    if len(served) == 1:
        return (*line, *say(" Alone in its priority, an objective counts in its own unit."))
    told = [
        say("{}: weight {}, normalised by {}", code(name), figure(spec.weight), str(spec.normalise))
        for name in served
        for spec in [instance.scenario.objectives[name]]
    ]
    line = (*line, *say(" "), *joined(told, "; "), *say("."))
    if any(instance.scenario.objectives[name].normalise == "range" for name in served):
        least = say(" $V$ is the value before the plan, $V^{\\min}$ the least value alone, ")
        line = (*line, *least, *say("known once solved."))
    return line
