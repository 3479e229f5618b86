"""Every infeasible scenario: causes named, repairs minimal, repaired variants solved."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from elastic import elastic_totals
from infeasible import SCENARIOS, Scenario
from programs import Dense
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from perequa.checks import load
from perequa.running import diagnose_scenario, run_scenario
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path

ORDER = ("law", "envelope", "cap", "floor", "earmark")
CLASS = {
    "ceiling": "law", "envelope": "envelope", "contingent": "envelope", "cap": "cap",
    "floor": "floor", "ring_fence": "earmark", "reserve": "earmark",
}  # fmt: skip


LEAST = {
    "floor_above_cap": {"floor": 6, "cap": 6},
    "floors_above_envelope": {"floor": 50_000, "envelope": 50_000},
    "contingent_above_caps": {"contingent": 10, "cap": 10},
    # a place costs 10 000
    "contingent_above_envelope": {"contingent": 5, "envelope": 50_000},
}


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def short(row: str) -> str:
    """The identifier of a row without its measure."""
    rule, territory, _, year, side = row.split("/")
    return "/".join((rule, territory, year, side))


@pytest.fixture(params=SCENARIOS)
def case(request: pytest.FixtureRequest) -> Scenario:
    return SCENARIOS[request.param]


@pytest.fixture
def diagnosed(case: Scenario, tmp_path: Path) -> Path:
    source = case.write(tmp_path / "scenario")
    run = diagnose_scenario(str(source), lambda _: tmp_path / "found")
    assert (run.status, run.exit_code) == ("infeasible", 4)
    return tmp_path / "found"


def test_no_limit_alone_helps_before_its_least_change(diagnosed: Path) -> None:
    with np.load(diagnosed / "program.npz") as held:
        program = dict(held)
    ids = program["row_id"].tolist()
    for row in table(diagnosed, "conflicts"):
        least, i = float(row["least_change"]), ids.index(row["row"])
        assert least > 0
        assert not any(possible(program, i, side * 0.999 * least) for side in (-1, 1))


@pytest.mark.parametrize("name", LEAST)
def test_least_changes_are_those_of_hand(name: str, tmp_path: Path) -> None:
    source = SCENARIOS[name].write(tmp_path / "scenario")
    diagnose_scenario(str(source), lambda _: tmp_path / "found")
    found = {(r["rule"], float(r["least_change"])) for r in table(tmp_path / "found", "conflicts")}
    assert {rule for rule, _ in found} == set(LEAST[name])
    for rule, least in found:
        assert least == pytest.approx(LEAST[name][rule])


def possible(program: dict[str, Any], row: int, moved: float) -> bool:
    """Whether a plan exists with one limit moved, by SciPy."""
    shape = len(program["row_id"]), len(program["col_id"])
    matrix = sparse.csr_array((program["a_data"], program["a_indices"], program["a_indptr"]), shape)
    lower, upper = program["row_lower"].copy(), program["row_upper"].copy()
    lower[row] += moved
    upper[row] += moved
    found = milp(
        np.zeros(shape[1]),
        constraints=LinearConstraint(matrix, lower, upper),
        bounds=Bounds(program["col_lower"], program["col_upper"]),
    )
    assert found.status in {0, 2}
    return bool(found.status == 0)


def test_causes_are_named(case: Scenario, diagnosed: Path) -> None:
    found: dict[str, set[str]] = {}
    for row in table(diagnosed, "conflicts"):
        found.setdefault(row["conflict"], set()).add(short(row["row"]))
        assert (row["rule"], row["side"]) == (row["row"].split("/")[0], row["row"].split("/")[-1])
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, case.causes))


def test_repairs_known_by_hand(case: Scenario, diagnosed: Path) -> None:
    possible = {row["menu"]: row["possible"] == "true" for row in table(diagnosed, "menus")}
    for menu, wanted in case.needed.items():
        assert possible[menu] == (wanted is not None), menu
        found = {
            short(row["row"]): float(row["change"])
            for row in table(diagnosed, "repairs")
            if row["menu"] == menu
        }
        assert found == pytest.approx(wanted or {}, rel=1e-9), menu


def test_repairs_are_minimal_by_another_program(diagnosed: Path, tmp_path: Path) -> None:
    """Places and money apart, class by class, against scipy on the compiled arrays."""
    spec = load(str(tmp_path / "scenario")).instance
    known = {str(row.key): row for row in spec.rows}
    with np.load(diagnosed / "program.npz") as arrays:
        ids = [str(i) for i in arrays["row_id"]]
        shape = (len(ids), len(arrays["col_id"]))
        parts = (arrays["a_data"], arrays["a_indices"], arrays["a_indptr"])
        program = Dense(
            A=sparse.csr_array(parts, shape=shape).toarray(),
            low=arrays["row_lower"],
            up=arrays["row_upper"],
            c=np.zeros(shape[1]),
            least=arrays["col_lower"],
            most=arrays["col_upper"],
        )
    at = {i: known[name] for i, name in enumerate(ids) if name in known}

    def group(i: int) -> tuple[str, str]:
        row = at[i]
        pace = "floor" if row.key.side == "at_least" else "cap"
        return CLASS.get(row.kind, pace), row.unit

    for menu in table(diagnosed, "menus"):
        kind = menu["menu"].removesuffix("_only")
        chosen = [i for i, row in at.items() if kind in {"preference", row.kind}]
        groups = [(name, unit) for name in ORDER for unit in ("money", "place")]
        stages = [[i for i in chosen if group(i) == g] for g in groups]
        wanted = elastic_totals(program, stages)
        assert (menu["possible"] == "true") == (wanted is not None), menu
        if wanted is None:
            continue
        moves = {
            row["row"]: float(row["change"])
            for row in table(diagnosed, "repairs")
            if row["menu"] == menu["menu"]
        }
        found = [sum(abs(moves.get(ids[i], 0.0)) for i in stage) for stage in stages]
        assert found[0::2] == pytest.approx(wanted[0::2], rel=1e-7, abs=0.01), menu
        assert found[1::2] == pytest.approx(wanted[1::2], rel=1e-7, abs=1e-5), menu
        assert float(menu["money"]) == pytest.approx(sum(found[0::2]), abs=1e-6)
        assert float(menu["places"]) == pytest.approx(sum(found[1::2]), abs=1e-6)


def test_repaired_scenarios_have_a_plan_and_verify(
    case: Scenario, diagnosed: Path, tmp_path: Path
) -> None:
    possible = [row for row in table(diagnosed, "menus") if row["possible"] == "true"]
    assert {"preference"} <= {row["menu"] for row in possible}, case
    for menu in possible:
        run = run_scenario(str(diagnosed / menu["file"]), lambda _: tmp_path / "solved")
        assert (run.status, run.exit_code) == ("optimal", 0), (menu, run.message)
        verdict = verify_run(tmp_path / "solved")
        assert [str(d) for check in verdict.checks for d in check.disagreements] == []
        # the very rows that the table names stand at the new limits it states
        limits = {row["row"]: float(row["limit"]) for row in table(tmp_path / "solved", "rules")}
        for row in table(diagnosed, "repairs"):
            if row["menu"] == menu["menu"]:
                new = float(row["new_limit"])
                assert new == pytest.approx(float(row["limit"]) + float(row["change"]))
                assert limits.pop(row["row"]) == pytest.approx(new, rel=1e-12)
        before = {r: float(v) for r, v in _limits(diagnosed).items() if r in limits}
        assert limits == pytest.approx(before, rel=1e-12)


def _limits(folder: Path) -> dict[str, float]:
    with np.load(folder / "program.npz") as arrays:
        ids, limits = arrays["row_id"], arrays["row_limit"]
    return {str(i): float(v) for i, v in zip(ids, limits, strict=True) if not np.isnan(v)}


def test_the_resolved_scenario_is_the_one_diagnosed(diagnosed: Path, tmp_path: Path) -> None:
    again = diagnose_scenario(str(diagnosed / "resolved.yaml"), lambda _: tmp_path / "again")
    assert again.exit_code == 4
    for name in ("conflicts", "menus", "repairs"):
        first, second = (folder / f"{name}.csv" for folder in (diagnosed, tmp_path / "again"))
        assert first.read_text() == second.read_text()


def test_the_folder_verifies(diagnosed: Path) -> None:
    verdict = verify_run(diagnosed)
    assert [str(d) for check in verdict.checks for d in check.disagreements] == []
    assert [check.number for check in verdict.checks] == [1, 2, 9]
    assert "each with its own proof" in verdict.checks[2].what


def test_solve_saves_the_same_diagnosis(case: Scenario, diagnosed: Path, tmp_path: Path) -> None:
    run = run_scenario(str(tmp_path / "scenario"), lambda _: tmp_path / "run")
    assert (run.status, run.exit_code) == ("infeasible", 4), case
    for name in ("conflicts.csv", "menus.csv", "repairs.csv", "repair.yaml", "resolved.yaml"):
        assert (tmp_path / "run" / name).read_bytes() == (diagnosed / name).read_bytes()
