"""Why a territory gets what it gets: figures against other ways to the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.optimize import linprog

from perequa.explaining import Question, explain_run
from perequa.running import run_scenario

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from perequa.interpret.explanation import TerritoryExplained

    FolderOf = Callable[..., Path]


def why(folder: Path, territory: str) -> TerritoryExplained:
    told = explain_run(folder, Question(territory=territory)).territory
    assert told is not None
    return told


def ends_by_scipy(folder: Path, cells: list[int]) -> tuple[float, float]:
    """Least and most of some cells among the plans of the optimal value, by another program."""
    with np.load(folder / "program.npz") as program, np.load(folder / "solution.npz") as solution:
        m, n = len(program["row_id"]), len(program["col_id"])
        matrix = np.zeros((m, n))
        held = np.repeat(np.arange(m), np.diff(program["a_indptr"]))
        np.add.at(matrix, (held, program["a_indices"]), program["a_data"])
        costs = program["stage_weight"] @ program["objective_cost"]
        values = [c @ x for c, x in zip(costs, solution["x"], strict=True)]
        low, high = program["row_lower"], program["row_upper"]
        bounds = np.column_stack([program["col_lower"], program["col_upper"]])
    rows = [matrix[np.isfinite(high)], -matrix[np.isfinite(low)], costs]
    limits = [high[np.isfinite(high)], -low[np.isfinite(low)], np.array(values) * (1 + 1e-12)]
    ends = []
    for sign in (1.0, -1.0):
        cost = np.zeros(n)
        cost[cells] = sign
        found = linprog(
            cost, A_ub=np.vstack(rows), b_ub=np.concatenate(limits), bounds=bounds, method="highs"
        )
        assert found.status == 0
        ends.append(sign * found.fun)
    return ends[0], ends[1]


@pytest.mark.parametrize("code", ["93", "11", "06", "24"])
def test_what_the_optimal_plans_leave_open(folder_of: FolderOf, code: str) -> None:
    folder = folder_of("ehpad-2004-rule")
    told = explain_run(folder, Question(territory=f"region:{code}"))
    assert told.territory is not None
    (share,) = told.territory.shares
    at = [t.code for t in told.run.instance.territories].index(code)
    least, most = ends_by_scipy(folder, [at])
    assert share.least == pytest.approx(least, abs=1e-3)
    assert share.most == pytest.approx(most, abs=1e-3)
    assert share.least - 1e-6 <= share.planned <= share.most + 1e-6


def test_what_it_gets_and_its_rates(folder_of: FolderOf) -> None:
    told = why(folder_of("ehpad-2004-rule"), "region:24")
    (share,) = told.shares
    assert share.planned == pytest.approx(100_000 * 3600 / 24_100_000)
    assert share.credits == pytest.approx(100_000)
    (rate,) = told.rates
    assert rate.after > rate.before > rate.target
    assert [line["row"] for line in told.own] == ["floor/region:24/ehpad/2021/at_least"]
    assert [line["row"] for line in told.shared] == ["envelope/-/ehpad/2021/at_most"]


def test_one_more_is_paid_by_the_others(folder_of: FolderOf, tmp_path: Path) -> None:
    folder = folder_of("ehpad-2004-rule")
    told = why(folder, "region:24")
    (more,) = told.one_more
    assert more.move is not None
    assert more.move.changes.sum() == pytest.approx(0.0, abs=1e-7)
    assert more.move.effects["shortfall"] == pytest.approx(1.0)
    # the same, asked of the scenario: a floor of one place more
    extra = "{kind: floor, by: region, territories: ['region:24'], at_least: %r}" % (
        told.shares[0].planned + 1.0
    )
    run = run_scenario(
        "ehpad-2004-rule", lambda column: tmp_path / column, sets=[f"rules.more={extra}"]
    )
    plans = []
    for each in (folder, run.folder):
        assert each is not None
        with np.load(each / "solution.npz") as solution:
            plans.append(solution["plan"][:18])
    assert more.move.changes.ravel() == pytest.approx(plans[1] - plans[0], abs=1e-6)


def test_one_more_that_a_cap_forbids(folder_of: FolderOf) -> None:
    folder = folder_of("ehpad-2004-rule", "by_territory")
    told = explain_run(folder, Question(territory="region:06"))
    assert told.territory is not None
    (more,) = told.territory.one_more
    assert more.move is None
    rows = [str(told.run.program.row_keys[row]) for row in more.blocked_by]
    assert rows == ["caps/region:06/ehpad/2021/at_most"]


def test_what_would_give_it_more_does(folder_of: FolderOf) -> None:
    folder = folder_of("ehpad-2004-rule", "by_territory")
    told = why(folder, "region:06")
    places = [m for m in told.gives if m.name.startswith("caps/region:06")]
    assert [m.name for m in places] == ["caps/region:06/ehpad/2021/at_most +"]
    assert places[0].changes.max() == pytest.approx(1.0)


def test_a_territory_above_those_that_decide(folder_of: FolderOf) -> None:
    folder = folder_of("ehpad-2004-rule", "by_department")
    told = explain_run(folder, Question(territory="region:11"))
    assert told.territory is not None
    (share,) = told.territory.shares
    inside = [t.parent == "11" for t in told.run.instance.territories]
    assert sum(inside) == 8
    assert share.planned == pytest.approx(float(told.run.x[inside].sum()))
    rows = {line["row"] for line in told.territory.own}
    assert any(row.startswith("ring_fence/region:11") for row in rows) or not rows
