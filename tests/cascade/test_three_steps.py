"""The nation, its regions, their departments: each inside what the step above gave it."""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_pages import check_whole
from resigning import resigned
from scipy.optimize import linprog
from three_steps import DEPARTMENTS, HOMES, STEP, UNFUNDED, gap, stated, write_three

from perequa.cascade.solving import run_any
from perequa.cli import main
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from perequa.running import FinishedRun

CAPS = {"kind": "cap", "by": "territory", "at_most": {"column": "unfunded"}}
ONLY_D2 = {**UNFUNDED, "d2": 5}


def solved(folder: Path, *arguments: Any, jobs: int = 1, **options: Any) -> FinishedRun:
    source = write_three(folder / "scenario", *arguments, **options)
    return run_any(source, lambda name: folder / name, jobs=jobs)


def rows(run: FinishedRun, name: str) -> list[dict[str, Any]]:
    return list(run.tables[name].records())


def decided(run: FinishedRun, level: str) -> dict[str, float]:
    return {
        str(r["territory"]): float(r["places"] or 0.0)
        for r in rows(run, "allocation")
        if r["level"] == level
    }


def test_each_step_shares_what_the_one_above_gave(tmp_path: Path) -> None:
    """40 places for 80 that regions miss: 20 each, by head. One misses places in A alone.

    C and D have 10 each, by head; C shares 5 and 5, D serves d2, which may have 5: 5 stay unspent.
    At once, nobody goes without them.
    """
    run = solved(tmp_path, stated(unfunded=CAPS), unfunded=ONLY_D2)
    assert (run.exit_code, run.status) == (0, "optimal")
    assert decided(run, "region") == pytest.approx({"1": 20, "2": 20})
    assert decided(run, "department") == pytest.approx({"A": 20, "B": 0, "C": 10, "D": 10})
    homes = {"a1": 20, "a2": 0, "b1": 0, "b2": 0, "c1": 5, "c2": 5, "d1": 0, "d2": 5}
    assert decided(run, "establishment") == pytest.approx(homes)
    told = {r["step"]: (r["above"], r["handed_down"], r["unspent"]) for r in rows(run, "cascade")}
    assert told["nation"][0] is None
    assert told["region-2"][:2] == ("nation", pytest.approx(20_000))
    assert told["department-C"][:2] == ("region-2", pytest.approx(10_000))
    assert told["department-D"] == ("region-2", pytest.approx(10_000), pytest.approx(5_000))
    (price,) = rows(run, "decentralisation")
    assert (price["integrated"], price["cascade"]) == pytest.approx((50, 55))
    assert rows(run, "unkept") == []


def test_a_rule_binds_the_steps_that_see_what_it_names(tmp_path: Path) -> None:
    floors = {"kind": "floor", "by": "department", "at_least": 3}
    homes = {"kind": "cap", "by": "establishment", "at_most": 12}
    named = {"kind": "floor", "territories": ["establishment:b1"], "at_least": 2}
    above = {"kind": "cap", "by": "establishment", "territories": ["region:2"], "at_most": 4}
    rules = {"unfunded": CAPS, "floors": floors, "homes": homes, "named": named, "above": above}
    run = solved(tmp_path, stated(**rules), unfunded=ONLY_D2)
    assert run.exit_code == 0
    held: dict[str, set[str]] = {}
    for row in rows(run, "rules"):
        held.setdefault(str(row["rule"]), set()).add(str(row["step"]))
    regions = {"region-1", "region-2"}
    departments = {f"department-{code}" for code in DEPARTMENTS}
    assert held["unfunded"] == {"nation"} | regions | departments
    assert held["floors"] == regions
    assert held["homes"] == departments
    assert held["named"] == {"department-B"}
    assert held["above"] == {"department-C", "department-D"}
    assert min(decided(run, "department").values()) >= 3 - 1e-6
    assert decided(run, "establishment")["b1"] >= 2 - 1e-6
    assert max(decided(run, "establishment")[h] for h in ("c1", "c2", "d1", "d2")) <= 4 + 1e-6
    verdict = verify_run(tmp_path / "three")
    assert [str(d) for check in verdict.checks for d in check.disagreements] == []


def test_a_cap_by_a_derived_column_holds_at_every_step(tmp_path: Path) -> None:
    """Half of what is authorised, computed for each home: 2.5 in d2, 50 elsewhere."""
    cap = {"kind": "cap", "by": "territory", "at_most": {"column": "half"}}
    from_columns = {"activity": "unfunded", "unit_cost": "share"}
    whole = stated(cap=cap) | {
        "derive": {"half": {"formula": "activity_cost", "from": from_columns}}
    }
    columns = {"share": {f"establishment:{home}": 0.5 for home in HOMES}}
    run = solved(tmp_path, whole, unfunded=ONLY_D2, columns=columns)
    assert run.exit_code == 0
    assert decided(run, "establishment")["d2"] == pytest.approx(2.5)
    held = {r["step"] for r in rows(run, "rules") if r["rule"] == "cap"}
    assert {"nation", "region-2", "department-D"} <= held
    assert verify_run(tmp_path / "three").holds


def test_a_step_measures_its_objectives_where_it_decides(tmp_path: Path) -> None:
    """A region's file that looks at establishments sees departments; each file may be its own."""
    worst = {"kind": "worst", "indicator": "rate", "level": "establishment", "target": 4.0}
    then = {**gap("establishment"), "priority": 2}
    region = {**STEP, "objectives": {"worst": worst, "gap": then}}
    own = {"D": {**STEP, "objectives": {"worst": worst, "gap": then}}}
    run = solved(tmp_path, None, region, own=own)
    assert run.exit_code == 0
    measured = {(r["step"], r["objective"]) for r in rows(run, "objectives")}
    assert ("region-2", "worst") in measured
    assert ("department-D", "worst") in measured
    assert ("department-C", "worst") not in measured
    record = json.loads((tmp_path / "three/steps/region-2/run.json").read_text(encoding="utf-8"))
    assert record["scenario"]["objectives"]["worst"]["level"] == "department"
    # D is at 2 per 100 people, C at 3: all goes to the worst-off
    assert decided(run, "department") == pytest.approx({"A": 20, "B": 0, "C": 0, "D": 20})
    assert verify_run(tmp_path / "three").holds


def test_below_a_region_that_fails_nobody_decides(tmp_path: Path) -> None:
    region = {
        "rules": {**STEP["rules"], "much": {"kind": "floor", "by": "department", "at_least": 8}},
        "objectives": {"gap": gap("department")},
    }
    run = solved(tmp_path, stated(12), region)
    ended = {r["step"]: (r["status"], r["folder"]) for r in rows(run, "cascade")}
    assert run.exit_code == 4
    failed = [step for step, (status, _) in ended.items() if status == "infeasible"]
    assert {"region-1", "region-2"} & {*failed}
    for code, number in DEPARTMENTS.items():
        expected = "not_solved" if f"region-{number}" in failed else "optimal"
        assert ended[f"department-{code}"][0] == expected
    assert rows(run, "decentralisation")[0]["cascade"] is None
    assert verify_run(tmp_path / "three").holds


def test_no_table_depends_on_how_many_processes(tmp_path: Path) -> None:
    one = solved(tmp_path / "one", jobs=1)
    two = solved(tmp_path / "two", jobs=2)
    assert one.tables == two.tables


def rewritten(path: Path, change: Callable[[list[dict[str, str]]], None]) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        held = list(csv.DictReader(stream))
    change(held)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(held[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(held)


def other_region(run: Path) -> None:
    """Say that C received what region One gave."""
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    for part in record["cascade"]["steps"]:
        if part["step"] == "department-C":
            part["above"] = "region-1"
    (run / "run.json").write_text(json.dumps(record), encoding="utf-8")


def more_received(run: Path) -> None:
    """Hand C a thousand more than its region gave it."""
    (table,) = (run / "steps/department-C/inputs").rglob("envelope.csv")
    rewritten(table, lambda held: held[0].update(limit=str(float(held[0]["limit"]) + 1000)))


def one_department_less(run: Path) -> None:
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    steps = record["cascade"]["steps"]
    record["cascade"]["steps"] = [part for part in steps if part["step"] != "department-B"]
    (run / "run.json").write_text(json.dumps(record), encoding="utf-8")


def another_above(run: Path) -> None:
    rewritten(run / "cascade.csv", lambda held: held[4].update(above="nation"))


@pytest.mark.parametrize("forge", [other_region, more_received, one_department_less, another_above])
def test_a_forged_step_is_found(tmp_path: Path, forge: Callable[[Path], None]) -> None:
    run = solved(tmp_path).folder
    assert run is not None
    assert verify_run(run).holds
    forge(run)
    resigned(run)
    verdict = verify_run(run)
    (cascade,) = (check for check in verdict.checks if check.number == 12)
    (price,) = (check for check in verdict.checks if check.number == 13)
    assert cascade.disagreements or price.disagreements


def test_what_was_decided_is_followed_up_reported_and_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, run = write_three(tmp_path / "scenario"), tmp_path / "run"
    assert main(["solve", source, "-o", str(run), "--jobs", "1", "--quiet"]) == 0
    assert main(["verify", str(run)]) == 0
    assert main(["report", str(run), "-o", str(tmp_path / "page.html")]) == 0
    read = check_whole((tmp_path / "page.html").read_text(encoding="utf-8"), "en")
    assert "Handed down by" in [text.strip() for text in read.inside["th"]]
    capsys.readouterr()
    assert main(["explain", str(run), "--territory", "establishment:d2"]) == 0
    assert "D2 (establishment:d2) gets 10 places" in capsys.readouterr().out
    (tmp_path / "r.csv").write_text(
        "level,territory,year,authorised,funded,opened,opening_date\n"
        "establishment,d2,2024,10,10,5,2024-01-01\n",
        encoding="utf-8",
    )
    followed = tmp_path / "next"
    assert main(["follow-up", str(run), str(tmp_path / "r.csv"), "-o", str(followed)]) == 0
    assert main(["verify", str(followed)]) == 0
    with (followed / "realisation.csv").open(encoding="utf-8", newline="") as stream:
        told = {(r["level"], r["territory"]): r for r in csv.DictReader(stream)}
    assert float(told["department", "D"]["planned"]) == pytest.approx(10)
    assert float(told["nation", ""]["planned"]) == pytest.approx(40)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"decide_at": "department"}, "wrong_level"),
        ({"decide_at": "region"}, "wrong_level"),
        ({"hands_down": []}, "missing_key"),
        ({"own": {"region:1": "steps/region.yaml"}}, "unknown_territory"),
    ],
)
def test_what_is_wrong_with_the_third_step_is_told(
    tmp_path: Path, change: dict[str, Any], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = stated()
    whole["cascade"]["steps"][2] |= change
    source = write_three(tmp_path / "scenario", whole)
    assert main(["validate", source, "--format", "json"]) == 3
    found = json.loads(capsys.readouterr().out)["findings"]
    assert code in {f["code"] for f in found if f["severity"] == "error"}


@st.composite
def drawn(draw: st.DrawFn) -> dict[str, Any]:
    """People, places, caps of eight homes, and money for some of what is missed."""

    def of_homes(low: int, high: int, times: int = 1) -> dict[str, int]:
        figures = draw(st.lists(st.integers(low, high), min_size=8, max_size=8))
        return {home: times * n for home, n in zip(HOMES, figures, strict=True)}

    return {
        "people": of_homes(5, 40, 100),
        "installed": of_homes(0, 120),
        "unfunded": of_homes(0, 60),
        "places": draw(st.integers(1, 150)),
    }


def least(case: dict[str, Any], homes: list[str], places: float, level: str = "") -> float:
    """Places missing at best in some homes, each alone or summed by a level, by SciPy.

    Variables: the places of each home, and what each group still misses.
    """
    groups: dict[str, list[int]] = {}
    for i, home in enumerate(homes):
        own = {"": home, "department": HOMES[home], "region": DEPARTMENTS[HOMES[home]]}
        groups.setdefault(own[level], []).append(i)
    n, k = len(homes), len(groups)
    wanted = [4.0 * case["people"][h] / 100 - case["installed"][h] for h in homes]
    rows, limits = [np.r_[np.ones(n), np.zeros(k)]], [places]
    for j, members in enumerate(groups.values()):
        row = np.zeros(n + k)
        row[members], row[n + j] = -1.0, -1.0
        rows.append(row)
        limits.append(-sum(wanted[i] for i in members))
    bounds = [(0, case["unfunded"][h]) for h in homes] + [(0, None)] * k
    cost = np.r_[np.zeros(n), np.ones(k)]
    found = linprog(cost, np.vstack(rows), np.array(limits), bounds=bounds)
    assert found.status == 0
    return float(found.fun)


def run_of(case: dict[str, Any], made: Path, *, given: bool = False) -> FinishedRun:
    rules: dict[str, Any] = {"unfunded": CAPS}
    columns = None
    if given:
        for level in ("region", "department"):
            column = {"column": f"given_{level}"}
            rules[level] = {"kind": "envelope", "by": level, "equals": column}
        columns = {f"given_{level}": case[level] for level in ("region", "department")}
    figures = {k: case[k] for k in ("people", "installed", "unfunded")}
    whole = stated(case["places"], **rules)
    source = write_three(made / "scenario", whole, columns=columns, **figures)
    return run_any(source, lambda name: made / name, prices=False, jobs=1)


@settings(max_examples=6, deadline=None)
@given(drawn())
def test_one_plan_for_all_is_never_worse(case: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as made:
        run = run_of(case, Path(made))
    assert run.exit_code == 0
    (price,) = rows(run, "decentralisation")
    at_once, in_steps = float(price["integrated"]), float(price["cascade"])
    assert at_once == pytest.approx(least(case, [*HOMES], case["places"]), abs=1e-6)
    # each step is the best inside what the one above gave it, by another solver
    values = {r["step"]: float(r["value"]) for r in rows(run, "objectives")}
    given = {"nation": {"": float(case["places"])}}
    given |= {level: decided(run, level) for level in ("region", "department")}
    assert values["nation"] == pytest.approx(
        least(case, [*HOMES], case["places"], "region"), abs=1e-6
    )
    for code, places in given["region"].items():
        inside = [h for h, d in HOMES.items() if DEPARTMENTS[d] == code]
        best = least(case, inside, places, "department")
        assert values[f"region-{code}"] == pytest.approx(best, abs=1e-6)
    total = 0.0
    for code, places in given["department"].items():
        best = least(case, [h for h, d in HOMES.items() if d == code], places)
        assert values[f"department-{code}"] == pytest.approx(best, abs=1e-6)
        total += best
    assert in_steps == pytest.approx(total, abs=1e-6)
    assert at_once <= in_steps + 1e-6


@settings(max_examples=4, deadline=None)
@given(drawn())
def test_with_the_envelopes_of_the_one_plan_nothing_is_lost(case: dict[str, Any]) -> None:
    """Each step is told to give what the plan at once gives: the objective adds up over homes."""
    with tempfile.TemporaryDirectory() as made:
        once = run_of(case, Path(made))
        table = Path(made) / "three" / "integrated" / "allocation.csv"
        with table.open(encoding="utf-8", newline="") as stream:
            places = {r["territory"]: float(r["places"]) for r in csv.DictReader(stream)}
    case = dict(case, region={}, department={})
    for home, department in HOMES.items():
        for level, code in (("department", department), ("region", DEPARTMENTS[department])):
            held = case[level]
            held[f"{level}:{code}"] = held.get(f"{level}:{code}", 0.0) + 1000 * places[home]
    case["places"] = sum(places.values()) + 1e-6
    with tempfile.TemporaryDirectory() as made:
        told = run_of(case, Path(made), given=True)
    assert told.exit_code == 0
    (before,), (after,) = rows(once, "decentralisation"), rows(told, "decentralisation")
    assert float(after["cascade"]) == pytest.approx(float(before["integrated"]), abs=1e-4)
