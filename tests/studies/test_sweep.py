"""`sensitivity sweep`: every point against scipy, and the same bytes whoever answers."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from studied import DISTANCE, EHPAD, WORST, least_by_scipy, prepared, with_row

from perequa.cli import main
from perequa.engine.plans_left import PlansLeft
from perequa.studies.study import Source
from perequa.studies.sweep import study as sweeping
from perequa.studies.sweep.acceptability import Acceptability
from perequa.studies.sweep.asking import share_columns
from perequa.studies.sweep.posing import Asked
from perequa.studies.sweep.study import Watch, run_sweep, sweep_study
from perequa.studies.sweep.weights import untied
from perequa.studies.sweep.workers import processes
from perequa_models.errors import NotProven, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.studies.prepared import Prepared

pq = pytest.importorskip("pyarrow.parquet")

CALL = ["sensitivity", "sweep", EHPAD, "--set", DISTANCE]
SOURCE = Source(scenario=EHPAD, sets=(DISTANCE, WORST))
FILES = ("points.parquet", "acceptability.csv", "ranks.csv")


def points_of(folder: Path) -> dict[str, list]:
    return pq.read_table(folder / "points.parquet").to_pydict()


def bytes_of(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in FILES]


def test_every_point_against_scipy(tmp_path: Path) -> None:
    scenario = prepared(EHPAD, DISTANCE, WORST)
    answer = sweep_study(scenario, Asked(samples=60), tmp_path)
    assert answer.facts["status_of_points"]["optimal"] == 60
    check_against_scipy(scenario, points_of(tmp_path), ("distance", "shortfall", "worst"))


def test_later_priorities_choose_among_the_plans_left(tmp_path: Path) -> None:
    scenario = prepared(EHPAD, DISTANCE.replace("level", "priority: 2, level"), WORST)
    sweep_study(scenario, Asked(samples=60), tmp_path)
    points = points_of(tmp_path)
    k = scenario.program.objective_names.index("distance")
    for i, (cost, least) in check_against_scipy(scenario, points, ("shortfall", "worst")).items():
        face = with_row(scenario.program, cost, least + 1e-10 * abs(least))
        later = least_by_scipy(face, scenario.program.costs[k]) + scenario.program.offsets[k]
        assert points["distance"][i] == pytest.approx(later, rel=1e-5)


def check_against_scipy(
    scenario: Prepared, points: dict[str, list], weighed: tuple[str, ...]
) -> dict[int, tuple[np.ndarray, float]]:
    """Solve some points again; the cost of each and its least value."""
    program, names, found = scenario.program, scenario.program.objective_names, {}
    sizes = dict(zip(names, scenario.sizes(weighed), strict=True))
    for i in range(0, 60, 4):
        weights = np.array(
            [points[f"weight_{n}"][i] / sizes[n] if n in weighed else 0.0 for n in names]
        )
        values = np.array([points[name][i] for name in names])
        cost = weights @ program.costs
        least = least_by_scipy(program, cost)
        assert weights @ values == pytest.approx(least + weights @ program.offsets, rel=1e-9)
        found[i] = (cost, least)
    return found


def test_points_are_numbered_as_drawn(tmp_path: Path) -> None:
    scenario = prepared(EHPAD, DISTANCE)
    sweep_study(scenario, Asked(samples=120, seed=7), tmp_path)
    points = points_of(tmp_path)
    assert sorted(points["point"]) == list(range(1, 121))
    rank = np.argsort(points["point"])
    drawn = np.random.default_rng(7).dirichlet([1.0, 1.0], 120)
    assert np.array(points["weight_distance"])[rank] == pytest.approx(drawn[:, 0], abs=0)


def test_chunks_are_gathered_in_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(samples=220)
    sweep_study(prepared(EHPAD, DISTANCE), asked, tmp_path / "one")
    monkeypatch.setattr("perequa.studies.sweep.parquet.GROUP", 100)
    sweep_study(prepared(EHPAD, DISTANCE), asked, tmp_path / "two")
    one, two = (pq.ParquetFile(tmp_path / name / "points.parquet") for name in ("one", "two"))
    assert (one.num_row_groups, two.num_row_groups) == (1, 2)
    assert two.metadata.row_group(0).num_rows == 110
    assert one.read() == two.read()


def test_unique_shares_are_the_published_plans(tmp_path: Path) -> None:
    scenario = prepared(EHPAD, DISTANCE)
    sweep_study(scenario, Asked(samples=6, plan="unique"), tmp_path)
    points = points_of(tmp_path)
    names = ("distance", "shortfall")
    over = untied(scenario, names, 1).over
    for i in range(6):
        weights = np.array([points[f"weight_{n}"][i] for n in names])
        plan = scenario.plan(scenario.priorities.served(1, weights @ over))
        for t, territory in enumerate(scenario.instance.territories):
            who = f"region:{territory.code}"
            assert points[f"{who}|ehpad"][i] == plan.x[t].sum()
            assert points[who][i] == plan.credits[t].sum()


@pytest.mark.parametrize("against", ["plan", "reference"])
def test_acceptability_counted_again(against: str, tmp_path: Path) -> None:
    scenario = prepared(EHPAD, DISTANCE)
    asked = Asked(samples=200, against=against)
    tables = sweep_study(scenario, asked, tmp_path).tables
    points = points_of(tmp_path)
    other = (
        scenario.plan(scenario.priorities).x
        if against == "plan"
        else np.nan_to_num(scenario.reference.places)
    )[:, 0, 0]
    codes = [t.code for t in scenario.instance.territories]
    change = np.array([points[f"region:{code}|ehpad"] for code in codes]).T - other
    change = np.round(change, 6)
    ranks = np.array([[sum(c > own for c in row) + 1 for own in row] for row in change])
    rows = [row for row in tables["acceptability"].records() if row["measure"]]
    assert [row["territory"] for row in rows] == codes
    assert sum(row["gains"] for row in rows) > 0
    shares = {
        (r["territory"], r["rank"]): r["share"] for r in tables["ranks"].records() if r["measure"]
    }
    for t, row in enumerate(rows):
        assert row["gains"] == pytest.approx((change[:, t] > 0).mean())
        assert row["loses"] == pytest.approx((change[:, t] < 0).mean())
        assert row["gains"] + row["loses"] + row["unmoved"] == pytest.approx(1.0)
        assert row["least_change"] == change[:, t].min()
        assert row["most_change"] == change[:, t].max()
        assert row["mean_change"] == pytest.approx(change[:, t].mean(), abs=1e-9)
        assert (row["best_rank"], row["worst_rank"]) == (ranks[:, t].min(), ranks[:, t].max())
        assert row["mean_rank"] == pytest.approx(ranks[:, t].mean())
        for rank in set(ranks[:, t]):
            assert shares[codes[t], rank] == pytest.approx((ranks[:, t] == rank).mean())
    assert sum(shares.values()) == pytest.approx(len(codes))


def test_nothing_counted_is_told_as_missing() -> None:
    instance = prepared(EHPAD).instance
    counted = Acceptability(instance, np.zeros(len(share_columns(instance))))
    assert {row["gains"] for row in counted.table().records()} == {None}
    assert counted.ranks().rows == ()


def test_the_same_bytes_whoever_answers(tmp_path: Path) -> None:
    asked = Asked(samples=220)
    run_sweep(SOURCE, asked, {}, lambda _: tmp_path / "alone")
    with processes(2) as executor:
        run_sweep(SOURCE, asked, {}, lambda _: tmp_path / "processes", executor)
    with Backwards(3) as threads:
        run_sweep(SOURCE, asked, {}, lambda _: tmp_path / "backwards", threads)
    alone = bytes_of(tmp_path / "alone")
    assert bytes_of(tmp_path / "processes") == alone
    assert bytes_of(tmp_path / "backwards") == alone
    assert sorted(p.name for p in tmp_path.iterdir()) == ["alone", "backwards", "processes"]


class Backwards(ThreadPoolExecutor):
    """Answers the first chunk last."""

    def submit(self, function, /, *arguments):  # noqa: ANN001, ANN002, ANN201
        late = 0.5 if not hasattr(self, "begun") else 0.0
        self.begun = True
        return super().submit(lambda: (time.sleep(late), function(*arguments))[1])


def test_a_killed_sweep_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = [*CALL, "--samples", "1200"]
    assert main([*call, "-o", str(tmp_path / "whole")]) == 0
    running = subprocess.Popen(
        [sys.executable, "-m", "perequa", *call, "-o", str(tmp_path / "cut")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    kept = tmp_path / ".cut.sweep"
    deadline = time.monotonic() + 60
    while len(list(kept.glob("[0-9]*.npz"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    running.kill()
    running.wait()
    answered = len(list(kept.glob("[0-9]*.npz")))
    assert 2 <= answered < 24
    assert not (tmp_path / "cut").exists()
    broken = sorted(kept.glob("[0-9]*.npz"))[0]
    broken.write_bytes(broken.read_bytes()[:100])
    capsys.readouterr()
    assert main([*call, "-o", str(tmp_path / "cut")]) == 0
    assert f"going on after {50 * (answered - 1)} of 1\u202f200 points" in capsys.readouterr().err
    assert bytes_of(tmp_path / "cut") == bytes_of(tmp_path / "whole")
    assert not kept.exists()


def test_what_is_kept_is_not_answered_twice(tmp_path: Path) -> None:
    scenario, asked = prepared(EHPAD, DISTANCE), Asked(samples=150)
    with pytest.raises(KeyboardInterrupt):
        sweep_study(scenario, asked, tmp_path, watch=Watch(done=stop_at(100)))
    met: list[int] = []
    sweep_study(scenario, asked, tmp_path, watch=Watch(done=lambda done, _: met.append(done)))
    assert met == [100, 150]


@pytest.mark.parametrize(
    ("asked", "sets"),
    [
        (Asked(samples=100, seed=1), (DISTANCE,)),
        (Asked(samples=100, plan="unique"), (DISTANCE,)),
        (Asked(samples=100), (DISTANCE, "rules.floor.at_least=90000")),
    ],
    ids=["points", "question", "scenario"],
)
def test_answers_to_something_else_are_thrown_away(
    asked: Asked, sets: tuple[str, ...], tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        sweep_study(
            prepared(EHPAD, DISTANCE), Asked(samples=100), tmp_path, watch=Watch(done=stop_at(50))
        )
    said: list[str] = []
    met: list[int] = []

    def done(count: int, _: int) -> None:
        met.append(count)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep_study(
            prepared(EHPAD, *sets), asked, tmp_path, watch=Watch(said=said.append, done=done)
        )
    assert met == [0]
    assert said == ["an earlier sweep asked something else: its answers are thrown away"]


def stop_at(count: int):  # noqa: ANN201
    def done(answered: int, _: int) -> None:
        if answered == count:
            raise KeyboardInterrupt

    return done


def test_a_point_that_is_not_proven_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, asked = prepared(EHPAD, DISTANCE), Asked(samples=60)
    sweep_study(scenario, asked, tmp_path / "all")
    least, calls = PlansLeft.least_weighed, iter(range(100))

    def not_at_first(self, weighed, i):  # noqa: ANN001, ANN202
        if next(calls) == 0:
            raise NotProven("the solver gave up")
        return least(self, weighed, i)

    monkeypatch.setattr(PlansLeft, "least_weighed", not_at_first)
    answer = sweep_study(scenario, asked, tmp_path / "some")
    some, every = points_of(tmp_path / "some"), points_of(tmp_path / "all")
    assert some["status"].count("not proven") == 1
    at = some["status"].index("not proven")
    assert some["shortfall"][at] is None
    assert some["region:11"][at] is None
    for name in ("point", "weight_distance"):
        assert some[name] == every[name]
    rest = [i for i in range(60) if i != at]
    assert [some["shortfall"][i] for i in rest] == pytest.approx(
        [every["shortfall"][i] for i in rest], rel=1e-9
    )
    assert answer.facts["status_of_points"] == {
        "optimal": 59, "not proven": 1, "infeasible": 0, "invalid": 0,
    }  # fmt: skip


def test_points_are_solved_where_no_basis_can_be_priced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, asked = prepared(EHPAD, DISTANCE), Asked(samples=60)
    known = sweep_study(scenario, asked, tmp_path / "known")

    def none_in_hand(*_: object) -> None:
        raise NotProven("no basis")

    monkeypatch.setattr(PlansLeft, "least_too", none_in_hand)
    solved = sweep_study(scenario, asked, tmp_path / "solved")
    assert solved.facts["programs_solved"] == 60
    assert known.facts["programs_solved"] < 30
    one, other = points_of(tmp_path / "known"), points_of(tmp_path / "solved")
    for name in scenario.program.objective_names:
        assert one[name] == pytest.approx(other[name], rel=1e-9)


def test_a_start_goes_on_in_another_solver() -> None:
    scenario = prepared(EHPAD, DISTANCE, WORST)
    left = scenario.plans_left(scenario.priorities.before(1))
    goal = scenario.goal(scenario.priorities.weights[0])
    x = left.least(goal)
    assert PlansLeft(left.start()).least(goal) == pytest.approx(x, abs=1e-9)
    assert (left.start().basis.columns == PlansLeft(left.start()).start().basis.columns).all()


def test_a_design_file_gives_the_points(tmp_path: Path) -> None:
    design = tmp_path / "design.csv"
    design.write_text("shortfall;distance\n1;0,5\n0;2\n", encoding="utf-8")
    assert main([*CALL, "--design", str(design), "-o", str(tmp_path / "out")]) == 0
    points = points_of(tmp_path / "out")
    assert dict(zip(points["point"], points["weight_distance"], strict=True)) == {1: 0.5, 2: 2.0}
    assert (tmp_path / "out/inputs/design.csv").read_bytes() == design.read_bytes()


def test_without_pyarrow_nothing_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("perequa.studies.sweep.parquet.find_spec", lambda _: None)
    assert main([*CALL, "--samples", "5", "-o", str(tmp_path / "out")]) == 2
    assert "pip install 'perequa[sweep]'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_against_a_reference_that_is_not_there(tmp_path: Path) -> None:
    scenario = prepared(EHPAD, WORST, "reference=null")
    with pytest.raises(UsageError, match="no reference"):
        sweep_study(scenario, Asked(samples=5, against="reference"), tmp_path)


def test_a_folder_changed_meanwhile_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping.Store, "keep", lambda *_: None)
    with pytest.raises(UsageError, match="was changed"):
        sweep_study(prepared(EHPAD, DISTANCE), Asked(samples=5), tmp_path)


def test_too_many_territories_for_every_rank(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, asked = prepared(EHPAD, DISTANCE), Asked(samples=40)
    every = sweep_study(scenario, asked, tmp_path / "every").tables
    monkeypatch.setattr("perequa.studies.sweep.acceptability.MOST_RANKED", 17)
    few = sweep_study(scenario, asked, tmp_path / "few").tables
    assert few["ranks"].rows == ()
    assert few["acceptability"] == every["acceptability"]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="something else than a sweep"):
        sweep_study(prepared(EHPAD, DISTANCE), Asked(samples=5), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
