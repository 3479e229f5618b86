"""Columns computed by a named formula, row by row, with every problem noted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from perequa_models.columns import Column
from perequa_models.derive import FORMULAS, derive_columns
from perequa_models.problems import Cell, Problems
from perequa_models.scenario import Scenario
from perequa_models.tree import Territory, Tree

TREE = Tree.of(
    ("department", "establishment"),
    [
        Territory("department", "D", "Department", ""),
        Territory("establishment", "H1", "Home 1", "D"),
        Territory("establishment", "H2", "Home 2", "D"),
    ],
)
HOMES = {
    "gmp": [750, 650],
    "residents": [80, 60],
    **{f"gir{i}": [30, 10] for i in range(1, 7)},
    "alzheimer": ["yes", "no"],
    "tariff": ["partial", "global"],
    "pharmacy": ["non", "oui"],
    "dominic_given": [None, 300_000],
}


def scenario(derive: dict[str, Any]) -> Scenario:
    return Scenario.model_validate(
        {
            "format": 1,
            "name": "homes",
            "years": [2004],
            "territories": {"file": "homes.csv", "levels": ["department", "establishment"]},
            "measures": {"care": {"unit": "money"}},
            "supply": {"file": "supply.csv"},
            "derive": derive,
            "objectives": {"spend": {"kind": "spend", "normalise": "none"}},
        }
    )


def columns(**changed: list[Any]) -> dict[str, Column]:
    made = {}
    for name, values in {**HOMES, **changed}.items():
        is_text = any(isinstance(v, str) for v in values)
        held = np.full((3, 1, 1), None if is_text else np.nan, dtype=object if is_text else float)
        for i, value in enumerate(values):
            if value is not None:
                held[i + 1, 0, 0] = value
        rows = np.array([-1, 0, 1], dtype=np.intp).reshape(3, 1, 1)
        made[name] = Column(name=name, table="homes.csv", values=held, rows=rows, is_text=is_text)
    return made


def derived(derive: dict[str, Any], **changed: list[Any]) -> tuple[dict[str, Column], Problems]:
    problems = Problems()
    return derive_columns(scenario(derive), TREE, columns(**changed), problems), problems


DOMINIC = {"dominic": {"formula": "dominic_2004", "otherwise": {"column": "dominic_given"}}}


def test_formula_where_it_applies_and_otherwise_elsewhere() -> None:
    made, problems = derived(DOMINIC)
    assert problems.found == []
    assert made["dominic"].values[1:, 0, 0] == pytest.approx([455_200, 300_000])
    assert np.isnan(made["dominic"].values[0, 0, 0])
    assert made["dominic"].cell(2) == Cell("homes.csv", 1, "dominic")


def test_words_and_figures_both_say_yes() -> None:
    made, problems = derived(DOMINIC, alzheimer=[1.0, 0.0], pharmacy=["1", "0"])
    assert problems.found == []
    assert made["dominic"].values[1, 0, 0] == pytest.approx(537_136)


def test_formulas_use_columns_derived_before() -> None:
    made, problems = derived(
        {"points": {"formula": "gmp"}, **DOMINIC | {}},
        **{f"gir{i}": [40 if i <= 2 else 0, 10] for i in range(1, 7)},
    )
    assert problems.found == []
    assert made["points"].values[1, 0, 0] == pytest.approx(920)
    second, problems = derived(
        {
            "points": {"formula": "gmp"},
            "d": {**DOMINIC["dominic"], "from": {"gmp": "points"}},
        },
        **{f"gir{i}": [40 if i <= 2 else 0, 10] for i in range(1, 7)},
    )
    assert problems.found == []
    assert second["d"].values[1, 0, 0] == pytest.approx(5.69 * (920 + 250) * 80)


def test_gmps_ceiling_needs_its_year() -> None:
    changed: dict[str, list[Any]] = {
        "pmp": [200, 100],
        "places": [82, 60],
        "overseas": ["no", "yes"],
    }
    made, problems = derived({"c": {"formula": "gmps_ceiling", "year": 2013}}, **changed)
    assert problems.found == []
    assert made["c"].values[1, 0, 0] == pytest.approx(9.75 * (750 + 518) * 82)
    assert made["c"].values[2, 0, 0] == pytest.approx(15.72 * (650 + 259) * 60)
    for year in ({}, {"year": 2010}):
        _, problems = derived({"c": {"formula": "gmps_ceiling", **year}}, **changed)
        assert [p.code for p in problems.found] == ["unknown_year"]
        assert problems.found[0].accepted == "2009, 2011, 2012, 2013"


def test_unknown_formula_lists_those_known() -> None:
    _, problems = derived({"x": {"formula": "occupancy"}})
    (problem,) = problems.found
    assert problem.code == "unknown_formula"
    assert problem.path == ("derive", "x", "formula")
    assert (
        problem.accepted
        == ", ".join(FORMULAS)
        == ("activity_cost, dominic_2004, gmp, gmps_ceiling, occupancy_modulation")
    )


def test_occupancy_is_a_share_and_has_its_year() -> None:
    changed: dict[str, list[Any]] = {"allocation": [0.95, 1.02], "occupancy": [0.88, 0.94]}
    factor = {"factor": {"formula": "occupancy_modulation", "year": 2020}}
    made, problems = derived(factor, **changed)
    assert problems.found == []
    # 92 % asked of the first, 95 % of the second: half of 4 and of 1 points are taken off
    assert made["factor"].values[1:, 0, 0] == pytest.approx([0.98, 0.995])
    _, problems = derived(factor, **(changed | {"occupancy": [88, 0.94]}))
    (problem,) = problems.found
    assert (problem.code, problem.received) == ("wrong_value", "88")
    assert problem.accepted == "a share, e.g. 0.93 or 93 %"
    _, problems = derived({"factor": {"formula": "occupancy_modulation"}}, **changed)
    assert [p.code for p in problems.found] == ["unknown_year"]


def test_activity_at_the_value_of_an_indicator() -> None:
    made, problems = derived(
        {"norm": {"formula": "activity_cost"}}, activity=[1200, 800], unit_cost=[95, 95]
    )
    assert problems.found == []
    assert made["norm"].values[1:, 0, 0] == pytest.approx([114_000, 76_000])


@pytest.mark.parametrize(
    ("changed", "code", "column", "row"),
    [
        ({"gmp": [None, 650]}, "missing_value", "gmp", 0),
        ({"tariff": ["partiel", "global"]}, "wrong_value", "tariff", 0),
        ({"alzheimer": ["perhaps", "no"]}, "wrong_value", "alzheimer", 0),
        ({"residents": [-80, 60]}, "wrong_value", "residents", 0),
        ({"dominic_given": [None, None]}, "missing_value", "dominic_given", 1),
    ],
)
def test_wrong_cells_are_named(
    changed: dict[str, list[Any]], code: str, column: str, row: int
) -> None:
    _, problems = derived(DOMINIC, **changed)
    (problem,) = problems.found
    assert (problem.code, problem.cell) == (code, Cell("homes.csv", row, column))


def test_a_row_is_not_asked_for_figures_it_does_not_need() -> None:
    _, problems = derived(DOMINIC, alzheimer=["yes", None], tariff=["partial", None])
    assert problems.found == []


def test_rows_are_those_of_the_finest_level_that_states_everything() -> None:
    held = columns(dominic_given=[None, 300_000])
    for column in held.values():
        column.values[0] = column.values[1]
        column.rows[0] = 2
    problems = Problems()
    made = derive_columns(scenario(DOMINIC), TREE, held, problems)["dominic"]
    assert problems.found == []
    assert np.isnan(made.values[0, 0, 0])
    assert made.values[2, 0, 0] == 300_000


def test_without_otherwise_a_row_outside_the_formula_is_an_error() -> None:
    _, problems = derived({"dominic": {"formula": "dominic_2004"}})
    (problem,) = problems.found
    assert problem.code == "formula_does_not_apply"
    assert problem.cell == Cell("homes.csv", 1, "gmp")


@pytest.mark.parametrize(
    ("derive", "code", "nearest"),
    [
        ({"gmp": {"formula": "gmp"}}, "repeated_column", ""),
        ({"d": {"formula": "gmp", "from": {"gir9": "gir1"}}}, "unknown_argument", "gir6"),
        ({"d": {"formula": "gmp", "from": {"gir1": "girl1"}}}, "unknown_column", "gir1"),
        (
            {"d": {"formula": "dominic_2004", "otherwise": {"column": "dominic_give"}}},
            "unknown_column",
            "dominic_given",
        ),
    ],
)
def test_wrong_names(derive: dict[str, Any], code: str, nearest: str) -> None:
    made, problems = derived(derive)
    (problem,) = problems.found
    assert problem.code == code
    assert problem.nearest[:4] == nearest[:4]
    assert "d" not in made
