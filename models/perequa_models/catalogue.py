"""Every rule kind and objective kind in one place: words, equation, units, source of its form.

A new rule kind is one file in `rules/`, one entry here, one golden, one page of documentation;
tests fail when an entry lacks any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perequa_models.objectives import (
    absolute_gap,
    distance_to_reference,
    shortfall,
    spend,
    unmet_need,
    worst,
)
from perequa_models.objectives import (
    range as range_between,
)
from perequa_models.rules import (
    cap,
    ceiling,
    contingent,
    envelope,
    floor,
    pace,
    reserve,
    ring_fence,
    withhold,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from perequa_models.builder import Builder
    from perequa_models.instance import Instance, RuleRow
    from perequa_models.rules.grammar import RuleSpec
    from perequa_models.rules.primitive import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleKind:
    """What a rule kind is.

    Attributes
    ----------
    name
        The word in the scenario.
    words
        What it says, in one sentence.
    equation
        The inequality of one group g, in LaTeX.
    unit
        Unit of its limit, and so of the "one" in its price.
    rows
        Writes its rows.
    """

    name: str
    words: str
    equation: str
    unit: str
    rows: Callable[[Work, str, Any], list[RuleRow]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveKind:
    """What an objective kind is.

    Attributes
    ----------
    name, words, equation
        The word in the scenario, one sentence, the value in LaTeX.
    unit
        Unit of its value in an instance.
    write
        Adds its variables and rows, returns its Pyomo expression.
    value
        Recomputes it from a plan by its definition.
    """

    name: str
    words: str
    equation: str
    unit: Callable[[Instance, Any], str]
    write: Callable[[Builder, str, Any], Any]
    value: Callable[..., float]


_RULES = (
    RuleKind(
        name="contingent",
        words="Places handed out, with what is held in reserve, meet the contingent.",
        equation=r"\sum_{g} x_{tmy} + R_g = L_g",
        unit="place",
        rows=contingent.rows,
    ),
    RuleKind(
        name="envelope",
        words="Credits delegated, with what is held in reserve, stay within the envelope.",
        equation=r"\sum_{g} k_{tmy} + R_g \le L_g",
        unit="money",
        rows=envelope.rows,
    ),
    RuleKind(
        name="floor",
        words="No group receives less than its floor.",
        equation=r"\sum_{g} q_{tmy} \ge L_g",
        unit="place or money",
        rows=floor.rows,
    ),
    RuleKind(
        name="cap",
        words="No group receives more than its cap.",
        equation=r"\sum_{g} q_{tmy} \le L_g",
        unit="place or money",
        rows=cap.rows,
    ),
    RuleKind(
        name="ceiling",
        words="Budget stays within the ceiling; who is above already gets nothing new.",
        equation=r"\sum_{g} G_{tmy} \le \max(L_{gy}, \bar G_{gy})",
        unit="money",
        rows=ceiling.rows,
    ),
    RuleKind(
        name="reserve",
        words="Part of another rule's limit is held back.",
        equation=r"R_g = s\,L_g",
        unit="unit of the rule it is taken from",
        rows=reserve.rows,
    ),
    RuleKind(
        name="ring_fence",
        words="Money that must be spent in some territories, or that nobody else may use.",
        equation=r"\sum_{t \in T} k_{tmy} \ge A \quad\text{or}\quad "
        r"\sum_{t \notin T} k_{tmy} \le L - A",
        unit="money",
        rows=ring_fence.rows,
    ),
    RuleKind(
        name="withhold",
        words="Money shared out but not delivered until data arrive.",
        equation=r"\sum_{t \in T} k_{tmy} = C \quad\text{(only where an amount is stated)}",
        unit="money",
        rows=withhold.rows,
    ),
    RuleKind(
        name="pace",
        words="Growth from one year to the next stays between two rates.",
        equation=r"S_{gy} - (1+\gamma)\,S_{g,y-1} \gtreqless 0",
        unit="place or money",
        rows=pace.rows,
    ),
)
RULE_KINDS: dict[str, RuleKind] = {kind.name: kind for kind in _RULES}


def _objective(name: str, module: Any, words: str, equation: str) -> ObjectiveKind:  # noqa: ANN401
    return ObjectiveKind(
        name=name,
        words=words,
        equation=equation,
        unit=module.unit,
        write=module.write,
        value=module.value,
    )


_OBJECTIVES = (
    _objective(
        "shortfall",
        shortfall,
        "Places missing to the target rate, summed over the territories below it.",
        r"\sum_t w_t \max(0, \tau - r_t)",
    ),
    _objective(
        "absolute_gap",
        absolute_gap,
        "Distance to the target rate, above or below, summed.",
        r"\sum_t w_t \lvert \tau - r_t \rvert",
    ),
    _objective(
        "worst",
        worst,
        "The largest shortfall of any territory.",
        r"\max_t \max(0, \tau - r_t)",
    ),
    _objective(
        "range",
        range_between,
        "The gap between the highest and the lowest rate.",
        r"\max_t r_t - \min_t r_t",
    ),
    _objective(
        "unmet_need",
        unmet_need,
        "Declared needs that the plan does not meet.",
        r"\sum_t \max\Bigl(0, n_t - \sum_y x_{ty}\Bigr)",
    ),
    _objective(
        "distance_to_reference",
        distance_to_reference,
        "Places that differ from the circular's own allocation.",
        r"\sum_{tmy} \lvert x_{tmy} - x^{ref}_{tmy} \rvert",
    ),
    _objective("spend", spend, "Credits spent.", r"\sum_{tmy} k_{tmy}"),
)
OBJECTIVE_KINDS: dict[str, ObjectiveKind] = {kind.name: kind for kind in _OBJECTIVES}


def write_rows(work: Work, name: str, spec: RuleSpec) -> list[RuleRow]:
    """Write the rows of one rule by its kind."""
    return RULE_KINDS[spec.kind].rows(work, name, spec)
