"""`sensitivity sweep --vary`: figures multiplied one way and stated another give the same plan."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from studied import EHPAD, least_by_scipy, prepared

from perequa.cli import main
from perequa.studies.sweep.figures import Perturbed, published_plan, untied_plan
from perequa.studies.sweep.indices import Indices
from perequa.studies.sweep.posing import Asked
from perequa.studies.sweep.study import sweep_study
from perequa.studies.sweep.varied import read_varied
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

pq = pytest.importorskip("pyarrow.parquet")

COST, CAPS = "measures.ehpad.cost", "cap_ehpad"
FIGURES = (COST, CAPS)
VARY = (read_varied(f"{COST}=0.9..1.2"), read_varied(f"{CAPS}=0.5..1.5"))


def points_of(folder: Path) -> dict[str, list]:
    return pq.read_table(folder / "points.parquet").to_pydict()


def stated(cost: float, caps: float):  # noqa: ANN201
    """The same scenario, its figures changed by --set."""
    return prepared(
        EHPAD,
        f"measures.ehpad.cost={6694.444444444444 * cost!r}",
        f"rules.caps.at_most={{column: cap_ehpad, times: {caps!r}}}",
    )


def test_multiplied_or_stated_is_the_same() -> None:
    points = np.array([[1.0, 1.0], [1.1, 0.7], [0.93, 1.4]])
    question = Perturbed(prepared=prepared(EHPAD), figures=FIGURES, plan=published_plan)
    found = question.answer(points)
    assert list(found.status) == [0, 0, 0]
    for i, factors in enumerate(points):
        other = stated(*map(float, factors))
        plan = other.plan(other.priorities)
        assert found.values[i] == pytest.approx(other.values(plan), rel=1e-12)
        assert found.shares[i, ::2] == pytest.approx(plan.x.sum(axis=(1, 2)), rel=1e-7)
        assert found.shares[i, 1::2] == pytest.approx(plan.credits.sum(axis=(1, 2)), rel=1e-7)
    assert found.shares[0] == pytest.approx(question.answer(points[:1]).shares[0], abs=0)
    assert question.own().x.sum(axis=(1, 2)) == pytest.approx(found.shares[0, ::2], rel=1e-9)


def test_untied_values_against_scipy() -> None:
    points = np.array([[1.1, 0.7], [0.93, 1.4]])
    found = Perturbed(prepared=prepared(EHPAD), figures=FIGURES, plan=untied_plan).answer(points)
    for i, factors in enumerate(points):
        program = stated(*map(float, factors)).program
        least = least_by_scipy(program, program.costs[0]) + program.offsets[0]
        assert found.values[i, 0] == pytest.approx(least, rel=1e-9)


def test_a_column_is_multiplied_at_every_level() -> None:
    # rates are shares of the population: all of it times two halves them, the plan stays
    scenario = prepared(EHPAD)
    question = Perturbed(prepared=scenario, figures=("pop_75p",), plan=published_plan)
    found = question.answer(np.array([[2.0]]))
    own = scenario.plan(scenario.priorities)
    assert found.values[0] == pytest.approx(scenario.values(own), rel=1e-9)


def test_points_without_a_plan_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    design = tmp_path / "design.csv"
    design.write_text("rules.floor.at_least,pop_75p\n1,1\n20,1\n1,1e14\n", encoding="utf-8")
    call = ["sensitivity", "sweep", EHPAD, "--design", str(design), "-o", str(tmp_path / "out")]
    assert main(call) == 0
    points = points_of(tmp_path / "out")
    status = dict(zip(points["point"], points["status"], strict=True))
    assert status == {1: "optimal", 2: "infeasible", 3: "invalid"}
    told = capsys.readouterr().out
    assert "1 point is infeasible" in told
    assert "1 point is invalid" in told
    assert set(points) >= {"factor_rules.floor.at_least", "factor_pop_75p"}


@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_indices_are_those_of_the_points(method: str, tmp_path: Path) -> None:
    pytest.importorskip("SALib")
    asked = Asked(vary=VARY, samples=16, indices=method, territories=("region:11",))
    tables = sweep_study(prepared(EHPAD), asked, tmp_path / "one").tables
    with ThreadPoolExecutor(3) as threads:
        sweep_study(prepared(EHPAD), asked, tmp_path / "two", threads)
    parquet = [(tmp_path / name / "points.parquet").read_bytes() for name in ("one", "two")]
    assert parquet[0] == parquet[1]
    points = points_of(tmp_path / "one")
    rank = np.argsort(points["point"])
    columns = [np.array(points[f"factor_{figure}"])[rank] for figure in FIGURES]
    again = Indices(method=method, varied=VARY, seed=0)
    assert (again.design(16).points == np.array(columns).T).all()
    outputs = ("shortfall", "region:11|ehpad", "region:11")
    by_name = {name: np.array(points[name])[rank] for name in outputs}
    assert tables["indices"] == again.table(16, by_name)
    assert tables["indices"].column("output") == [name for name in outputs for _ in FIGURES]


def test_sobol_on_a_sum_that_is_known() -> None:
    pytest.importorskip("SALib")
    indices = Indices(method="sobol", varied=VARY, seed=1)
    points = indices.design(1024).points
    unit = (points - [0.9, 0.5]) / [0.3, 1.0]
    a, b = unit.T
    rows = list(indices.table(1024, {"sum": 2 * a + b, "product": a * b}).records())
    # variances 4/12 and 1/12; of a product: 1/48 each alone, 1/144 together, 7/144 in all
    known = [(4 / 5, 4 / 5), (1 / 5, 1 / 5), (3 / 7, 4 / 7), (3 / 7, 4 / 7)]
    for row, (first, total) in zip(rows, known, strict=True):
        assert row["first_order"] == pytest.approx(first, abs=0.03)
        assert row["total"] == pytest.approx(total, abs=0.03)


def test_morris_on_a_sum_that_is_known() -> None:
    pytest.importorskip("SALib")
    indices = Indices(method="morris", varied=VARY, seed=1)
    points = indices.design(20).points
    unit = (points - [0.9, 0.5]) / [0.3, 1.0]
    rows = list(indices.table(20, {"sum": 2 * unit[:, 0] - unit[:, 1]}).records())
    assert [row["mean_effect"] for row in rows] == pytest.approx([2.0, -1.0])
    assert [row["mean_absolute_effect"] for row in rows] == pytest.approx([2.0, 1.0])
    assert [row["deviation_of_effects"] for row in rows] == pytest.approx([0.0, 0.0], abs=1e-9)


def test_what_never_moves_or_is_missing_has_no_index() -> None:
    pytest.importorskip("SALib")
    indices = Indices(method="sobol", varied=VARY, seed=1)
    points = indices.design(16).points
    missing = points[:, 0].copy()
    missing[3] = np.nan
    table = indices.table(16, {"still": np.ones(64), "missing": missing})
    assert set(table.column("total")) == {None}


def test_sobol_needs_a_power_of_two() -> None:
    with pytest.raises(UsageError, match="a power of 2"):
        Indices(method="sobol", varied=VARY, seed=1).design(100)


def test_without_salib_nothing_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("perequa.studies.sweep.indices.find_spec", lambda _: None)
    call = ["sensitivity", "sweep", EHPAD, "--vary", "pop_75p=0.9..1.1", "--samples", "4"]
    assert main([*call, "--indices", "sobol", "-o", str(tmp_path / "out")]) == 2
    assert "pip install 'perequa[sweep]'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
