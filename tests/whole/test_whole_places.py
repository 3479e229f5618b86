"""Whole plans against enumeration, by hand, and through the command line."""

from __future__ import annotations

import csv
import itertools
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from build import instance, scenario
from pricing import places
from small import small
from tiny_whole import tree_case

from perequa.cli import main
from perequa.interpret.allocation import totals_table
from perequa.interpret.whole import whole_table
from perequa.pipeline import Success, solve_instance
from perequa.verification.verdict import verify_run
from perequa_models.errors import NoWholePlan
from perequa_models.whole import largest_remainder

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.interpret.run import Solved
    from perequa_models.instance import Instance

HANDED = {"kind": "contingent", "year": 2004}


def whole(made: Instance) -> Solved:
    """The run in whole places."""
    found = solve_instance(made, "case", prices=False)
    assert isinstance(found, Success)
    assert found.run.whole is not None
    return found.run


def lines(run: Solved, about: str) -> list[dict[str, Any]]:
    assert run.whole is not None
    return [r for r in whole_table(run, run.whole).records() if r["about"] == about]


def nearest_by_enumeration(run: Solved, most: int) -> tuple[float, float]:
    """Least departure from the total, then least distance: every whole plan is tried."""
    program, cells = run.program, int(np.prod(run.instance.shape))
    rules = np.flatnonzero(program.is_rule)
    matrix = program.matrix.toarray()[rules][:, :cells]
    lower, upper = program.row_lower[rules], program.row_upper[rules]
    x = run.x.ravel()
    low, high = math.floor(x.sum() + 1e-6), math.ceil(x.sum() - 1e-6)
    best = (math.inf, math.inf)
    for tried in itertools.product(range(most + 1), repeat=cells):
        plan = np.array(tried, dtype=float)
        activity = matrix @ plan
        if (activity >= lower - 1e-6).all() and (activity <= upper + 1e-6).all():
            off = max(0.0, low - plan.sum(), plan.sum() - high)
            best = min(best, (off, float(np.abs(plan - x).sum())))
    return best


@pytest.mark.parametrize("seed", range(25))
def test_no_whole_plan_is_nearer(seed: int) -> None:
    draw = np.random.default_rng([6, seed])
    codes = [f"region:{i}" for i in range(1, 5)]
    costs = draw.integers(7, 13, 4) * 1000.0
    rules = {
        "envelope": {"kind": "envelope", "at_most": round(float(draw.uniform(40_000, 90_000)))},
        "cap": {"kind": "cap", "by": "territory", "at_most": {"column": "cap"}},
        "floor": {"kind": "floor", "by": "territory", "in": "credits", "at_least": 3000},
    }
    spec = scenario(
        whole=True,
        measures={"home": {"cost": {"column": "cost"}}},
        rules=rules,
        objectives={
            "gap": {"kind": "shortfall", "indicator": "rate", "level": "region", "target": 5.0}
        },
    )
    figures = {
        "pop": dict(zip(codes, draw.integers(100, 400, 4).tolist(), strict=True)),
        "installed": dict.fromkeys(codes, 0),
        "cap": dict(zip(codes, draw.uniform(1.5, 5.0, 4).round(1).tolist(), strict=True)),
        "cost": dict(zip(codes, costs.tolist(), strict=True)),
    }
    run = whole(instance(spec, figures))
    assert run.whole is not None
    off, moved = nearest_by_enumeration(run, 5)
    assert len(lines(run, "total")) == (off > 0)
    assert run.whole.moved == pytest.approx(moved, abs=1e-6)
    assert run.whole.proven


def test_hand_solved_is_the_largest_remainder_when_nothing_else_is_asked() -> None:
    # 33.3 places by thirds of population; 11 places make 3.67 and 7.33: one more to the first
    case = small({"handed": HANDED | {"equals": 11}}).with_sections(
        whole=True, tie_break={"toward": "population"}
    )
    run = whole(case.instance())
    assert run.handed_out.x.ravel().tolist() == [4, 7]
    assert run.whole is not None
    assert run.whole.remainder[:2].tolist() == [4, 7]
    assert run.whole.moved == pytest.approx(2 / 3)


def test_money_that_must_be_spent_may_be_left() -> None:
    # 105 000 at 10 000 a place: ten places, 5 000 left
    spent = {"kind": "envelope", "equals": 105_000}
    run = whole(small({"spent": spent}).with_sections(whole=True).instance())
    assert run.handed_out.x.sum() == 10
    (money,) = lines(run, "money")
    assert (money["wanted"], money["kept"], money["difference"]) == (105_000, 100_000, -5_000)
    left = [r for r in totals_table(run).records() if r["territory"] == "undistributed"]
    assert [r["credits"] for r in left] == [5_000]


def test_a_floor_in_money_is_kept_by_the_place_that_passes_it() -> None:
    floor = {"kind": "floor", "by": "region", "in": "credits", "at_least": 25_000}
    handed = HANDED | {"equals": 30}
    case = small(
        {"handed": handed, "floor": floor}, {"installed": {"region:1": 900, "region:2": 0}}
    )
    run = whole(case.with_sections(whole=True).instance())
    assert run.x.ravel().tolist() == pytest.approx([2.5, 27.5])
    assert run.handed_out.x.ravel().tolist() == [3, 27]


def test_reserves_round_up() -> None:
    # a tenth of 15 places is 1.5: two are kept, thirteen handed out
    rules = {
        "handed": HANDED | {"equals": 15},
        "kept": {"kind": "reserve", "of": "handed", "share": 0.1},
    }
    run = whole(small(rules).with_sections(whole=True).instance())
    assert run.handed_out.x.sum() == 13
    (kept,) = lines(run, "reserve")
    assert (kept["wanted"], kept["kept"]) == (1.5, 2.0)
    reserve = [r for r in totals_table(run).records() if r["territory"] == "reserve"]
    assert [r["places"] for r in reserve] == [2.0]


def test_a_unit_of_fifteen_or_nothing() -> None:
    # 20 places by people are 6.67 and 13.33: units of 15 or more leave one region without
    case = small({"handed": HANDED | {"equals": 20}})
    unit = case.with_sections(whole=True, measures={"home": {"cost": 10_000, "minimum": 15}})
    run = whole(unit.instance())
    assert run.handed_out.x.ravel().tolist() == [0, 20]
    assert [(r["kept"], r["row"]) for r in lines(run, "opening")] == [
        (0.0, "x/region:1/home/2004"),
        (20.0, "x/region:2/home/2004"),
    ]


def test_half_a_place_has_no_whole_plan_and_the_rule_is_named() -> None:
    case = small({"handed": HANDED | {"equals": 10.5}}).with_sections(whole=True)
    with pytest.raises(NoWholePlan, match="handed/-/home/2004/equals would have to give") as told:
        solve_instance(case.instance(), "case")
    assert told.value.exit_status == 4


def test_only_the_measures_asked_for_are_whole() -> None:
    measures = {"home": {"cost": 10_000, "whole": True}, "care": {"cost": 10_000}}
    each = {"kind": "contingent", "by": "measure", "equals": 11}
    made = small({"each": each}).with_sections(
        measures=measures,
        indicators={"rate": {"measures": ["home"], "population": "pop", "per": 100}},
    )
    run = whole(made.instance())
    care, home = run.handed_out.x[:, :, 0].T
    assert (home == np.round(home)).all()
    assert care.tolist() == pytest.approx(run.x[:, 0, 0].tolist())
    assert (care != np.round(care)).any()


def test_totals_are_kept_at_every_level_above() -> None:
    run = whole(tree_case())
    for start, end in ((0, 2), (2, 4)):
        wanted, kept = run.x[start:end].sum(), run.handed_out.x[start:end].sum()
        assert math.floor(wanted) <= kept <= math.ceil(wanted)
    assert run.handed_out.x.sum() == 9


def test_a_total_that_cannot_be_kept_is_told_and_no_other() -> None:
    # each department of region 1 has 1.5 places at most: 3 places, of which 2 are whole
    run = whole(tree_case(cap={"department:A": 1.5, "department:B": 1.5}))
    assert run.x[:2].sum() == pytest.approx(3)
    assert run.handed_out.x[:2].sum() == 2
    assert run.handed_out.x.sum() == 9
    told = {r["row"]: (r["wanted"], r["kept"]) for r in lines(run, "total")}
    assert told == {
        "total/region:1/home/2004": (pytest.approx(3), 2.0),
        "total/region:2/home/2004": (pytest.approx(6), 7.0),
    }


def test_largest_remainders_share_from_the_country_downwards() -> None:
    made = tree_case()
    shares = np.array([2.4, 2.3, 1.9, 2.4]).reshape(made.shape)
    # 4.7 and 4.3 of 9 are 5 and 4; 2.4 and 2.3 of 5 are 3 and 2; 1.9 and 2.4 of 4 are 2 and 2
    assert largest_remainder(made, shares).ravel().tolist() == [3, 2, 2, 2]


def test_plan_does_not_depend_on_the_solver_path() -> None:
    case = small({"handed": HANDED | {"equals": 11}}).with_sections(whole=True)
    assert places(case.solved()) == places(case.solved())


SHIPPED = ("ehpad-2004-rule", "ssiad-2004", "scm-ssad-1998")


@pytest.fixture(scope="module", params=SHIPPED)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("runs") / str(request.param)
    assert main(["solve", str(request.param), "--whole", "--quiet", "-o", str(made)]) == 0
    return made


def test_shipped_scenarios_have_whole_plans_that_verify(folder: Path) -> None:
    verdict = verify_run(folder)
    assert verdict.holds, [str(d) for c in verdict.checks for d in c.disagreements][:5]
    assert [c.verdict for c in verdict.checks if c.name == "whole"] == ["ok"]
    with (folder / "allocation.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert all(float(r["places"]).is_integer() for r in rows)
    assert any(not float(r["continuous_places"]).is_integer() for r in rows)
    said = json.loads((folder / "run.json").read_text(encoding="utf-8"))["whole"]
    assert (said["proven"], said["totals_loosened"]) == (True, 0)
    with (folder / "whole.csv").open(encoding="utf-8", newline="") as stream:
        told = [r for r in csv.DictReader(stream) if r["about"] == "objective"]
    assert all(abs(float(r["difference"])) <= 0.01 * abs(float(r["wanted"])) for r in told)


OTHERS = (
    "campaign-2004",
    "convergence-2013",
    "convergence-2013:shared",
    "ehpad-2004-rule:by_department",
    "ehpad-ageing",
    "ehpad-departments:with_caps_integrated",
    "scm-homes-1998",
    "scm-ssad-1998:half_guaranteed",
)
"""Objectives near nothing, levels of a leximin: a share of them says little of what is lost."""


@pytest.mark.parametrize("name", OTHERS)
def test_other_shipped_scenarios_are_proven_and_keep_every_total(name: str, tmp_path: Path) -> None:
    source, _, variant = name.partition(":")
    asked = [source, *(["--variant", variant] if variant else [])]
    made = tmp_path / "run"
    assert main(["solve", *asked, "--whole", "--quiet", "-o", str(made)]) == 0
    said = json.loads((made / "run.json").read_text(encoding="utf-8"))["whole"]
    assert (said["proven"], said["totals_loosened"]) == (True, 0)
    verdict = verify_run(made)
    assert verdict.holds, [str(d) for c in verdict.checks for d in c.disagreements][:5]


def test_the_place_that_passes_the_floor_of_2004() -> None:
    """15 places cost 100 417 €, where the circular's floor is 100 000 €."""
    from perequa.checks import load  # noqa: PLC0415

    sets = ("whole=true", "measures.ehpad.minimum=15")
    run = whole(load("ehpad-2004-rule", (), sets).instance)
    (floor, *_) = np.flatnonzero([t.code == "24" for t in run.instance.territories])
    assert run.x[floor, 0, 0] == pytest.approx(14.93776, abs=1e-5)
    assert run.handed_out.x[floor, 0, 0] == 15
    assert run.handed_out.credits[floor, 0, 0] == pytest.approx(100_416.67, abs=0.01)
