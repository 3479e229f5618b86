"""MAS and FDT projects: two criteria crossed, preferences, children's places freed."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from selecting import taken, told

from perequa.checks import load
from perequa.cli import main
from perequa.interpret.run import Failure
from perequa.pipeline import Success, diagnose_instance, solve_instance

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "mas-fdt-1998"
TABLES = Path(__file__).parents[2] / "scenarios" / NAME
MONEY = 80_000_000


def rows(name: str) -> list[dict[str, str]]:
    with (TABLES / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


PROJECTS = rows("projects.csv")
CHARGED = np.array([float(p["cost"]) * (1 - float(p["cofinanced"])) for p in PROJECTS])
FREES = np.array([float(p["frees"]) for p in PROJECTS])
REGION = [p["territory"] for p in PROJECTS]
INSIDE = np.array([[own == r for own in REGION] for r in sorted(set(REGION))]).astype(float)


def merits() -> np.ndarray:
    """Young adults by places, by the region's places per 1 000 people: from the tables alone."""
    people = {row["code"]: float(row["adults_20_59"]) for row in rows("territories.csv")}
    needs = {row["territory"]: row for row in rows("needs.csv")}
    each = []
    for region in REGION:
        young, placed = (float(needs[region][c]) for c in ("young_adults", "mas_fdt_installed"))
        each.append(young / placed / (placed / people[region] * 1000))
    return np.array(each)


def best(cost: np.ndarray, most: int = 2, frees: float = 0.0, money: float = MONEY) -> float:
    """Least cost of a selection, by scipy."""
    limits = [
        LinearConstraint(CHARGED, -np.inf, money),
        LinearConstraint(INSIDE, -np.inf, most),
        LinearConstraint(FREES, frees, np.inf),
    ]
    ones = np.ones(len(cost))
    found = milp(cost, constraints=limits, integrality=ones, bounds=Bounds(0, 1))
    return float(found.fun)


@pytest.fixture(scope="module")
def solved() -> Callable[..., Success]:
    known: dict[tuple[str, ...], Success] = {}

    def run(*variants: str) -> Success:
        if variants not in known:
            instance = load(NAME, variants).instance
            found = solve_instance(instance, "test", prices=False)
            assert isinstance(found, Success)
            known[variants] = found
        return known[variants]

    return run


@pytest.mark.parametrize(
    ("variant", "most", "frees"),
    [((), 2, 0.0), (("three_a_region",), 3, 0.0), (("for_young_adults",), 2, 320.0)],
)
def test_the_merit_served_is_what_scipy_finds(
    solved: Callable[..., Success], variant: tuple[str, ...], most: int, frees: float
) -> None:
    found = solved(*variant)
    chosen = np.array([p["project"] in taken(found) for p in PROJECTS]).astype(float)
    assert merits() @ chosen == pytest.approx(-best(-merits(), most, frees), abs=1e-6)
    assert [told(found)[p["project"]]["merit"] for p in PROJECTS] == pytest.approx(merits())
    assert FREES @ chosen >= frees
    assert CHARGED @ chosen <= MONEY


def test_the_childrens_places_freed_are_counted(solved: Callable[..., Success]) -> None:
    for variant, freed in (((), 315), (("for_young_adults",), 332)):
        found = solved(*variant)
        chosen = taken(found)
        by_hand = sum(float(p["frees"]) for p in PROJECTS if p["project"] in chosen)
        assert by_hand == freed
        assert float(found.run.plan.freed_places.sum()) == freed


def test_at_equal_merit_fdt_come_before_mas(solved: Callable[..., Success]) -> None:
    """Swap two projects of one region: where both fit, it is the MAS that waits."""
    chosen = taken(solved())
    spare = MONEY - sum(CHARGED[[p["project"] in chosen for p in PROJECTS]])
    for i, waiting in enumerate(PROJECTS):
        if waiting["measure"] != "fdt" or waiting["project"] in chosen:
            continue
        for j, other in enumerate(PROJECTS):
            same = other["territory"] == waiting["territory"] and other["project"] in chosen
            if same and other["measure"] == "mas":
                assert CHARGED[i] - CHARGED[j] > spare


def test_verify_reads_what_is_freed_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    asked = ["solve", NAME, "--variant", "for_young_adults", "--no-prices", "-o", str(run)]
    assert main([*asked, "--quiet"]) == 0
    assert main(["verify", str(run)]) == 0
    table = run / "inputs" / "projects.csv"
    changed = table.read_text(encoding="utf-8").replace(",0.60,19,", ",0.60,18,", 1)
    table.write_text(changed, encoding="utf-8")
    assert main(["verify", str(run)]) == 6
    told = capsys.readouterr().out
    assert "2. inputs: WRONG" in told
    assert "for_young_adults/-/-/1998/at_least" in told


def test_no_selection_frees_more_than_402_places() -> None:
    found = diagnose_instance(load(NAME, ["infeasible_600"]).instance, "test")
    assert isinstance(found, Failure)
    menus = {menu.name: menu.repair for menu in found.diagnosis.menus}
    floor, envelope = menus["floor_only"], menus["envelope_only"]
    assert floor is not None
    assert envelope is not None
    assert [*floor.moves.values()] == pytest.approx([-(600 - -best(-FREES))])
    needed = best(CHARGED, frees=600.0, money=np.inf)
    assert [*envelope.moves.values()] == pytest.approx([needed - MONEY], abs=1e-3)
