"""`indices.csv` of a sweep whose points no method chose: what each figure explains alone."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
from studied import DISTANCE, EHPAD

from perequa.cli import main
from perequa.studies.sweep.given_points import first_order

if TYPE_CHECKING:
    from pathlib import Path

COST = "measures.ehpad.cost"
NOWHERE = float("nan")


@pytest.mark.parametrize(
    ("figure", "output", "expected"),
    [
        # two classes of two: what is left inside them over 2, beside what there is over 3
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([1, 2, 3, 4], [0, 2, 3, 5], 1 - (4 / 2) / (13 / 3)),
        ([4, 1, 3, 2], [5, 0, 3, 2], 1 - (4 / 2) / (13 / 3)),
        ([1, 2, 3, 4], [0, 1, 0, 1], 0.0),
        # three of the same figure are in one class, whatever their order
        ([7, 7, 7, 9], [1, 2, 3, 6], 1 - (2 / 2) / (14 / 3)),
        ([7, 9, 7, 7], [3, 6, 1, 2], 1 - (2 / 2) / (14 / 3)),
        # a figure that never varies explains nothing
        ([7, 7, 7, 7], [1, 2, 3, 6], 0.0),
        ([1, 2, 3], [1, 2, 3], 0.0),
        ([1, 2, 3, 4], [5, 5, 5, 5], None),
        ([1, 2, 3, 4], [1, NOWHERE, 3, 4], None),
        ([1], [5], None),
    ],
)
def test_classes_counted_by_hand(
    figure: list[float], output: list[float], expected: float | None
) -> None:
    found = first_order(np.array(figure, dtype=float), np.array(output, dtype=float))
    assert found == (expected if expected is None else pytest.approx(expected, abs=1e-15))


def test_on_a_sum_that_is_known() -> None:
    """Of a + 2b with a and b even on [0, 1]: variances as 1 to 4, shares 0.2 and 0.8."""
    a, b, c = np.random.default_rng(5).uniform(size=(3, 4096))
    found = [first_order(figure, a + 2 * b) for figure in (a, b, c)]
    assert found == pytest.approx([0.2, 0.8, 0.0], abs=0.03)


def test_what_only_shows_together_is_owed_to_nobody_alone() -> None:
    a, b = np.random.default_rng(5).uniform(-1, 1, size=(2, 4096))
    assert first_order(a, a * b) == pytest.approx(0.0, abs=0.03)
    assert first_order(a, np.abs(a)) == pytest.approx(1.0, abs=0.01)


def indices(folder: Path) -> list[dict[str, str]]:
    with (folder / "indices.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("asked", "figures"),
    [
        (["--set", DISTANCE, "--samples", "30"], ["distance", "shortfall"]),
        (["--set", DISTANCE, "--samples", "30", "--lattice"], ["distance", "shortfall"]),
        (["--vary", "measures.ehpad.cost=0.8..1.2", "--samples", "9"], [COST]),
        (["--design", "design.csv", "--set", DISTANCE], ["shortfall", "distance"]),
    ],
)
def test_every_sweep_has_its_indices(
    asked: list[str], figures: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "design.csv").write_text(
        "shortfall,distance\n1,0\n2,2\n0.1,0.1\n0,3\n3,1\n", encoding="utf-8"
    )
    assert main(["sensitivity", "sweep", EHPAD, *asked, "-o", "out"]) == 0
    rows = indices(tmp_path / "out")
    assert [row["figure"] for row in rows][: len(figures)] == figures
    assert {row["method"] for row in rows} == {"given_points"}
    assert {row["output"] for row in rows} >= {"shortfall"}
    assert all(0.0 <= float(row["first_order"] or 0.0) <= 1.0 for row in rows)
    assert any(row["first_order"] for row in rows)
    assert main(["verify", "out"]) == 0
