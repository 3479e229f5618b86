"""Cascades of two regions against plans made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from two_regions import GAP, region, whole, written

from perequa.cascade.solving import run_any

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.running import FinishedRun


def solved(folder: Path, *arguments: Any, jobs: int = 1, **tables: str) -> FinishedRun:
    source = written(folder / "scenario", *arguments, **tables)
    return run_any(source, lambda name: folder / name, jobs=jobs)


def decided(run: FinishedRun, step: str | None = None) -> dict[str, float]:
    return {
        str(r["territory"]): float(r["places"] or 0.0)
        for r in run.tables["allocation"].records()
        if (r["step"] == step if step else r["step"] != "nation")
    }


def rows(run: FinishedRun, name: str) -> list[dict[str, Any]]:
    return list(run.tables[name].records())


def test_the_nation_shares_and_each_region_shares_again(tmp_path: Path) -> None:
    """Both regions miss 60, so each gets 15 of 30 places; by head inside (the default tie-break).

    In region One nothing binds but the money: 15 places are spread by population, 3.75 and 11.25.
    """
    run = solved(tmp_path)
    assert (run.exit_code, run.status) == (0, "optimal")
    assert decided(run, "nation") == pytest.approx({"1": 15, "2": 15})
    assert decided(run) == pytest.approx({"A": 3.75, "B": 11.25, "C": 7.5, "D": 7.5})
    handed = {r["step"]: (r["handed_down"], r["used"], r["unspent"]) for r in rows(run, "cascade")}
    assert handed["region-1"] == pytest.approx((15000, 15000, 0))
    (price,) = rows(run, "decentralisation")
    assert (price["integrated"], price["cascade"]) == pytest.approx((90, 90))
    assert rows(run, "unkept") == []


def test_a_region_that_keeps_money_from_where_it_is_missed_has_a_price(tmp_path: Path) -> None:
    """Gamma can be funded 5 places and Delta reaches the target with 20: 25 of 40 are used.

    The nation sees region Two missing 60 and gives it 40 of 80 places; One uses its 40. In all 65
    places close 65 of 120: 55 are left. At once, One takes the 60 it misses, Two the other 20: 40.
    """
    supply = "level,territory,installed,unfunded\n" + "".join(
        f"department,{code},{installed},{unfunded}\n"
        for code, installed, unfunded in (("A", 10, 99), ("B", 90, 99), ("C", 40, 5), ("D", 60, 99))
    )
    unfunded = {"kind": "cap", "by": "department", "at_most": {"column": "unfunded"}}
    rules = {"envelope": {"kind": "envelope", "at_most": 80000}, "unfunded": unfunded}
    run = solved(tmp_path, whole(rules=rules), supply=supply)
    assert decided(run, "nation") == pytest.approx({"1": 40, "2": 40})
    assert decided(run)["C"] == pytest.approx(5)
    assert decided(run)["D"] == pytest.approx(20)
    ended = {r["step"]: r["unspent"] for r in rows(run, "cascade")}
    assert ended["region-2"] == pytest.approx(15000)
    (price,) = rows(run, "decentralisation")
    assert (price["integrated"], price["cascade"], price["difference"]) == pytest.approx(
        (40, 55, 15)
    )


def test_each_region_decides_by_its_own_objective(tmp_path: Path) -> None:
    """Two looks at its worst-off: Gamma (2 per 100) gets all 15 places, and is at 2.75 then."""
    worst = {"kind": "worst", "indicator": "rate", "level": "department", "target": 4.0}
    own = region(objectives={"worst": worst, "gap": {**GAP, "priority": 2}})
    run = solved(tmp_path, None, None, {"2": own})
    assert decided(run) == pytest.approx({"A": 3.75, "B": 11.25, "C": 15, "D": 0})
    objectives = {(r["step"], r["objective"]) for r in rows(run, "objectives")}
    assert ("region-2", "worst") in objectives
    assert ("region-1", "worst") not in objectives


def test_the_target_of_a_region_is_the_rate_of_the_country(tmp_path: Path) -> None:
    """2.5 per 100 nationally, and in both regions; Alpha misses 15 to it, Beta nothing."""
    gap = {"kind": "shortfall", "indicator": "rate", "level": "department"}
    supply = "level,territory,installed\ndepartment,A,10\ndepartment,B,30\ndepartment,C,60\n"
    supply += "department,D,100\n"
    run = solved(tmp_path, whole(objectives={"gap": gap}), region(objectives={"gap": gap}),
                 supply=supply)  # fmt: skip
    targets = {r["step"]: r["target"] for r in rows(run, "indicators")}
    assert targets == pytest.approx({"nation": 2.5, "region-1": 2.5, "region-2": 2.5})
    first = {r["step"]: r["initial_value"] for r in rows(run, "objectives")}
    assert first == pytest.approx({"nation": 60, "region-1": 60, "region-2": 0})


@pytest.mark.parametrize("by", ["department", "territory"])
def test_caps_of_the_nation_bind_below(tmp_path: Path, by: str) -> None:
    unfunded = {"kind": "cap", "by": by, "at_most": {"column": "unfunded"}}
    supply = "level,territory,installed,unfunded\n" + "".join(
        f"department,{code},50,{unfunded}\n"
        for code, unfunded in zip("ABCD", (2, 9, 8, 1), strict=True)
    )
    run = solved(tmp_path, whole(rules={"unfunded": unfunded}), supply=supply)
    for code, limit in zip("ABCD", (2, 9, 8, 1), strict=True):
        assert decided(run)[code] <= limit + 1e-6
    at_region = {r["step"] for r in rows(run, "rules") if r["rule"] == "unfunded"}
    assert at_region == {"region-1", "region-2"} | ({"nation"} if by == "territory" else set())


def test_a_rule_that_speaks_of_nobody_in_a_region_is_left_out_there(tmp_path: Path) -> None:
    only = {"kind": "floor", "territories": ["department:C"], "at_least": 9}
    rural = {"kind": "cap", "by": "department", "at_most": 3,
             "territories": {"column": "kind", "equals": "rural"}}  # fmt: skip
    territories = (
        "level,code,name,parent,pop,kind\nregion,1,One,,,\nregion,2,Two,,,\n"
        "department,A,Alpha,1,1000,rural\ndepartment,B,Beta,1,3000,town\n"
        "department,C,Gamma,2,2000,town\ndepartment,D,Delta,2,2000,town\n"
    )
    run = solved(tmp_path, whole(rules={"only": only, "rural": rural}), territories=territories)
    assert run.exit_code == 0
    assert decided(run)["C"] >= 9 - 1e-6
    assert decided(run)["A"] <= 3 + 1e-6
    held = {(r["step"], r["rule"]) for r in rows(run, "rules")} - {("nation", "envelope")}
    assert {("region-2", "only"), ("region-1", "rural")} <= held
    assert not {("region-1", "only"), ("region-2", "rural")} & held


def test_places_of_several_measures_are_handed_down_one_by_one(tmp_path: Path) -> None:
    """10 homes and 20 day places for each region: 5 and 10 by region, and never mixed."""
    supply = "level,territory,measure,installed\n" + "".join(
        f"department,{code},{measure},0\n" for code in "ABCD" for measure in ("home", "day")
    )
    stated = whole(
        measures={"home": {"cost": 1000}, "day": {"cost": 500}},
        rules={
            "envelope": None,
            "homes": {"kind": "contingent", "measure": "home", "at_most": 10},
            "days": {"kind": "contingent", "measure": "day", "at_most": 20},
        },
        indicators={"rate": {"measures": ["home", "day"], "population": "pop", "per": 100}},
    )
    hands = {"rule": "received", "in": "places", "by_measure": True}
    stated["cascade"]["steps"][1]["hands_down"] = hands
    part = {"objectives": {"gap": GAP}}
    run = solved(tmp_path, stated, part, supply=supply)
    told = {(r["step"], r["measure"]): r["handed_down"] for r in rows(run, "handed_down")}
    assert told["region-1", "home"] + told["region-2", "home"] == pytest.approx(10)
    assert told["region-1", "day"] + told["region-2", "day"] == pytest.approx(20)
    assert {r["unit"] for r in rows(run, "handed_down")} == {"place"}
    for r in rows(run, "handed_down"):
        assert r["used"] == pytest.approx(r["handed_down"])


def test_what_the_regions_break_together_is_listed(tmp_path: Path) -> None:
    """The nation wants 12 000 spent in Two; Two caps Gamma and Delta at 4 places each."""
    floor = {"kind": "floor", "by": "region", "in": "credits", "at_least": 12000}
    small = {"kind": "cap", "by": "territory", "at_most": 4}
    run = solved(tmp_path, whole(rules={"floor": floor}), None, {"2": region({"small": small})})
    assert run.exit_code == 0
    (missed,) = rows(run, "unkept")
    assert (missed["rule"], missed["territory"], missed["side"]) == ("floor", "2", "at_least")
    assert (missed["limit"], missed["activity"]) == pytest.approx((12000, 8000))
    # at once no plan keeps both: the comparison has no figure, and the cascade stands
    ended = {r["step"]: r["status"] for r in rows(run, "cascade")}
    assert ended["integrated"] == "infeasible"
    assert rows(run, "decentralisation")[0]["integrated"] is None
    assert rows(run, "decentralisation")[0]["cascade"] == pytest.approx(97)
