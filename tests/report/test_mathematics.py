"""The mathematics of every shipped scenario and variant: complete, counted, fit for a viewer."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from rendered import check_latex, check_markdown, equations, section
from shipped import one_program

from perequa.checks import load
from perequa.cli import main
from perequa.compilation import compile_program
from perequa.ranked_program import with_every_pair
from perequa.report.equations.objectives import stage_weights, tally
from perequa.report.equations.symbols import figure
from perequa.report.mathematics import mathematics
from perequa.weighting import weigh
from perequa_models.catalogue import OBJECTIVE_KINDS, RULE_KINDS
from perequa_models.formulation import PROJECTS, formulate
from perequa_models.keys import AuxiliaryKey, CellKey
from perequa_models.problems import Problems
from perequa_models.reference.allocation import reference_allocation

if TYPE_CHECKING:
    from pathlib import Path

    from perequa_models.instance import Instance
    from perequa_models.reference.reference import Reference

VARIANTS = [
    (name, variant)
    for name in one_program()
    for variant in [None, *(load(name).raw.data.get("variants") or {})]
]


def instance_of(name: str, variant: str | None = None, *sets: str) -> tuple[Instance, Reference]:
    instance = load(name, [variant] if variant else [], list(sets)).instance
    return instance, reference_allocation(instance, Problems())


def written(name: str, variant: str | None = None, *sets: str, form: str = "md") -> str:
    return mathematics(*instance_of(name, variant, *sets), "mine", form)


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_every_rule_has_its_equation_and_its_number_of_rows(name: str, variant: str | None) -> None:
    instance, reference = instance_of(name, variant)
    text = mathematics(instance, reference, "mine")
    for rule, spec in instance.scenario.rules.items():
        told = section(text, f"Rule `{rule}`")
        rows = [row for row in instance.rows if row.key.rule == rule]
        assert f"- Rows: {figure(len(rows))}." in told
        assert f"${RULE_KINDS[spec.kind].equation}$" in told
        assert len(equations(told)) == len({row.key.side for row in rows})
        if rows:
            unit = instance.scenario.currency if rows[0].unit == "money" else rows[0].unit
            assert f"- Unit: {unit};" in told
        assert not spec.source or spec.source in told.replace("\\", "")


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_every_objective_has_its_equation_its_numbers_and_its_weight(
    name: str, variant: str | None
) -> None:
    instance, reference = instance_of(name, variant)
    text = mathematics(instance, reference, "mine")
    model = formulate(instance, reference)
    rows = [key for key, _ in model.rows if isinstance(key, AuxiliaryKey)]
    for objective, spec in instance.scenario.objectives.items():
        told = section(text, f"Objective `{objective}`")
        own_rows = sum(key.owner == objective for key in rows)
        own_variables = sum(
            isinstance(key, AuxiliaryKey) and key.owner == objective for key, _ in model.columns
        )
        numbers = f"- Rows: {figure(own_rows)}. Variables: {figure(own_variables)}."
        assert numbers in told
        assert f"- Priority {spec.priority}, weight {figure(spec.weight)}." in told
        assert OBJECTIVE_KINDS[spec.kind].linear in told
        (equation,) = equations(told)
        assert equation.startswith(OBJECTIVE_KINDS[spec.kind].symbol)
    total = section(text, "Variables")
    together = sum(key.owner == PROJECTS for key in rows)
    assert f"{figure(len(rows) - together)} row" in total
    assert not together or f"{figure(together)} rows that hold projects together" in total
    assert f"{figure(len(model.columns))} column" in total
    cells = sum(isinstance(key, CellKey) for key, _ in model.columns)
    assert f"| {figure(cells)} |" in total


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_markdown_shows_on_a_plain_viewer(name: str, variant: str | None) -> None:
    check_markdown(written(name, variant))


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_latex_is_balanced(name: str, variant: str | None) -> None:
    check_latex(written(name, variant, form="tex"))


@pytest.mark.parametrize("name", one_program())
def test_sets_and_figures_are_those_of_the_scenario(name: str) -> None:
    instance, reference = instance_of(name)
    text = mathematics(instance, reference, "mine")
    sets = section(text, "Sets")
    for territory in instance.territories:
        assert f"`{territory.code}` {territory.name}" in sets
    for level in instance.tree.levels:
        assert f"`{level}`" in sets
        assert f"| {figure(len(instance.tree.at(level)))} |" in sets
    quantities = section(text, "Quantities")
    for months in set(instance.opening_months) - {12}:
        assert rf"\frac{{{months}}}{{12}}" in quantities
        assert rf"\frac{{{12 - months}}}{{12}}" in quantities
    data = section(text, "Data")
    for indicator in instance.indicators.values():
        assert f"| {figure(indicator.target)} |" in data
        assert f"`{instance.scenario.indicators[indicator.name].population}`" in data


@pytest.mark.parametrize("name", one_program())
def test_weights_are_those_the_solver_gets(name: str) -> None:
    instance, reference = instance_of(name)
    used = weigh(instance, reference, lambda _k: pytest.fail("nothing is normalised by range"))
    np.testing.assert_array_equal(stage_weights(instance, reference).weights, used.weights)
    told = section(mathematics(instance, reference, "mine"), "Priorities and weights")
    assert len(equations(told)) == len(used.priorities)


def test_a_sum_of_objectives_shows_its_weights() -> None:
    told = section(written("ssiad-2004"), "Priorities and weights")
    instance, reference = instance_of("ssiad-2004")
    weights = weigh(instance, reference, lambda _k: 0.0).weights[0]
    assert f"{weights[1]:.12g} H_" in told
    assert r"7.34326276914 \cdot 10^{-5} D_{\text{converge}}" in told


def test_a_range_that_only_a_solution_knows_is_no_error() -> None:
    """Nothing is spent before the plan: its range is not known to be above zero until solved."""
    change = "objectives.thrift={kind: spend, normalise: range, weight: 0.5}"
    told = section(written("ssiad-2004", None, change), "Priorities and weights")
    assert r"\frac{0.5}{V_{\text{thrift}} - V^{\min}_{\text{thrift}}} K_{\text{thrift}}" in told


def test_a_weight_by_range_is_left_in_symbols() -> None:
    change = "objectives.extremes.normalise=range"
    told = section(written("ssiad-2004", None, change), "Priorities and weights")
    symbol = r"\frac{0.4}{V_{\text{extremes}} - V^{\min}_{\text{extremes}}} H_{\text{extremes}}"
    assert symbol in told
    assert "known once solved" in told


def test_where_a_limit_comes_from() -> None:
    text = written("ehpad-2004-rule", None, "rules.caps.at_most={column: cap_ehpad, times: 1.5}")
    caps = section(text, "Rule `caps`")
    assert "- Limit (`at_most`): 1.5 × column `cap_ehpad` of `caps.csv`." in caps
    assert "- Limits from 90 to 11\u202f653.95." in caps
    assert r"x_{t,\text{ehpad},2021} \le L_{t} \qquad \forall t \in \mathcal{T}" in caps
    assert "- Limit (`at_most`): the number 24\u202f100\u202f000." in text


def test_a_limit_moved_by_adjust_is_told() -> None:
    text = written(
        "ehpad-2004-rule", None, "rules.floor.adjust=[{territory: 'region:06', plus: 5}]"
    )
    floor = section(text, "Rule `floor`")
    assert "1 row moved by `adjust`" in floor
    assert "Limits from 100\u202f000 to 100\u202f005." in floor
    (equation,) = equations(floor)
    assert equation.startswith(r"k_{t,\text{ehpad},2021} \ge L_{t}")


@pytest.mark.parametrize(
    ("rule", "equation"),
    [
        (
            "{kind: cap, by: [region, year], cumulative: true, at_most: 500}",
            r"\sum_{v \in \mathcal{Y}, v \le y} x_{t,\text{ssiad},v} \le 500 "
            r"\qquad \forall t \in \mathcal{T}, \enspace y \in \mathcal{Y}",
        ),
        (
            "{kind: pace, by: [region, year], growth_at_most: 0.05, growth_at_least: -0.01}",
            r"S_{t,\text{ssiad},y} - 1.05 S_{t,\text{ssiad},y-1} \le 0 "
            r"\qquad \forall t \in \mathcal{T}, \enspace y \in \mathcal{Y}",
        ),
        (
            "{kind: ring_fence, territories: ['region:01', 'region:02'], set_aside: 200000, "
            "of: home_life_2004}",
            r"\sum_{t \in \mathcal{T}_{\text{extra}}} k_{t,\text{ssiad},2004} \le "
            r"\text{10 500 000}",
        ),
        (
            "{kind: floor, by: {column: pop_75p}, at_least: 0}",
            r"\sum_{t \in \mathcal{T}_h} \sum_{y \in \mathcal{Y}} x_{t,\text{ssiad},y} \ge 0 "
            r"\qquad \forall h \in \mathcal{H}",
        ),
        (
            "{kind: reserve, of: population_share, share: 0.01}",
            r"R^{\text{extra}}_{t} = 0.01 L_{t} \qquad \forall t \in \mathcal{T}",
        ),
        (
            "{kind: envelope, in: budget, at_most: 100000000}",
            r"\sum_{t \in \mathcal{T}} G_{t,\text{ssiad},y} \le \text{100 000 000} "
            r"\qquad \forall y \in \mathcal{Y}",
        ),
    ],
)
def test_equations_of_other_rules(rule: str, equation: str) -> None:
    text = written("ssiad-2004", None, f"rules.extra={rule}")
    assert equation in equations(section(text, "Rule `extra`"))


def test_groups_coarser_than_the_territories_that_decide() -> None:
    text = written("ehpad-2004-rule", "by_department")
    (equation,) = equations(section(text, "Rule `floor`"))
    every = r"\qquad \forall u \in \mathcal{T}_{\text{region}}"
    summed = r"\sum_{t \in \mathcal{T}_u} k_{t,\text{ehpad},2021}"
    assert equation == rf"{summed} \ge \text{{100 000}} {every}"


def test_a_reserve_names_what_it_is_taken_from() -> None:
    text = written("scm-ssad-1998")
    (equation,) = equations(section(text, "Rule `scm_contingent`"))
    assert equation.endswith(r"+ R^{\text{scm-reserve}} = 7000")
    (equation,) = equations(section(text, "Rule `scm_reserve`"))
    assert equation == r"R^{\text{scm-reserve}} = 0.1 \times 7000 = 700"


@pytest.mark.parametrize("name", one_program())
def test_the_reference_adds_up(name: str) -> None:
    instance, reference = instance_of(name)
    text = mathematics(instance, reference, "mine")
    assert ("## Reference" in text) == bool(instance.scenario.reference)
    for i, block in enumerate(instance.scenario.reference):
        told = section(text, f"Block {i + 1}")
        assert f"Shares {figure(reference.amounts[i])} " in told
        for part in block.parts:
            assert f"Part `{part.name}`:" in told
            given = sum(
                row.amount for row in reference.parts if (row.block, row.part) == (i, part.name)
            )
            assert f"handed out: {figure(given)}." in told


def test_what_the_parts_could_not_place_is_told() -> None:
    _, reference = instance_of("scm-ssad-1998", "remainder_unspent")
    text = written("scm-ssad-1998", "remainder_unspent")
    assert reference.unplaced
    for lost in reference.unplaced:
        assert f"Not placed by part `{lost.part}`: {figure(lost.amount)}." in text


def test_what_a_planner_wrote_is_never_markup() -> None:
    title = r"title='50 % _of_ *all* $x <b> | & #1 `code` [a](b) \\end ~ ^'"
    text = written("ssiad-2004", None, title)
    line = text.splitlines()[2]
    marks = r"50 % \_of\_ \*all\* \$x \<b\> \| &amp; \#1 \`code\` \[a\](b) \\\\end \~ ^"
    assert line == marks
    for start, kept in (("1. one", r"1\. one"), ("- one", r"\- one"), ("2004 one", "2004 one")):
        assert written("ssiad-2004", None, f"title='{start}'").splitlines()[2] == kept
    tex = written("ssiad-2004", None, title, form="tex")
    assert r"50 \% \_of\_ *all* \$x \textless{}b\textgreater{} | \& \#1" in tex


MIX = "{mix: [{column: pop_75p, weight: 1.5}, {column: installed, weight: -0.5}], times: 2}"
PART = "reference.parts.1.basis"
ALONE = ["objectives.converge.priority=2", "objectives.extremes.priority=1"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (["tie_break.toward=population"], "$a_{tm}$: the population of the first indicator"),
        (["tie_break.toward=installed"], r"$a_{tm} = \max\left(1, S^0_{tm}\right)$"),
        (["tie_break.toward=equal"], "$a_{tm} = 1$"),
        (["tie_break.toward=reference"], r"\left(x_{tmy} - x^{\text{ref}}_{tmy}\right)^2"),
        (["tie_break.toward={column: pop_75p}"], "$a_{tm}$: column `pop_75p`"),
        (["tie_break.method=stepped"], "hence one plan; method stepped."),
        (["measures.ssiad.recurrent=false"], "never enters the next year's budget: `ssiad`."),
        (["measures.ssiad.financed_share=0.8"], "10\u202f500, of which 0.8 is financed"),
        (["measures.ssiad.rate={2004: 0.01}"], r"$\rho_{t,\text{ssiad},y}$"),
        (["measures.ssiad.rate={2004: 0.01}"], "2004: 0.01"),
        (["measures.ssiad.cost={column: all_places}"], "| column `all_places` of `supply.csv` |"),
        (["supply.absent=closed", "measures.day={cost: 1}"], "52 decisions of closed pairs"),
        ([*ALONE, "indicators.ssiad_rate.in=budget"], r"\sum_{t \in \mathcal{T}_u} G_{t,"),
        (["objectives.converge.target=national"], r"Target $\tau_y$: the national rate"),
        (["objectives.converge.target=18.5"], r"Target: $\tau = 18.5$, a number of the scenario."),
        (["objectives.converge.territories=['region:01']"], r"$\mathcal{T}^{\star}$: 1 territory"),
        (["objectives.converge.weighting=territory"], "Weighting: territory, $w_{uy} = 1$."),
        ([f"{PART}=equal"], "Key: $b_t = 1$."),
        ([f"{PART}=equal", f"{PART}={MIX}"], "Key $b_t$: 2 × (1.5 × the share of column `pop_75p`"),
        (
            [f"{PART}=equal", f"{PART}={MIX}", "reference.parts.1.negative=keep"],
            "); negative keys are kept.",
        ),
        (["reference.parts.1.floor=3"], r"a^{\text{by-population}}_t = 3 + \lambda b_t"),
        (["reference.parts.1.cap=90"], "Cap $U_t$: 90, on this part; what it stops goes to those"),
        (["reference.parts.1.eligible={territories: ['region:01']}"], ": `01` Guadeloupe."),
        (["reference.parts.1.eligible={column: installed, equals: 226}"], "Eligible: 1 of 26 "),
        (
            ["reference.parts.1.share=null", "reference.parts.1.rest=true"],
            "Size: what the other parts leave; handed out: 730.",
        ),
        (
            ["rules.kept={kind: reserve, of: contingent, amount: 25}"],
            r"R^{\text{kept}} = 25",
        ),
        (
            [
                "rules.kept={kind: reserve, of: contingent, share: 0.2}",
                "reference.reserve=after",
            ],
            "the same share of which is taken off every territory's total, after the parts.",
        ),
        (
            ["rules.kept={kind: reserve, of: population_share, amount: {column: installed}}"],
            r"R^{\text{kept}}_{t} = A_{t} \qquad \forall t \in \mathcal{T}",
        ),
        (
            ["rules.held={kind: withhold, territories: ['region:01']}"],
            "Shared out and not delivered: the credits of 2 decisions (1 line in `rules.csv`",
        ),
        (
            ["rules.both={kind: floor, by: region, at_least: 0, at_most: {column: installed}}"],
            r"\sum_{y \in \mathcal{Y}} x_{t,\text{ssiad},y} \le L^{\max}_{t}",
        ),
        (
            ["rules.some={kind: cap, by: region, at_most: {column: pop_75p, plus: 2}}"],
            "column `pop_75p` of `population.csv` + 2.",
        ),
        (
            ["rules.top={kind: ceiling, by: [territory, year], above: forbid, at_most: 99999999}"],
            "`above: forbid`: a base above its ceiling leaves no plan.",
        ),
    ],
)  # fmt: skip
def test_what_else_a_scenario_may_state(changes: list[str], told: str) -> None:
    assert told in written("ssiad-2004", None, *changes)
    check_markdown(written("ssiad-2004", None, *changes))
    check_latex(written("ssiad-2004", None, *changes, form="tex"))


def test_tally_counts_as_the_program_is_built() -> None:
    """Kinds that no shipped scenario uses."""
    kinds = {
        "gap": "{kind: absolute_gap, indicator: ssiad_rate, level: region, years: all}",
        "worst": "{kind: worst, indicator: ssiad_rate, level: region, priority: 2}",
        "tail": "{kind: cvar, tail: 0.2, indicator: ssiad_rate, level: region, priority: 2}",
        "unequal": "{kind: gini, indicator: ssiad_rate, level: region, years: all, priority: 2}",
        "far": "{kind: distance_to_reference, level: region, priority: 3}",
        "money": "{kind: spend, normalise: none, priority: 4}",
    }
    sets = [f"objectives.{name}={spec}" for name, spec in kinds.items()]
    instance, reference = instance_of("ssiad-2004", None, *sets)
    model = with_every_pair(compile_program(formulate(instance, reference)))
    for name in kinds:
        counted = tally(instance, reference, name)
        rows = sum(isinstance(k, AuxiliaryKey) and k.owner == name for k in model.row_keys)
        columns = sum(isinstance(k, AuxiliaryKey) and k.owner == name for k in model.column_keys)
        assert (counted.rows, counted.variables_made) == (rows, columns), name
    text = mathematics(instance, reference, "mine")
    assert len(equations(section(text, "Objective `far`"))) == 1
    assert r"\frac{1}{2} \sum_{y \in \mathcal{Y}} " in section(text, "Objective `gap`")
    assert r"\frac{1}{2 r_0} \sum_{u \in" in section(text, "Objective `unequal`")
    assert r"\frac{1}{0.2} \sum_{" in section(text, "Objective `tail`")
    assert "one by the number of territories compared" in section(text, "Objective `tail`")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["formulation", "ssiad-2004"]) == 0
    printed = capsys.readouterr().out
    assert printed == written("ssiad-2004").replace("of mine", "of ssiad-2004")
    target = tmp_path / "mine.tex"
    arguments = ["--variant", "shortfall_only", "--format", "tex", "-o", str(target)]
    assert main(["formulation", "ssiad-2004", *arguments]) == 0
    assert capsys.readouterr().out == ""
    assert "ssiad-2004-shortfall\\_only" in target.read_text(encoding="utf-8")
    assert main(["formulation", "ssiad-2004", "--format", "pdf"]) == 2
    assert main(["formulation", "nowhere"]) == 3
    assert main(["formulation", "ssiad-2004", "-o", str(tmp_path / "no" / "x.md")]) == 0
    assert main(["formulation", "ssiad-2004", "-o", str(tmp_path / "folder")]) == 0
    inside = tmp_path / "folder" / "ssiad-2004.md"
    assert inside.read_bytes() == (tmp_path / "no" / "x.md").read_bytes()


def test_nothing_is_solved_and_nothing_formulated() -> None:
    program = (
        "import sys; from perequa.cli import main; code = main(['formulation', 'ssiad-2004']); "
        "assert not {'pyomo', 'highspy'} & set(sys.modules); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
