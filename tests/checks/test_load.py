"""A valid scenario loads whole; each thing wrong is told where it stands."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from perequa.checks import Finding, load
from perequa_models.errors import UsageError

Found = Callable[..., tuple[Finding, ...]]
Edit = Callable[[str, str, str], Path]


def test_a_valid_scenario_becomes_an_instance(folder: Path) -> None:
    loaded = load(str(folder))
    assert loaded.findings == ()
    instance = loaded.instance
    assert [t.id for t in instance.territories] == ["region:02", "region:11"]
    # stated at its own level for 11, summed up from departments for 02 (nc at region level)
    assert instance.installed.tolist() == [[10.0], [100.0]]
    limits = {str(row.key): row.limit for row in instance.rows}
    assert limits["cap/region:11/ssiad/-/at_most"] == 1030.5
    assert limits["floor/region:02/ssiad/2004/at_least"] == 1.0
    assert limits["floor/region:11/ssiad/2005/at_least"] == 0.0
    assert instance.columns["status"].is_text
    assert sorted(loaded.raw.files) == [
        "caps.csv", "floors.csv", "scenario.yaml", "supply.csv", "territories.csv",
    ]  # fmt: skip


def test_order_of_rows_does_not_matter(folder: Path) -> None:
    before = load(str(folder)).instance
    for name in ("territories.csv", "supply.csv", "caps.csv", "floors.csv"):
        header, *rows = (folder / name).read_text(encoding="utf-8").splitlines()
        (folder / name).write_text("\n".join([header, *reversed(rows)]) + "\n", encoding="utf-8")
    after = load(str(folder)).instance
    assert before.tree == after.tree
    assert np.array_equal(before.installed, after.installed)
    assert [r.limit for r in before.rows] == [r.limit for r in after.rows]


SCENARIO_FAULTS = [
    # old text, new text, code, line, column, key, received, nearest
    ("supply:\n", "suply:\n", "unknown_key", 10, 1, "suply", "suply", "supply"),
    ("decide_at: region", "decide_at: regio", "unknown_level", 7, 12, "decide_at", "regio",
     "region"),
    ("decide_at: region\n", "", "missing_key", 1, 1, "decide_at", "nothing", ""),
    ("name: small", "name: Small town", "wrong_name", 2, 7, "name", "Small town", ""),
    ("name: small\n", "", "missing_key", 1, 1, "name", "nothing", ""),
    ("[2004, 2005]", "[2005, 2004]", "years_out_of_order", 3, 15, "years.1", "2004", ""),
    ("[2004, 2005]", "[2004, 2006]", "years_out_of_order", 3, 15, "years.1", "2006", ""),
    ("cost: 10500", "cots: 10500", "unknown_key", 9, 31, "measures.ssiad.cots", "cots", "cost"),
    ("cost: 10500", "cost: dear", "wrong_value", 9, 37, "measures.ssiad.cost", "dear", ""),
    ("cost: 10500", "cost: {per_dy: 3}", "unknown_key", 9, 38, "measures.ssiad.cost.per_dy",
     "per_dy", "per_day"),
    ("ssiad: {title", "SSIAD: {title", "wrong_key", 9, 3, "measures.SSIAD", "SSIAD", ""),
    ("kind: contingent", "kind: contingant", "unknown_kind", 20, 11, "rules.contingent.kind",
     "contingant", "contingent"),
    ("    kind: contingent\n", "", "missing_key", 19, 3, "rules.contingent", "nothing", ""),
    ("kind: cap\n", "kind: selectin\n", "unknown_kind", 24, 11, "rules.cap.kind", "selectin",
     "selection"),
    ("equals: 50", "equals: fifty", "wrong_value", 22, 13, "rules.contingent.equals", "fifty", ""),
    ("equals: 50", "equals: 50\n    at_most: 3", "inconsistent", 19, 3, "rules.contingent",
     "a mapping of kind, year, equals, at_most", ""),
    ("{column: cap}", "{colum: cap}", "unknown_key", 26, 15, "rules.cap.at_most.colum", "colum",
     "column"),
    ("{column: cap}", "{column: capp}", "unknown_column", 26, 5, "rules.cap.at_most", "capp",
     "cap"),
    ("year: 2004", "year: 2014", "unknown_year", 21, 11, "rules.contingent.year", "2014", ""),
    ("    by: region\n", "    by: regoin\n", "unknown_group", 25, 9, "rules.cap.by", "regoin",
     "region"),
    ("indicator: rate", "indicator: rat", "unknown_indicator", 34, 16, "objectives.gap.indicator",
     "rat", "rate"),
    ("level: region\n", "level: departement\n", "unknown_level", 35, 12, "objectives.gap.level",
     "departement", "department"),
    ("level: region\n", "level: department\n", "too_fine", 35, 12, "objectives.gap.level",
     "department", ""),
    ("measures: [ssiad]", "measures: [siad]", "unknown_measure", 16, 16,
     "indicators.rate.measures.0", "siad", "ssiad"),
    ("priority: 1", "weight: 0", "no_weight", 36, 13, "objectives.gap.weight", "0", ""),
    ("priority: 1", "weight: -1", "out_of_bounds", 36, 13, "objectives.gap.weight", "-1", ""),
    ("    normalise: none\n", "", "cannot_normalise", 37, 3, "objectives.spend.normalise",
     "initial (the default)", ""),
    ("population: pop", "population: status", "not_a_number", 17, 17, "indicators.rate.population",
     "status", ""),
    ("levels: [region, department]", "levels: [region, nation]", "reserved_level", 6, 3,
     "territories.levels", "nation", ""),
    ("  levels: [region, department]\n", "", "missing_levels", 4, 1, "territories.levels",
     "nothing", ""),
    ("file: supply.csv", "file: suply.csv", "missing_file", 11, 9, "supply.file", "suply.csv",
     "supply.csv"),
    ("file: supply.csv", "file: ../supply.csv", "outside_folder", 11, 9, "supply.file",
     "../supply.csv", ""),
    ("file: supply.csv", "file: /etc/passwd", "outside_folder", 11, 9, "supply.file",
     "/etc/passwd", ""),
    ("file: supply.csv", "file: .", "is_a_directory", 11, 9, "supply.file", ".", ""),
    ("file: supply.csv", "file: 3", "wrong_type", 11, 9, "supply.file", "3", ""),
    ("format: 1", "format: 2", "wrong_value", 1, 9, "format", "2", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "column", "key", "received", "near"), SCENARIO_FAULTS
)
def test_a_fault_in_the_scenario_is_placed(
    folder: Path, edit: Edit, findings_of: Found, old: str, new: str, code: str, line: int,
    column: int, key: str, received: str, near: str,
) -> None:  # fmt: skip
    edit("scenario.yaml", old, new)
    errors = [f for f in findings_of() if f.severity == "error"]
    assert [f.code for f in errors][:1] == [code] or code in {f.code for f in errors}
    found = next(f for f in errors if f.code == code)
    assert found.file == str(folder / "scenario.yaml")
    assert (found.line, found.column, found.key) == (line, column, key)
    assert (found.received, found.nearest) == (received, near)
    assert found.message
    assert found.remedy


TABLE_FAULTS = [
    # file, old text, new text, code, line, column rank, column name, received, nearest
    ("territories.csv", "level,code", "level,kode", "missing_column", 1, None, "code",
     "level, kode, name, parent, pop, status", "kode"),
    ("territories.csv", "department,75", "departement,75", "unknown_level", 4, 1, "level",
     "departement", "department"),
    ("territories.csv", "department,75", "department,11", "duplicate_territory", 5, 2, "code", "11",
     ""),
    ("territories.csv", "Paris,11", "Paris,12", "orphan", 4, 4, "parent", "12", ""),
    ("territories.csv", "Martinique,,", "Martinique,11,", "parent_at_the_top", 3, 4, "parent", "11",
     ""),
    ("territories.csv", "region,02", "region,", "empty_code", 3, 2, "code", "nothing", ""),
    ("territories.csv", "region,02", "region,0/2", "wrong_code", 3, 2, "code", "0/2", ""),
    ("territories.csv", ",3000,", ",0,", "population_not_positive", 2, 5, "pop", "0", ""),
    ("territories.csv", ",3000,", ",-3000,", "negative_figure", 2, 5, "pop", "-3000", ""),
    ("territories.csv", ",3000,", ",nan,", "not_a_number", 2, 5, "pop", "nan", ""),
    ("territories.csv", ",3000,", ",inf,", "not_a_number", 2, 5, "pop", "inf", ""),
    ("territories.csv", "Corse-du-Sud,02,1000", "Corse-du-Sud,02,1;000", "not_a_number", 6, 5,
     "pop", "1;000", ""),
    ("territories.csv", "parent,pop,", "parent,pop,year,", "ragged_row", 2, 6, "", "6 cells", ""),
    ("territories.csv", ",status", ",pop", "repeated_column", 1, 6, "pop", "pop", ""),
    ("supply.csv", "level,territory", "level,teritory", "missing_column", 1, None, "territory",
     "level, teritory, measure, installed", "teritory"),
    ("supply.csv", "region,11,ssiad", "region,12,ssiad", "unknown_territory", 2, 2, "territory",
     "12", ""),
    ("supply.csv", "region,11,ssiad", ",11,ssiad", "ambiguous_territory", 2, 2, "territory", "11",
     ""),
    ("supply.csv", "region,11,ssiad", "regoin,11,ssiad", "unknown_level", 2, 1, "level", "regoin",
     "region"),
    ("supply.csv", "region,11,ssiad", "region,11,siad", "unknown_measure", 2, 3, "measure", "siad",
     "ssiad"),
    ("supply.csv", "region,02", "region,11", "duplicate_row", 3, 2, "territory", "11, ssiad", ""),
    ("supply.csv", "ssiad,100", "ssiad,1OO", "not_a_number", 2, 4, "installed", "1OO", ""),
    ("supply.csv", "ssiad,100", "ssiad,-1", "negative_figure", 2, 4, "installed", "-1", ""),
    ("supply.csv", "2A,ssiad,10", "2A,ssiad,nc", "missing_value", 3, 4, "installed", "nothing", ""),
    ("supply.csv", "installed", "installed,year", "ragged_row", 2, 4, "", "4 cells", ""),
    ("caps.csv", "02,40", "02,", "missing_value", 3, 2, "cap", "nothing", ""),
    ("caps.csv", "territory,cap", "territory,pop", "repeated_column", 1, 2, "pop",
     "territories.csv and caps.csv", ""),
    ("caps.csv", "territory,cap", "place,cap", "missing_column", 1, None, "territory",
     "place, cap", ""),
    ("caps.csv", "region:11", "region:12", "unknown_territory", 2, 1, "territory", "region:12",
     "region:11"),
    ("caps.csv", '"1 030,5"', '"1,030"', "not_a_number", 2, 2, "cap", "1,030", ""),
    ("caps.csv", '"1 030,5"', '"1 030', "csv_syntax", 2, 1, "", "", ""),
    ("floors.csv", "region,year,limit", "region,year,limite", "missing_column", 1, None, "limit",
     "region, year, limite", "limite"),
    ("floors.csv", "region,year,limit", "region,years,limit", "missing_column", 1, None, "year",
     "region, years, limit", "years"),
    ("floors.csv", "region,year,limit", "envelope,year,limit", "unknown_column", 1, 1, "envelope",
     "envelope", ""),
    ("floors.csv", "02,2005,0", "02,2006,0", "unknown_year", 5, 2, "year", "2006", "2005"),
    ("floors.csv", "02,2005,0", "02,2005,-1", "negative_figure", 5, 3, "limit", "-1", ""),
    ("floors.csv", "02,2005,0\n", "", "missing_value", 1, 3, "limit", "nothing", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "line", "rank", "key", "received", "near"), TABLE_FAULTS
)
def test_a_fault_in_a_table_is_placed(
    folder: Path, edit: Edit, findings_of: Found, file: str, old: str, new: str, code: str,
    line: int, rank: int | None, key: str, received: str, near: str,
) -> None:  # fmt: skip
    edit(file, old, new)
    errors = [f for f in findings_of() if f.severity == "error"]
    assert code in {f.code for f in errors}, errors
    found = next(f for f in errors if f.code == code)
    assert found.file == str(folder / file)
    assert (found.line, found.column, found.key) == (line, rank, key)
    assert (found.received, found.nearest) == (received, near)


def test_all_problems_are_told_at_once(edit: Edit, findings_of: Found) -> None:
    edit("scenario.yaml", "name: small", "nam: small")
    edit("scenario.yaml", "equals: 50", "equals: x")
    edit("territories.csv", "Paris,11", "Paris,12")
    edit("supply.csv", "ssiad,100", "ssiad,1OO")
    codes = [f.code for f in findings_of()]
    assert sorted(codes) == ["missing_key", "orphan", "unknown_key", "wrong_value"]


def test_tables_are_checked_although_the_scenario_is_wrong(edit: Edit, findings_of: Found) -> None:
    edit("scenario.yaml", "equals: 50", "equals: x")
    edit("supply.csv", "ssiad,100", "ssiad,1OO")
    assert [f.code for f in findings_of()] == ["wrong_value", "not_a_number"]


def test_several_measures_need_their_column(folder: Path, edit: Edit, findings_of: Found) -> None:
    edit("scenario.yaml", "measures:\n  ssiad", "measures:\n  other: {cost: 1}\n  ssiad")
    edit("supply.csv", "territory,measure", "territory,measur")
    found = next(f for f in findings_of() if f.code == "missing_column")
    assert (found.file, found.key, found.nearest) == (
        str(folder / "supply.csv"), "measure", "measur",
    )  # fmt: skip


def test_money_needs_a_row_for_each_territory(edit: Edit, findings_of: Found) -> None:
    edit("scenario.yaml", "cost: 10500", "unit: money")
    edit("supply.csv", "measure,installed", "measure,base")
    edit("scenario.yaml", "    measures: [ssiad]\n", "    measures: [ssiad]\n    counts: base\n")
    assert findings_of() == ()
    edit("supply.csv", "region,02,ssiad,nc\n", "")
    assert findings_of() == ()  # a department below has a row
    edit("supply.csv", "department,2A,ssiad,10\n", "")
    edit("scenario.yaml", "    measures: [ssiad]\n    counts: base\n    population: pop", "")
    edit("scenario.yaml", "indicators:\n  rate:\n\n", "")
    gap = "kind: shortfall\n    indicator: rate\n    level: region"
    edit("scenario.yaml", gap, "kind: spend\n    normalise: 3")
    assert [f.code for f in findings_of()] == ["missing_row"]
    edit("scenario.yaml", "file: supply.csv", "file: supply.csv\n  absent: closed")
    assert findings_of() == ()


def test_a_row_with_a_wrong_key_is_not_missed_as_well(edit: Edit, findings_of: Found) -> None:
    edit("floors.csv", "02,2004,1", "03,2004,1")
    assert [(f.code, f.line) for f in findings_of()] == [("unknown_territory", 4)]


def test_a_wrong_cell_is_told_once(edit: Edit, findings_of: Found) -> None:
    edit("territories.csv", ",3000,", ",many,")
    assert [(f.code, f.line, f.column) for f in findings_of()] == [("not_a_number", 2, 5)]


def test_a_rule_that_matches_nothing(edit: Edit, findings_of: Found) -> None:
    edit(
        "scenario.yaml",
        "kind: cap\n",
        "kind: cap\n    where: {column: status, equals: none_such}\n",
    )
    found = findings_of()
    assert [(f.code, f.line, f.column, f.key) for f in found] == [
        ("matches_nothing", 23, 3, "rules.cap")
    ]


def test_a_total_that_differs_from_its_parts_is_a_warning(edit: Edit, findings_of: Found) -> None:
    edit("supply.csv", "region,11,ssiad,100", "region,11,ssiad,102")
    (found,) = findings_of()
    assert (found.code, found.severity) == ("total_differs", "warning")
    assert (found.line, found.column) == (2, 4)
    assert (found.received, found.accepted) == ("102", "100")
    assert "102" in found.message
    assert "100" in found.message


def test_a_total_within_one_unit_is_rounding(edit: Edit, findings_of: Found) -> None:
    edit("supply.csv", "region,11,ssiad,100", "region,11,ssiad,101")
    assert findings_of() == ()


@pytest.mark.parametrize(
    ("old", "new", "code", "key"),
    [
        ("priority: 1", "target: national", "moving_target", "objectives.gap.target"),
        ("priority: 1", "weighting: territory", "least_populated_first",
         "objectives.gap.weighting"),
    ],
)  # fmt: skip
def test_doubtful_choices_are_warnings(
    edit: Edit, findings_of: Found, old: str, new: str, code: str, key: str
) -> None:
    edit("scenario.yaml", old, new)
    (found,) = findings_of()
    assert (found.code, found.severity, found.key, found.line) == (code, "warning", key, 36)


@pytest.mark.parametrize("kind", ["worst", "range"])
def test_an_extreme_alone_leaves_many_plans(folder: Path, findings_of: Found, kind: str) -> None:
    text = (folder / "scenario.yaml").read_text(encoding="utf-8")
    start, stop = text.index("  spend:\n"), text.index("variants:\n")
    alone = text[:start] + text[stop:]
    (folder / "scenario.yaml").write_text(
        alone.replace("kind: shortfall", f"kind: {kind}"), encoding="utf-8"
    )
    (found,) = findings_of()
    assert (found.code, found.line, found.column) == ("many_plans_tie", 32, 3)
    assert "many plans tie" in found.message


def test_an_extreme_followed_by_another_objective_is_fine(edit: Edit, findings_of: Found) -> None:
    edit("scenario.yaml", "kind: shortfall", "kind: worst")
    assert findings_of() == ()


REFERENCE = """\
reference:
  of: contingent
  year: 2004
  parts:
    - {name: one, share: 0.6, basis: equal}
    - {name: two, share: SHARE, basis: {column: pop}}
"""


def test_shares_add_up_exactly(folder: Path, edit: Edit, findings_of: Found) -> None:
    edit("scenario.yaml", "variants:\n", REFERENCE.replace("SHARE", "0.4") + "variants:\n")
    assert findings_of() == ()
    edit("scenario.yaml", "share: 0.4", "share: 0.3")
    (found,) = findings_of()
    assert (found.severity, found.file) == ("error", str(folder / "scenario.yaml"))
    assert found.key.startswith("reference")
    # the same is said when other faults leave no figures to compute from
    edit("supply.csv", "ssiad,100", "ssiad,1OO")
    assert {f.code for f in findings_of()} == {"not_a_number", "shares_do_not_add_up"}


def test_three_thirds_written_short_do_not_add_up(edit: Edit, findings_of: Found) -> None:
    text = REFERENCE.replace("SHARE", "0.3999999")
    edit("scenario.yaml", "variants:\n", text + "variants:\n")
    assert [f.severity for f in findings_of()] == ["error"]


def test_a_reference_is_needed_where_it_is_named(edit: Edit, findings_of: Found) -> None:
    level = "decide_at: region\n"
    edit("scenario.yaml", level, f"{level}tie_break: {{toward: reference}}\n")
    (found,) = findings_of()
    assert (found.code, found.line, found.column) == ("no_reference", 8, 21)


def test_a_cascade_is_not_one_program(folder: Path, edit: Edit) -> None:
    edit("scenario.yaml", "decide_at: region\n", "decide_at: region\nmode: cascade\n")
    with pytest.raises(UsageError, match="mode: cascade is several programs") as told:
        load(str(folder))
    assert told.value.exit_status == 2


def test_variants_and_changes(folder: Path) -> None:
    loaded = load(str(folder), ("no_floor", "cheap"), ("rules.contingent.equals=60",))
    assert loaded.raw.column_name == "small-no_floor+cheap"
    assert {row.key.rule for row in loaded.instance.rows} == {"cap", "contingent", "extra"}
    assert loaded.instance.cost.max() == 9000
    assert next(r for r in loaded.instance.rows if r.key.rule == "contingent").limit == 60


@pytest.mark.parametrize(
    ("change", "code", "nearest"),
    [
        ("rules.flor.active=false", "unknown_path", "floor"),
        ("ruls.floor.active=false", "unknown_path", "rules"),
        ("name=other", "fixed_key", ""),
        ("years.5=2004", "unknown_path", ""),
        ("rules.nothing=null", "unknown_path", ""),
        ("years=[2004", "yaml_syntax", ""),
        ("rules.floor.actve=false", "unknown_key", "active"),
        ("rules.cap.at_most={file: ../x.csv}", "outside_folder", ""),
    ],
)
def test_a_wrong_change_names_itself(
    findings_of: Found, change: str, code: str, nearest: str
) -> None:
    found = next(f for f in findings_of(sets=(change,)) if f.severity == "error")
    assert (found.code, found.nearest, found.file) == (code, nearest, f"--set {change}")


def test_an_unknown_variant_names_the_nearest(findings_of: Found) -> None:
    found = findings_of(variants=("no_flor",))
    assert [(f.code, f.nearest) for f in found] == [("unknown_variant", "no_floor")]


def test_validating_imports_no_solver(folder: Path) -> None:
    program = (
        "import sys; from perequa.cli import main; code = main(['validate', sys.argv[1]]); "
        "print(sorted({'pyomo', 'highspy', 'pandas', 'scipy'} & set(sys.modules))); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
