"""`verify` knows which pairs of rates a program leaves out, and that nothing rests on them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from perequa import ranked_program
from perequa.cli import main
from perequa.verification.orders import Order, Orders
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from pathlib import Path

INPUTS, PRICES = 2, 6
PROGRAM, EVIDENCE = "program.npz", "evidence.npz"


@pytest.fixture
def solved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run in which most pairs of regions have no row."""
    monkeypatch.setattr(ranked_program, "EVERY_PAIR_UP_TO", 0)
    folder = tmp_path / "run"
    sets = [
        "objectives.it={kind: gini, indicator: ehpad_rate, level: region, weighting: population}",
        "objectives.shortfall.priority=2",
    ]
    stated = [word for change in sets for word in ("--set", change)]
    assert main(["solve", "ehpad-2004-rule", *stated, "-o", str(folder), "--quiet"]) == 0
    assert verify_run(folder).holds
    return folder


def wrong(tiny: Any, folder: Path, number: int) -> list[str]:
    tiny.seal(folder)
    checks = verify_run(folder).checks
    return [str(w) for check in checks if check.number == number for w in check.disagreements]


def rows_of_pairs(folder: Path) -> list[int]:
    with np.load(folder / PROGRAM) as stored:
        return [i for i, name in enumerate(stored["row_id"]) if str(name).startswith("it/gap/")]


def test_most_pairs_have_no_row(solved: Path) -> None:
    assert len(rows_of_pairs(solved)) < 18 * 17 // 2 / 2


@pytest.mark.parametrize("first", [0, 8, 16])
def test_two_regions_that_change_places_are_found(tiny: Any, solved: Path, first: int) -> None:
    with np.load(solved / PROGRAM) as stored:
        names = stored["order_id"].copy()
    for k, name in ((first, names[first + 1]), (first + 1, names[first])):
        tiny.change_array(solved / PROGRAM, "order_id", k, name)
    assert any("objectives.it" in line for line in wrong(tiny, solved, INPUTS))


def test_an_order_of_other_territories_is_found(tiny: Any, solved: Path) -> None:
    tiny.change_array(solved / PROGRAM, "order_id", 0, "region:99")
    assert any("the territories it compares" in line for line in wrong(tiny, solved, INPUTS))


def test_a_pair_that_costs_another_sum_is_found(tiny: Any, solved: Path) -> None:
    with np.load(solved / PROGRAM) as stored:
        names = [str(name) for name in stored["col_id"]]
        k = [str(name) for name in stored["objective_name"]].index("it")
        j = next(j for j, name in enumerate(names) if name.startswith("it/beyond/"))
        cost = float(stored["objective_cost"][k, j])
    tiny.change_array(solved / PROGRAM, "objective_cost", (k, j), cost * 1.001)
    assert any("objectives.it" in line for line in wrong(tiny, solved, INPUTS))


def test_a_chord_that_goes_on_where_rates_change_places_is_found(tiny: Any, solved: Path) -> None:
    with np.load(solved / EVIDENCE) as stored:
        reach, pointer = stored["T"].copy(), stored["chord_ptr"]
        moves = np.flatnonzero((np.diff(pointer) > 0) & np.isfinite(reach) & (stored["dual"] >= 0))
    found = 0
    for e in moves.tolist():
        tiny.change_array(solved / EVIDENCE, "T", e, reach[e] * 1.001)
        found += any("reverses two rates" in line for line in wrong(tiny, solved, PRICES))
        tiny.change_array(solved / EVIDENCE, "T", e, reach[e])
        if found:
            break
    assert found
    assert not wrong(tiny, solved, PRICES)


def test_a_plan_between_two_orders_is_not_taken_for_the_one_written(
    tiny: Any, solved: Path
) -> None:
    """The published plan changed so that two rates change places: its value is not the form's."""
    with np.load(solved / PROGRAM) as stored:
        names = [str(name) for name in stored["col_id"]]
        lowest = str(stored["order_id"][0])
    j = names.index(f"x/{lowest}/ehpad/2021")
    plan = float(np.load(solved / "solution.npz")["plan"][j])
    tiny.change_array(solved / "solution.npz", "plan", j, plan + 5000.0)
    assert any("value at a plan" in line for line in wrong(tiny, solved, INPUTS))


class Stocks:
    """Rates of two regions that have a quarter of a million places each."""

    positions = np.array([0, 1])

    def __init__(self, installed: list[float], people: list[float]) -> None:
        self.installed, self.people = np.array(installed), np.array(people)

    def rate(self, places: Any) -> Any:
        return ((self.installed + places.sum(axis=(1, 2))) / self.people)[:, None]


@pytest.mark.parametrize("people", [[1234.5] * 2, [1746.4] * 2, [777.7] * 2, [3333.1] * 2])
def test_a_chord_of_one_euro_is_followed_to_its_end_without_its_rounding(
    people: list[float],
) -> None:
    apart = 5.1
    order = Order(
        objective=0,
        year=0,
        nodes=np.arange(2),
        people=np.array(people),
        shares=np.array([0.5, 0.5]),
        unit=1.0,
        rates=cast("Any", Stocks([250_000.0, 250_000.0 + apart], people)),
        rows=np.full((2, 2), -1),
    )
    model = cast("Any", SimpleNamespace(shape=(2, 1, 1)))
    orders = Orders(model=model, found=(order,), cells=np.arange(2))
    start, euro = np.zeros(2), np.array([1e-8, 0.0])
    meet = apart / 1e-8
    assert not orders.reversed_along(start, euro, meet)
    assert orders.reversed_along(start, euro, meet * 1.0001)
    assert orders.reversed_along(start, euro, np.inf)
    assert not orders.reversed_along(start, -euro, np.inf)
