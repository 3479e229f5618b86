"""How figures are drawn: against scipy's distributions, and as stated in a table."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from studied import EHPAD, prepared

from perequa.cli import main
from perequa.studies.sweep.distributions import Choice, Lognormal, Normal, Triangular, Uniform
from perequa.studies.sweep.figures import Perturbed, draws, published_plan
from perequa.studies.sweep.indices import Indices
from perequa.studies.sweep.varied import READERS, read_varied
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

pq = pytest.importorskip("pyarrow.parquet")

SHARES = np.concatenate([[0.0, 1.0], np.random.default_rng(2).random(200)])


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a=0.9..1.2", Uniform(low=0.9, high=1.2)),
        (" a.b = .5 .. 1e0 ", Uniform(low=0.5, high=1.0)),
        ("a=uniform:0.9..1.2", Uniform(low=0.9, high=1.2)),
        ("a=triangular:0.9..1..1.2", Triangular(low=0.9, mode=1.0, high=1.2)),
        ("a=triangular:0.9..0.9..1.2", Triangular(low=0.9, mode=0.9, high=1.2)),
        ("a=normal:1,0.05,0.85..1.15", Normal(mean=1.0, deviation=0.05, low=0.85, high=1.15)),
        (
            "a= lognormal : 1, 0.1, 0.7..1.4",
            Lognormal(median=1.0, deviation=0.1, low=0.7, high=1.4),
        ),
        ("a=choice:low,a,high", Choice(columns=("low", "a", "high"), shares=(1.0, 1.0, 1.0))),
        ("a=choice:low@1,a@0.5", Choice(columns=("low", "a"), shares=(1.0, 0.5))),
    ],
)
def test_distributions_as_they_are_typed(text: str, read: object) -> None:
    varied = read_varied(text)
    assert varied.figure == text.partition("=")[0].strip()
    assert varied.distribution == read


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *((text, "FIGURE=DISTRIBUTION is needed") for text in ("", "a", "=0.9..1.1")),
        *((f"a={ends}", "two factors above 0")
          for ends in ("0.9..1..1.1", "1.1..0.9", "1..1", "0..1", "-1..1")),
        *((f"a={ends}", "is not a number")
          for ends in ("", "x..1", "0.9..inf", "nan..1", "0.9-1.1", "1_0..2_0", "normal:1,x,1..2")),
        ("a=triangular:1..2", "three factors"),
        ("a=triangular:1..3..2", "between the two others"),
        ("a=triangular:0..1..2", "two factors above 0"),
        ("a=normal:1,0.1", "two ends are needed"),
        ("a=normal:1,0,0.9..1.1", "deviation must be above 0"),
        ("a=normal:1,0.01,2..3", "only 0 of the distribution"),
        ("a=lognormal:0,0.1,0.9..1.1", "median must be above 0"),
        ("a=lognormal:1,0.1,0..1.1", "two factors above 0"),
        ("a=gauss:1,2", "no distribution 'gauss'"),
        ("a=choice:b", "two columns or more"),
        ("a=choice:b,", "two columns or more"),
        ("a=choice:b,b", "named twice"),
        ("a=choice:b@0,c", "shares must be above 0"),
    ],
)  # fmt: skip
def test_not_distributions(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as error:
        read_varied(text)
    assert "accepted: " in str(error.value)


@given(
    st.sampled_from(["", *READERS, "choices"]),
    st.lists(
        st.one_of(
            st.floats().map(repr), st.sampled_from(["", "a", "..", ",", ":", "@", "1e999", "é"])
        ),
        max_size=6,
    ),
    st.sampled_from(["..", ",", "@", ""]),
)
def test_whatever_is_typed_is_read_or_refused(name: str, parts: list[str], between: str) -> None:
    text = f"a={name}:{between.join(parts)}" if name else f"a={between.join(parts)}"
    try:
        found = read_varied(text).distribution
    except UsageError:
        return
    drawn = found.at(SHARES)
    assert np.isfinite(drawn).all()
    if found.ends is None:
        assert set(drawn) <= set(range(len(found.columns)))
    else:
        low, high = found.ends
        assert ((drawn >= low * (1 - 1e-12)) & (drawn <= high * (1 + 1e-12))).all()


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("uniform:0.9..1.2", stats.uniform(0.9, 0.3)),
        ("triangular:0.9..1..1.2", stats.triang(1 / 3, 0.9, 0.3)),
        ("triangular:0.9..1.2..1.2", stats.triang(1.0, 0.9, 0.3)),
        ("normal:1,0.1,0.85..1.3", stats.truncnorm(-1.5, 3.0, 1.0, 0.1)),
    ],
)
def test_quantiles_against_scipy(text: str, known: object) -> None:
    found = read_varied(f"a={text}").distribution
    assert found.at(SHARES) == pytest.approx(known.ppf(SHARES), rel=1e-9)
    assert found.at(np.array([0.0, 1.0])) == pytest.approx(found.ends, rel=1e-12)


def test_lognormal_quantiles_against_scipy() -> None:
    found = read_varied("a=lognormal:1.05,0.2,0.8..1.6").distribution
    known = stats.lognorm(0.2, scale=1.05)
    inside = known.cdf(0.8) + SHARES * (known.cdf(1.6) - known.cdf(0.8))
    assert found.at(SHARES) == pytest.approx(known.ppf(inside), rel=1e-9)


def test_a_choice_is_drawn_by_its_shares() -> None:
    found = read_varied("a=choice:b@1,c@3,d@4").distribution
    drawn = found.at(np.random.default_rng(3).random(40_000))
    assert np.bincount(drawn.astype(int)) / 40_000 == pytest.approx([1 / 8, 3 / 8, 1 / 2], abs=0.01)
    assert found.at(np.array([0.0, 0.1249, 0.1251, 1.0])).tolist() == [0.0, 0.0, 1.0, 2.0]


def test_a_longer_draw_begins_with_the_shorter() -> None:
    varied = [read_varied("a=triangular:0.9..1..1.2"), read_varied("b=normal:1,0.1,0.85..1.3")]
    assert (draws(varied, 30, 5).points == draws(varied, 50, 5).points[:30]).all()
    assert not (draws(varied, 30, 6).points == draws(varied, 30, 5).points).any()


@pytest.fixture
def three_populations(tmp_path: Path) -> Path:
    """The scenario with two more columns of population."""
    folder = tmp_path / "mine"
    assert main(["new", str(folder), "--from", EHPAD]) == 0
    for file in folder.rglob("*.csv"):
        lines = file.read_text(encoding="utf-8").splitlines()
        header = lines[0].split(",")
        if "pop_75p" not in header:
            continue
        at = header.index("pop_75p")
        laid = [[*header, "pop_high", "pop_tilted"]]
        for i, line in enumerate(lines[1:]):
            row = line.split(",")
            more = (
                [repr(float(row[at]) * by) for by in (1.1, 1 + 0.02 * i)] if row[at] else ["", ""]
            )
            laid.append([*row, *more])
        file.write_text("\n".join(map(",".join, laid)) + "\n", encoding="utf-8")
    return folder


def test_a_column_takes_the_place_of_another(three_populations: Path) -> None:
    scenario = prepared(str(three_populations))
    question = Perturbed(
        prepared=scenario,
        figures=("pop_75p", "pop_tilted"),
        choices={"pop_75p": ("pop_75p", "pop_high", "pop_tilted")},
        plan=published_plan,
    )
    found = question.answer(np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0], [2.0, 5.0]]))
    own = scenario.plan(scenario.priorities)
    assert found.values[0] == pytest.approx(scenario.values(own), rel=1e-9)
    # rates are shares of the population: all of it a tenth more changes no plan
    assert found.shares[1] == pytest.approx(found.shares[0], rel=1e-6)
    assert np.abs(found.shares[2] - found.shares[0]).max() > 1.0
    # a column is chosen as it was read, whatever it is multiplied by itself
    assert (found.shares[3] == found.shares[2]).all()
    (three_populations / "scenario.yaml").write_text(
        (three_populations / "scenario.yaml").read_text("utf-8").replace("pop_75p", "pop_tilted"),
        encoding="utf-8",
    )
    stated = prepared(str(three_populations))
    assert found.values[2] == pytest.approx(stated.values(stated.plan(stated.priorities)), rel=1e-9)


def test_distributions_of_a_table_are_those_typed(three_populations: Path, tmp_path: Path) -> None:
    stated = {
        "measures.ehpad.cost": "triangular:0.9..1..1.2",
        "cap_ehpad": "normal:1,0.1,0.8..1.2",
        "pop_75p": "choice:pop_75p,pop_high@2,pop_tilted",
    }
    table = tmp_path / "design.csv"
    table.write_text(
        "figure;distribution\n" + "".join(f"{k};{v}\n" for k, v in stated.items()), encoding="utf-8"
    )
    call = ["sensitivity", "sweep", str(three_populations), "--samples", "12"]
    typed = [part for k, v in stated.items() for part in ("--vary", f"{k}={v}")]
    assert main([*call, *typed, "-o", str(tmp_path / "typed")]) == 0
    assert main([*call, "--design", str(table), "-o", str(tmp_path / "read")]) == 0
    one, two = ((tmp_path / n / "points.parquet").read_bytes() for n in ("typed", "read"))
    assert one == two
    points = pq.read_table(tmp_path / "read" / "points.parquet").to_pydict()
    assert set(points["column_pop_75p"]) <= {"pop_75p", "pop_high", "pop_tilted"}
    assert len(set(points["column_pop_75p"])) > 1
    assert all(0.8 <= factor <= 1.2 for factor in points["factor_cap_ehpad"])
    shutil.rmtree(tmp_path / "read")


def test_cells_that_are_no_distribution_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "design.csv"
    table.write_text("figure;distribution\npop_75p;1..2\ncap_ehpad;2..1\na;gauss:1\n", "utf-8")
    call = ["sensitivity", "sweep", EHPAD, "--design", str(table)]
    assert main([*call, "--samples", "4"]) == 3
    told = capsys.readouterr().err
    assert "2..1" in told
    assert "gauss" in told
    assert ":3" in told or "line 3" in told
    table.write_text("figure;distribution\npop_75p;1..2\n", "utf-8")
    assert main(call) == 2
    assert "--samples N" in capsys.readouterr().err


@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_indices_of_distributions(method: str) -> None:
    pytest.importorskip("SALib")
    varied = tuple(
        map(read_varied, ("a=triangular:0.9..1..1.2", "b=normal:1,0.1,0.8..1.3", "c=choice:d,e,f"))
    )
    count = 1024 if method == "sobol" else 40
    indices = Indices(method=method, varied=varied, seed=1)
    design = indices.design(count)
    a, b, c = design.points.T
    assert set(c) == {0.0, 1.0, 2.0}
    rows = list(indices.table(count, {"sum": a + b, "chosen": c}).records())
    if method == "sobol":
        # variances by scipy; what is added shares out its variance
        of_a = stats.triang(1 / 3, 0.9, 0.3).var()
        of_b = stats.truncnorm(-2.0, 3.0, 1.0, 0.1).var()
        assert rows[0]["total"] == pytest.approx(of_a / (of_a + of_b), abs=0.03)
        assert rows[1]["first_order"] == pytest.approx(of_b / (of_a + of_b), abs=0.03)
        assert [row["total"] for row in rows[3:]] == pytest.approx([0.0, 0.0, 1.0], abs=0.03)
    else:
        assert rows[2]["mean_absolute_effect"] == pytest.approx(0.0, abs=1e-12)
        assert rows[5]["mean_effect"] == pytest.approx(2.0, abs=0.6)
    assert [row["low"] for row in rows[:3]] == [0.9, 0.8, None]
    assert rows[2]["distribution"] == "choice:d,e,f"
