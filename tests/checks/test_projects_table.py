"""Whatever a table of projects holds, it is read or refused at its cells, all at once."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perequa.checks import InvalidInput, load
from perequa.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from perequa.io.findings import Finding

SCENARIO = """
format: 1
name: small
years: [2004]
territories: {file: territories.csv, levels: [region, department]}
decide_at: department
measures: {fdt: {cost: 1000}, mas: {cost: 1000}}
supply: {file: supply.csv, absent: closed}
indicators: {rate: {measures: [fdt, mas], population: pop}}
projects:
  file: projects.csv
  merit: {ratio: [young, installed_places], divided_by: rate_here}
  first: {column: none_here}
  prefer: {column: operation, order: [extension, creation]}
rules:
  two: {kind: selection, by: region, at_most: 2}
objectives:
  merit: {kind: unmet_merit}
"""
TERRITORIES = """\
level,code,name,parent,pop
region,1,One,,100
department,01,Ain,1,60
department,02,Aisne,1,40
"""
HEADER = (
    *("project", "territory", "measure", "operation", "places", "cost", "cofinanced"),
    *(
        "opening_months",
        "frees",
        "group",
        "requires",
        "young",
        "installed_places",
        "rate_here",
        "none_here",
    ),
)
GOOD = ("a", "01", "fdt", "creation", "10", "", "", "", "", "", "", "8", "4", "0.5", "yes")


def written(folder: Path, rows: list[tuple[str, ...]], header: tuple[str, ...] = HEADER) -> Path:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    for name, text in {
        "scenario.yaml": SCENARIO,
        "territories.csv": TERRITORIES,
        "supply.csv": "territory,measure,installed\ndepartment:01,mas,5\n",
        "projects.csv": out.getvalue(),
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def findings(folder: Path) -> tuple[Finding, ...]:
    with pytest.raises(InvalidInput) as caught:
        load(str(folder))
    return tuple(f for f in caught.value.findings if f.severity == "error")


def changed(**cells: str) -> tuple[str, ...]:
    row = dict(zip(HEADER, GOOD, strict=True)) | cells
    return tuple(row[name] for name in HEADER)


def test_a_good_table_is_read(tmp_path: Path) -> None:
    (project,) = load(str(written(tmp_path, [GOOD]))).instance.projects
    assert project.merit == pytest.approx(8 / 4 / 0.5)
    assert project.charged == pytest.approx(10_000)
    assert (project.service_class, project.preferred) == (1, (1,))


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("project", "", "wrong_name"),
        ("project", "a;b", "wrong_name"),
        ("territory", "99", "unknown_territory"),
        ("territory", "region:1", "too_coarse"),
        ("measure", "fdd", "unknown_measure"),
        ("operation", "extention", "wrong_value"),
        ("places", "", "missing_value"),
        ("places", "ten", "not_a_number"),
        ("places", "-1", "out_of_bounds"),
        ("cost", "-5", "out_of_bounds"),
        ("cofinanced", "1", "out_of_bounds"),
        ("cofinanced", "20", "out_of_bounds"),
        ("opening_months", "13", "out_of_bounds"),
        ("opening_months", "1.5", "out_of_bounds"),
        ("frees", "-1", "out_of_bounds"),
        ("frees", "1000", "out_of_bounds"),
        ("requires", "z", "unknown_project"),
        ("requires", "a", "unknown_project"),
        ("young", "", "missing_value"),
        ("young", "many", "not_a_number"),
        ("young", "-3", "negative_figure"),
        ("installed_places", "0", "not_positive"),
        ("rate_here", "0", "not_positive"),
        ("none_here", "maybe", "wrong_class"),
    ],
)
def test_a_wrong_cell_is_told_where_it_stands(
    tmp_path: Path, column: str, value: str, code: str
) -> None:
    (found,) = findings(written(tmp_path, [changed(**{column: value})]))
    assert found.code == code
    assert found.line == 2
    assert found.file.endswith("projects.csv")
    assert found.remedy


def test_all_wrong_cells_are_told_at_once(tmp_path: Path) -> None:
    rows = [changed(places="x"), changed(project="b", cost="x"), changed(project="b", young="x")]
    found = findings(written(tmp_path, rows))
    assert [(f.line, f.code) for f in found] == [
        (4, "duplicate_row"),
        (2, "not_a_number"),
        (3, "not_a_number"),
    ]


def test_a_missing_column_is_told_with_the_nearest(tmp_path: Path) -> None:
    header = tuple("place" if name == "places" else name for name in HEADER)
    (found,) = findings(written(tmp_path, [GOOD], header))
    assert (found.code, found.nearest) == ("missing_column", "place")


def test_names_that_no_column_bears_are_told(tmp_path: Path) -> None:
    folder = written(tmp_path, [GOOD])
    with pytest.raises(InvalidInput) as caught:
        load(str(folder), (), ["projects.first.column=non_here"])
    (found,) = [f for f in caught.value.findings if f.severity == "error"]
    assert (found.code, found.nearest) == ("unknown_column", "none_here")


def test_projects_of_a_measure_counted_in_money_are_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, [GOOD])
    with pytest.raises(InvalidInput) as caught:
        load(str(folder), (), ["measures.fdt.unit=money", "measures.fdt.cost=null"])
    (found,) = [f for f in caught.value.findings if f.severity == "error"]
    assert (found.code, found.line) == ("wrong_measure", 2)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("{kind: contingent, in: projects, at_most: 1}", "wrong_quantity"),
        ("{kind: envelope, in: projects, at_most: 1}", "wrong_quantity"),
        ("{kind: pace, in: projects, growth_at_most: 1}", "wrong_quantity"),
        ("{kind: reserve, of: two, share: 0.5}", "wrong_quantity"),
        ("{kind: selection, in: places, at_most: 1}", "wrong_quantity"),
    ],
)
def test_only_some_rules_count_projects(tmp_path: Path, rule: str, code: str) -> None:
    folder = written(tmp_path, [GOOD])
    with pytest.raises(InvalidInput) as caught:
        load(str(folder), (), [f"rules.other={rule}"])
    assert code in {f.code for f in caught.value.findings if f.severity == "error"}


def test_a_selection_without_projects_is_refused(tmp_path: Path) -> None:
    written(tmp_path, [GOOD])
    assert main(["validate", str(tmp_path), "--set", "projects=null"]) == 3


CELL = st.one_of(
    st.sampled_from(
        ["", "nc", "0", "1", "-1", "yes", "nan", "1e400", "é", "a", "b", "12,5 %", ";"]
    ),
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=6),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_table_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(*(CELL for _ in HEADER)), min_size=1, max_size=4))
    kept = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    mixed = [
        tuple(g if keep and i < 5 else c for i, (c, g) in enumerate(zip(row, GOOD, strict=True)))
        for row, keep in zip(rows, kept, strict=True)
    ]
    folder = written(tmp_path, mixed)
    try:
        loaded = load(str(folder))
    except InvalidInput as error:
        if not any(f.severity == "error" for f in error.findings):
            raise
    else:
        # a line of empty cells is none
        assert len(loaded.instance.projects) == sum(any(c.strip() for c in row) for row in mixed)
