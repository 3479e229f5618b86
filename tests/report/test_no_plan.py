"""The page and the workbook of a run without a plan: what clashes, and what would have to move."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import openpyxl
import pytest
from half_places import write_half
from infeasible import SCENARIOS
from reading_pages import HOSTILE, Read, check_whole

from perequa.cli import main
from perequa.report.page import failure_page
from perequa.report.workbook import failure_workbook
from perequa.saved import read_failure
from perequa.words import words_in
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from perequa.report.page import PageFailure

    Failed = Callable[[str], Path]

LANGUAGES = ("en", "fr")
KINDS = ("rules", "diagnosed", "projects", "whole", "cascade")


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Failed:
    """Make a run of each kind that has no plan."""
    root = tmp_path_factory.mktemp("failed")
    infeasible = ["ehpad-2004-rule", "--variant", "infeasible_caps"]
    commands = {
        "rules": ["solve", *infeasible],
        "diagnosed": ["diagnose", *infeasible, "--protect", "floor"],
        "projects": ["solve", "mas-fdt-1998", "--variant", "infeasible_600"],
        "whole": ["solve", write_half(root / "half")],
        "cascade": ["solve", "cascade-2007", "--set", "rules.pa.at_most=1"],
    }

    def folder(kind: str) -> Path:
        if not (root / kind).exists():
            assert main([*commands[kind], "-o", str(root / kind), "--quiet"]) == 4
        return root / kind

    return folder


def page(run: PageFailure, lang: str = "en") -> str:
    return failure_page(run, words_in(lang))


def cells(read: Read) -> list[str]:
    """Text of every cell, with plain spaces."""
    return [t.strip().replace("\u202f", " ") for t in (*read.inside["th"], *read.inside["td"])]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_page_and_its_workbook(
    failed: Failed, kind: str, lang: str, tmp_path: Path
) -> None:
    folder, out = failed(kind), tmp_path / "out"
    assert main(["--lang", lang, "report", str(folder), "-o", str(out)]) == 0
    run = read_failure(folder)
    text = (out / f"report-{lang}.html").read_text(encoding="utf-8")
    check_whole(text, lang)
    assert run.fingerprint in text
    book = openpyxl.load_workbook(out / f"report-{lang}.xlsx")
    names = {
        "en": ["Read me", "Causes", "Ways out", "Parameters"],
        "fr": ["Lisez-moi", "Causes", "Issues", "Paramètres"],
    }
    assert book.sheetnames == names[lang]


def test_what_is_written_beside_a_run_leaves_it_as_it_was(failed: Failed) -> None:
    folder = failed("rules")
    assert main(["report", str(folder)]) == 0
    assert main(["verify", str(folder)]) == 0


def test_the_page_says_what_clashes_and_what_would_have_to_move(failed: Failed) -> None:
    read = check_whole(page(read_failure(failed("rules"))), "en")
    rows = [
        text.strip().replace("\u202f", " ") for text in (*read.inside["th"], *read.inside["td"])
    ]
    said = ("caps (Guyane, ehpad, 2021)", "at most 9.95 places", "raise by 4.988 places at least",
            "floor (Mayotte, ehpad, 2021)", "lower by 100 000 EUR at least",
            "lower by 33 390 EUR", "66 610 EUR", "raise by 14.94 places")  # fmt: skip
    assert set(said) <= set(rows)
    told = " ".join(" ".join(text.split()) for text in read.inside["p"])
    assert "Envelope rules only: impossible, none is in cause 1" in told


def test_rules_that_must_not_move_are_told(failed: Failed) -> None:
    read = check_whole(page(read_failure(failed("diagnosed"))), "en")
    assert [t.strip() for t in read.inside["dd"]].count("floor") == 1


def test_no_whole_plan_is_told_as_not_proven(failed: Failed) -> None:
    text = page(read_failure(failed("whole")))
    read = check_whole(text, "en")
    assert "0.75 places" in cells(read)
    assert "not proven" in text
    assert "this is proven" not in text
    assert "What would make a plan possible" not in text


def test_a_cascade_tells_of_the_step_that_has_no_plan(failed: Failed) -> None:
    run = read_failure(failed("cascade"))
    assert [one.step for one in run.undecided] == ["nation"]
    text = page(run)
    assert "nation: which rules clash" in text
    assert "steps/nation/repair.yaml" in text
    assert (failed("cascade") / "steps/nation/repair.yaml").is_file()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_limits_of_another_unit_are_told_in_the_language_of_the_page(
    tmp_path: Path, lang: str
) -> None:
    rules = {
        "floor": {"kind": "floor", "by": "region", "in": "credits", "at_least": 100_000},
        "envelope": {"kind": "envelope", "at_most": 350},
    }
    source = SCENARIOS["floors_above_envelope"].write(tmp_path / "scenario", rules=rules)
    folder = tmp_path / "run"
    assert main(["solve", str(source), "-o", str(folder), "--quiet"]) == 4
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["lang"] == "en"
    read = check_whole(page(read_failure(folder), lang), lang)
    told = " ".join(read.inside["li"])
    assert {"en": "a typing error in the unit?", "fr": "une erreur d'unité à la saisie"}[
        lang
    ] in told


def test_the_workbook_has_the_figures_of_the_folder(failed: Failed) -> None:
    folder = failed("rules")
    book = openpyxl.load_workbook(
        io.BytesIO(failure_workbook(read_failure(folder), words_in("en")))
    )
    for sheet, name, columns in (
        ("Causes", "conflicts", {"Limit": "limit", "Least change, alone": "least_change"}),
        ("Ways out", "repairs", {"Change": "change", "New limit": "new_limit"}),
    ):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            stated = list(csv.DictReader(stream))
        rows = list(book[sheet].values)
        at = next(i for i, row in enumerate(rows) if "Limit" in row)
        heads = [str(head) for head in rows[at]]
        for heading, column in columns.items():
            place = heads.index(heading)
            held = [row[place] for row in rows[at + 1 :] if row[place] is not None]
            assert sorted(held) == sorted(float(row[column]) for row in stated)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(failed: Failed, name: str) -> None:
    run = read_failure(failed("rules"))
    plain = check_whole(page(run), "en")
    (one,) = run.undecided
    tables = {
        key: replace(
            table,
            rows=tuple(
                tuple(
                    name if column in {"territory_name", "rule"} else value
                    for column, value in zip(table.columns, row, strict=True)
                )
                for row in table.rows
            ),
        )
        for key, table in one.tables.items()
    }
    scenario = {**run.scenario, "title": name, "rules": {name: {"kind": "cap", "title": name}}}
    hostile = replace(
        run,
        record={**run.record, "scenario": scenario, "name": name},
        undecided=(replace(one, tables=tables),),
    )
    read = check_whole(page(hostile), "en")
    for tag in ("script", "style", "img", "table", "section"):
        assert len(read.all(tag)) == len(plain.all(tag))
    shown = re.sub("[\u200f\u202e\u2067]", "\ufffd", name)
    assert read.inside["h1"] == [shown]


def test_a_run_stopped_at_a_limit_has_nothing_to_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lost(*_: object) -> None:
        raise NotProven("the solver ended without proof: time limit")

    monkeypatch.setattr("perequa.optimum.solve_ordered", lost)
    folder = tmp_path / "run"
    assert main(["solve", "ssiad-2004", "-o", str(folder), "--quiet"]) == 5
    assert main(["report", str(folder)]) == 2
    assert "it has no plan to report" in capsys.readouterr().err
    assert not (folder / "reports").exists()


def test_a_page_without_a_map_takes_no_borders(
    failed: Failed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    borders = tmp_path / "borders.json"
    borders.write_text("{}", encoding="utf-8")
    assert main(["report", str(failed("rules")), "--boundaries", str(borders)]) == 2
    assert "has no map" in capsys.readouterr().err


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    asked = ["ehpad-2004-rule", "--variant", "infeasible_caps", "-o", str(folder), "--quiet"]
    assert main(["solve", *asked]) == 4
    place = folder / "conflicts.csv"
    place.write_text(place.read_text(encoding="utf-8").replace("Guyane", "Guyanne"), "utf-8")
    assert main(["report", str(folder)]) == 6
