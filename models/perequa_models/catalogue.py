"""Every rule kind and objective kind in one place: words, symbol, equation, units, source.

A new rule kind is one file in `rules/`, one entry here, one golden, one page of documentation;
tests fail when an entry lacks any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perequa_models.objectives import (
    absolute_gap,
    cvar,
    distance_to_reference,
    gini,
    leximin,
    shortfall,
    spend,
    squared_gap,
    unmet_merit,
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
    converge,
    deadline,
    distance,
    envelope,
    floor,
    milestones,
    pace,
    reserve,
    ring_fence,
    selection,
    transfer,
    until_opening,
    withhold,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from perequa_models.builder import Builder
    from perequa_models.instance import Instance, RuleRow
    from perequa_models.objectives.grammar import Weighting
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
    symbol
        Its limit, or what fixes it, in the equation, in LaTeX.
    equation
        The inequality of one group g, in LaTeX.
    unit
        Unit of its limit, and so of the "one" in its price.
    price
        Unit of its price.
    source
        The text that states a rule of this kind, or says that none does.
    rows
        Writes its rows.
    """

    name: str
    words: str
    symbol: str
    equation: str
    unit: str
    price: str
    source: str
    rows: Callable[[Work, str, Any], list[RuleRow]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveKind:
    """What an objective kind is.

    Attributes
    ----------
    name, words
        The word in the scenario, one sentence.
    symbol, equation, linear
        Its value, what that value is, and the rows that state it in the program, in LaTeX.
    source
        The text that states this aim, or says that none does.
    weighting
        Default of its option `weighting`; None for a kind without it.
    unit
        Unit of its value in an instance.
    write
        Adds its variables and rows, returns its Pyomo expression.
    value
        Recomputes it from a plan by its definition.
    """

    name: str
    words: str
    symbol: str
    equation: str
    linear: str
    source: str
    weighting: Weighting | None
    unit: Callable[[Instance, Any], str]
    write: Callable[[Builder, str, Any], Any]
    value: Callable[..., float]


_C1998 = "circular DAS/RV 2 no. 98-199 of 27 March 1998"
_C2004 = "circular DHOS-F2/DSS-1A/DGAS-2C of 30 August 2004"
_NO_TEXT = "no circular states it: a choice of the planner"
_PER_PLACE = "objective per place"
_PER_EURO = "objective per unit of money"
_PER_EITHER = "objective per place or unit of money, as its limit"

_RULES = (
    RuleKind(
        name="contingent",
        words="Places handed out, with what is held in reserve, meet the contingent.",
        symbol="L_g",
        equation=r"\sum_{g} x_{tmy} + R_g = L_g",
        unit="place",
        price=_PER_PLACE,
        source=f"{_C1998}, III A; {_C2004}, 3 B",
        rows=contingent.rows,
    ),
    RuleKind(
        name="envelope",
        words="Credits delegated, with what is held in reserve, stay within the envelope.",
        symbol="L_g",
        equation=r"\sum_{g} k_{tmy} + R_g \le L_g",
        unit="money",
        price=_PER_EURO,
        source="L.314-3 and L.314-4 CASF",
        rows=envelope.rows,
    ),
    RuleKind(
        name="floor",
        words="No group receives less than its floor.",
        symbol="L_g",
        equation=r"\sum_{g} q_{tmy} \ge L_g",
        unit="place or money",
        price=_PER_EITHER,
        source=f"{_C2004}, 2: 100 000 € for every region",
        rows=floor.rows,
    ),
    RuleKind(
        name="cap",
        words="No group receives more than its cap.",
        symbol="L_g",
        equation=r"\sum_{g} q_{tmy} \le L_g",
        unit="place or money",
        price=_PER_EITHER,
        source=f"{_C1998}, III A: within the places authorised and not funded",
        rows=cap.rows,
    ),
    RuleKind(
        name="ceiling",
        words="Budget stays within the ceiling; who is above already gets nothing new.",
        symbol="L_{gy}",
        equation=r"\sum_{g} G_{tmy} \le \max(L_{gy}, \bar G_{gy})",
        unit="money",
        price=_PER_EURO,
        source=f"{_C2004}, 1 A: DOMINIC + 35 %",
        rows=ceiling.rows,
    ),
    RuleKind(
        name="converge",
        words="Who is above the ceiling comes down to it along a calendar; money is freed.",
        symbol=r"\varphi_y",
        equation=r"G_{tmy} = C_{ty} + \varphi_y \max(0, G_{tm0} - C_{t0})",
        unit="money",
        price=_PER_EURO,
        source="order on tariff convergence 2010-2016 (LEGIARTI000025036099)",
        rows=converge.rows,
    ),
    RuleKind(
        name="reserve",
        words="Part of another rule's limit is held back.",
        symbol="R_g",
        equation="R_g = s L_g",
        unit="unit of the rule it is taken from",
        price=_PER_EITHER,
        source=f"{_C1998}, III A: 10 % of the places kept back",
        rows=reserve.rows,
    ),
    RuleKind(
        name="ring_fence",
        words="Money that must be spent in some territories, or that nobody else may use.",
        symbol="A",
        equation=r"\sum_{t \in T} k_{tmy} \ge A \quad\text{or}\quad "
        r"\sum_{t \notin T} k_{tmy} \le L - A",
        unit="money",
        price=_PER_EURO,
        source=f"{_C2004}, 2: 4.1 M€ for Île-de-France",
        rows=ring_fence.rows,
    ),
    RuleKind(
        name="withhold",
        words="Money shared out but not delivered until data arrive.",
        symbol="C",
        equation=r"\sum_{t \in T} k_{tmy} = C \quad\text{(only where an amount is stated)}",
        unit="money",
        price=_PER_EURO,
        source=f"{_C2004}, 1 A: departments without data",
        rows=withhold.rows,
    ),
    RuleKind(
        name="pace",
        words="Growth from one year to the next stays between two rates.",
        symbol=r"\gamma",
        equation=r"S_{gy} - (1+\gamma) S_{g,y-1} \gtreqless 0",
        unit="place or money",
        price=_PER_EITHER,
        source=_NO_TEXT,
        rows=pace.rows,
    ),
    RuleKind(
        name="milestones",
        words="No more of an award is paid by the end of a year than its milestones allow.",
        symbol="s_y",
        equation=r"\sum_{g, v \le y} q_{tmv} - s_y \sum_{g} q_{tmv} \le 0",
        unit="place or money",
        price=_PER_EITHER,
        source=f"{_C2004}, 1 C: new credits granted in time as quality improves",
        rows=milestones.rows,
    ),
    RuleKind(
        name="until_opening",
        words="One-off money stays within what is reserved for places that are not open yet.",
        symbol="L_{gy}",
        equation=r"\sum_{g} k_{t o y} - \sum_{g, v \le y < \omega_{tm}} k_{tmv} \le L_{gy}",
        unit="money",
        price=_PER_EURO,
        source=f"{_C2004}, 2: credits reserved until the opening; L.313-4, 4° CASF",
        rows=until_opening.rows,
    ),
    RuleKind(
        name="selection",
        words="Projects are taken whole or not at all, at most so many in each group.",
        symbol="n_g",
        equation=r"\sum_{j \in g} z_j \le n_g, \quad z_j \in \lbrace 0, 1 \rbrace",
        unit="project",
        price="none: the value of one more is found by solving again (docs/projects.md)",
        source=f"{_C1998}, I B: two projects a region; II B: two to three a region",
        rows=selection.rows,
    ),
    RuleKind(
        name="deadline",
        words="By the end of a year each group has received its backlog at least.",
        symbol="L_g",
        equation=r"\sum_{g, y \le Y} x_{tmy} \ge L_g",
        unit="place",
        price=_PER_PLACE,
        source=f"{_C1998}, III A: what is authorised at the law's date funded within two years",
        rows=deadline.rows,
    ),
    RuleKind(
        name="distance",
        words="Nobody stays further below its target than a share of it.",
        symbol=r"\delta",
        equation=r"\sum_{g} S_{tmy} \ge (1 - \delta) \sum_{g} \tau_t \frac{p_{ty}}{h}",
        unit="place or money",
        price=_PER_EITHER,
        source="pace-of-change policy of NHS allocations; no circular states it",
        rows=distance.rows,
    ),
    RuleKind(
        name="transfer",
        words="Money may go from one envelope to another, one way and within a limit.",
        symbol="T_g",
        equation=r"0 \le T_g \le L_g, \quad K^{\text{from}}_g + T_g \le E^{\text{from}}_g, "
        r"\quad K^{\text{to}}_g - T_g \le E^{\text{to}}_g",
        unit="money",
        price=_PER_EURO,
        source=_NO_TEXT,
        rows=transfer.rows,
    ),
)
RULE_KINDS: dict[str, RuleKind] = {kind.name: kind for kind in _RULES}


def _objective(
    name: str,
    module: Any,  # noqa: ANN401 - the kinds are modules of one face
    *,
    words: str,
    symbol: str,
    equation: str,
    linear: str,
    source: str,
) -> ObjectiveKind:
    return ObjectiveKind(
        name=name,
        words=words,
        symbol=symbol,
        equation=equation,
        linear=linear,
        source=source,
        weighting=getattr(module, "WEIGHTING", None),
        unit=module.unit,
        write=module.write,
        value=module.value,
    )


_OBJECTIVES = (
    _objective(
        "shortfall",
        shortfall,
        words="Places missing to the target rate, summed over the territories below it.",
        symbol="D",
        equation=r"\sum_t w_t \max(0, \tau - r_t)",
        linear=r"s_t \ge p_t \tau - C_t, \quad s_t \ge 0, \quad D = \sum_t \frac{w_t}{p_t} s_t",
        source=f"{_C2004}, 2: places to create to reach the national mean rate",
    ),
    _objective(
        "absolute_gap",
        absolute_gap,
        words="Distance to the target rate, above or below, summed.",
        symbol="E",
        equation=r"\sum_t w_t \lvert \tau - r_t \rvert",
        linear=r"C_t - p_t \tau = e^+_t - e^-_t, \quad e^+_t, e^-_t \ge 0, \quad "
        r"E = \sum_t \frac{w_t}{p_t} (e^+_t + e^-_t)",
        source=_NO_TEXT,
    ),
    _objective(
        "squared_gap",
        squared_gap,
        words="Squares of the distances to the target rate, summed, by segments.",
        symbol="Q",
        equation=r"\sum_t w_t (\tau - r_t)^2",
        linear=r"C_t - p_t \tau = \sum_k a_{tk} - \sum_k b_{tk}, \quad "
        r"0 \le a_{tk}, b_{tk} \le p_t h, \quad "
        r"Q = \sum_t \frac{w_t}{p_t} \sum_k (2k + 1)\, h\, (a_{tk} + b_{tk})",
        source=_NO_TEXT,
    ),
    _objective(
        "worst",
        worst,
        words="The largest shortfall of any territory.",
        symbol="W",
        equation=r"\max_t \max(0, \tau - r_t)",
        linear=r"\frac{p_t}{w_t} W \ge p_t \tau - C_t, \quad W \ge 0",
        source=_NO_TEXT,
    ),
    _objective(
        "leximin",
        leximin,
        words="The worst-off first, then the next, down to the last.",
        symbol="M",
        equation=r"\operatorname{lexmin} \operatorname{sort}_\downarrow "
        r"\bigl(\max(0, \tau - r_t)\bigr)_t",
        linear=r"\frac{p_t}{w_t} M_l \ge p_t \tau - C_t \quad (t \in \mathcal{T}_l), "
        r"\quad M_l \ge 0, \quad \operatorname{lexmin} (M_1, M_2, \dots)",
        source=_NO_TEXT,
    ),
    _objective(
        "range",
        range_between,
        words="The gap between the highest and the lowest rate.",
        symbol="H",
        equation=r"\max_t r_t - \min_t r_t",
        linear=r"p_t h \ge C_t \ge p_t l, \quad H = h - l",
        source=f"{_C1998}, III A: reduce the gap between the extreme rates",
    ),
    _objective(
        "cvar",
        cvar,
        words="The mean shortfall of the worst-off share, of territories or of people.",
        symbol="V",
        equation=r"\frac{1}{\alpha} \max\Bigl\{\sum_t q_t \max(0, \tau - r_t) : "
        r"0 \le q_t \le v_t, \ \sum_t q_t = \alpha\Bigr\}",
        linear=r"s_t \ge p_t (\tau - \eta) - C_t, \quad s_t, \eta \ge 0, \quad "
        r"V = \eta + \frac{1}{\alpha} \sum_t \frac{v_t}{p_t} s_t",
        source=_NO_TEXT,
    ),
    _objective(
        "gini",
        gini,
        words="Inequality of the rates: their Gini index, over the national rate before the plan.",
        symbol="I",
        equation=r"\frac{1}{2 r_0} \sum_s \sum_t v_s v_t \lvert r_s - r_t \rvert",
        linear=r"p_{lh} (r_h - r_l) + d_{lh} \ge 0, \quad d_{lh} \ge 0, \quad "
        r"I = \frac{1}{r_0} \sum_{l < h} v_l v_h \left(r_h - r_l + \frac{2}{p_{lh}} d_{lh}\right)",
        source=_NO_TEXT,
    ),
    _objective(
        "unmet_need",
        unmet_need,
        words="Declared needs that the plan does not meet.",
        symbol="U",
        equation=r"\sum_t \max\Bigl(0, n_t - \sum_y x_{ty}\Bigr)",
        linear=r"u_t \ge n_t - \sum_y x_{ty}, \quad u_t \ge 0, \quad U = \sum_t u_t",
        source=f"{_C2004}, 2: needs declared by the regions",
    ),
    _objective(
        "unmet_merit",
        unmet_merit,
        words="Merit of the projects that are not taken.",
        symbol="Q",
        equation=r"\sum_j q_j (1 - z_j)",
        linear=r"z_j \in \lbrace 0, 1 \rbrace, \quad Q = \sum_j q_j - \sum_j q_j z_j",
        source=f"{_C1998}, II B: the number of young adults kept in children's homes by places "
        "installed, read with the regional rate",
    ),
    _objective(
        "distance_to_reference",
        distance_to_reference,
        words="Places that differ from the circular's own allocation.",
        symbol=r"\Delta",
        equation=r"\sum_{tmy} \lvert x_{tmy} - x^{ref}_{tmy} \rvert",
        linear=r"x_{tmy} - x^{ref}_{tmy} = d^+_{tmy} - d^-_{tmy}, \quad "
        r"d^+_{tmy}, d^-_{tmy} \ge 0, \quad \Delta = \sum_{tmy} (d^+_{tmy} + d^-_{tmy})",
        source=_NO_TEXT,
    ),
    _objective(
        "spend",
        spend,
        words="Credits spent.",
        symbol="K",
        equation=r"\sum_{tmy} k_{tmy}",
        linear=r"K = \sum_{tmy} k_{tmy}",
        source=_NO_TEXT,
    ),
)
OBJECTIVE_KINDS: dict[str, ObjectiveKind] = {kind.name: kind for kind in _OBJECTIVES}


def write_rows(work: Work, name: str, spec: RuleSpec) -> list[RuleRow]:
    """Write the rows of one rule by its kind."""
    return RULE_KINDS[spec.kind].rows(work, name, spec)
