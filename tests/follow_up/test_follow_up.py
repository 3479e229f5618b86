"""Returns against a small plan made by hand, and the year that starts from them.

Two regions, two measures, one year. The envelope pays 12 homes at 12 000 (four months, 4 000 each)
and floors fix the split: homes 8 and 4, day places 5 and 0.
"""

from __future__ import annotations

import csv
import hashlib
import json
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from perequa.checks import load
from perequa.cli import main

if TYPE_CHECKING:
    from pathlib import Path

TERRITORIES = "level,code,name,parent,pop\nregion,1,Un,,1000\nregion,2,Deux,,2000\n"
SUPPLY = """territory,measure,installed,authorised_unfunded,note
1,home,10,6,a
1,day,3,5,b
2,home,60,4,c
2,day,0,0,d
"""
HEADER = "territory,measure,year,authorised,funded,opened,opening_date,closed\n"


def scenario(**sections: Any) -> dict[str, Any]:
    def exactly(measure: str, region: str, places: float) -> dict[str, Any]:
        return {"kind": "contingent", "measure": measure, "territories": [f"region:{region}"],
                "equals": places}  # fmt: skip

    return {
        "format": 1,
        "name": "plan",
        "years": [2004],
        "territories": {"file": "territories.csv", "levels": ["region"]},
        "decide_at": "region",
        "measures": {"home": {"cost": 12000, "opening_months": 4}, "day": {"cost": 6000}},
        "supply": {"file": "supply.csv"},
        "indicators": {"rate": {"measures": ["home"], "population": "pop", "per": 100}},
        "rules": {
            "homes_1": exactly("home", "1", 8),
            "homes_2": exactly("home", "2", 4),
            "days_1": exactly("day", "1", 5),
            "days_2": exactly("day", "2", 0),
        },
        "objectives": {"gap": {"kind": "shortfall", "indicator": "rate", "level": "region"}},
        **sections,
    }


def put(folder: Path, stated: dict[str, Any], supply: str = SUPPLY, **tables: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"territories": TERRITORIES, "supply": supply, **tables}
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "scenario.yaml").write_text(json.dumps(stated), encoding="utf-8")
    return str(folder)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    source = put(tmp_path / "scenario", scenario())
    assert main(["solve", source, "-o", str(tmp_path / "run"), "--no-prices", "--quiet"]) == 0
    return tmp_path / "run"


@pytest.fixture
def asked(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Follow the run up by the lines of one CSV return."""
    capsys.readouterr()

    def ask(text: str, header: str = HEADER) -> tuple[int, Path]:
        (tmp_path / "returns.csv").write_text(header + text, encoding="utf-8")
        folder = tmp_path / "next"
        new = not folder.exists()
        status = main(["follow-up", str(run), str(tmp_path / "returns.csv"), "-o", str(folder)])
        if new and folder.exists():
            assert main(["verify", str(folder)]) == 0, capsys.readouterr().out
        return status, folder

    return ask


RIGHT = """1,home,2004,2,8,6,2004-09-01,
2,home,2004,0,4,3,2004-11-01,1
1,day,2004,0,5,2,2004-01-01,
"""


def test_next_year_starts_from_what_was_opened(asked: Any) -> None:
    status, folder = asked(RIGHT)
    assert status == 0
    assert rows(folder / "findings.csv") == []
    assert rows(folder / "missing.csv") == []
    supply = {(r["territory"], r["measure"]): r for r in rows(folder / "next_supply.csv")}
    installed = {key: float(r["installed"]) for key, r in supply.items()}
    # 10 + 6; 3 + 2; 60 + 3 − 1; nothing
    assert installed == {("1", "home"): 16, ("1", "day"): 5, ("2", "home"): 62, ("2", "day"): 0}
    unfunded = {key: float(r["authorised_unfunded"]) for key, r in supply.items()}
    # 6 + 2 − 8; 5 + 0 − 5; 4 + 0 − 4
    assert unfunded == dict.fromkeys(supply, 0.0)
    assert {key: r["note"] for key, r in supply.items()}["2", "home"] == "c"
    beside = {(r["territory"], r["measure"]): r for r in rows(folder / "next_columns.csv")}
    pending = {key: float(r["pending"]) for key, r in beside.items()}
    assert pending == {("1", "home"): 2, ("1", "day"): 3, ("2", "home"): 1, ("2", "day"): 0}
    carried = {key: float(r["carried"]) for key, r in beside.items()}
    # 6 homes open four months owe eight of 12 000; 3 open two months owe ten; January owes nothing
    assert carried["1", "home"] == pytest.approx(6 * 12000 * 8 / 12)
    assert carried["2", "home"] == pytest.approx(3 * 12000 * 10 / 12)
    assert carried["1", "day"] == 0
    record = json.loads((folder / "study.json").read_text("utf-8"))
    assert (record["next_year"], record["errors"], record["warnings"]) == (2005, 0, 0)


def test_realisation_rates(asked: Any) -> None:
    _, folder = asked(RIGHT)
    told = {(r["level"], r["territory"], r["measure"]): r for r in rows(folder / "realisation.csv")}
    one = told["region", "1", "home"]
    assert (float(one["planned"]), float(one["opened"])) == pytest.approx((8, 6))
    assert float(one["realisation_rate"]) == pytest.approx(0.75)
    nation = told["nation", "", "home"]
    assert float(nation["realisation_rate"]) == pytest.approx(9 / 12)
    assert float(nation["funded_rate"]) == pytest.approx(1)
    assert told["region", "2", "day"]["realisation_rate"] == ""


def test_the_next_scenario_reads_the_tables_and_pays_the_extension(
    asked: Any, tmp_path: Path
) -> None:
    _, folder = asked(RIGHT)
    stated = scenario(
        name="after",
        years=[2005],
        columns=[{"file": "next_columns.csv"}],
        rules={"envelope": {"kind": "envelope", "at_most": 200000}},
    )
    tables = {name: (folder / f"{name}.csv").read_text("utf-8")
              for name in ("next_supply", "next_columns")}  # fmt: skip
    source = put(tmp_path / "after", stated, tables["next_supply"],
                 next_columns=tables["next_columns"])  # fmt: skip
    instance = load(source).instance
    assert instance.carried.sum() == pytest.approx(6 * 8000 + 3 * 10000)
    assert instance.installed.sum() == pytest.approx(16 + 5 + 62)


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ("1,home,2004,9,9,8,2004-09-01,\n", "funded_above_plan", 0),
        ("1,home,2004,9,3,5,2004-09-01,\n", "opened_above_funded", 3),
        ("1,home,2004,1,8,5,2004-09-01,\n", "funded_above_authorised", 3),
        ("1,home,2004,2,8,6,2005-01-15,\n", "date_outside_year", 3),
        ("3,home,2004,2,8,6,,\n", "unknown_pair", 3),
        ("1,home,2009,2,8,6,,\n", "unknown_pair", 3),
        ("1,hone,2004,2,8,6,,\n", "unknown_pair", 3),
        ("1,home,2004,1,4,3,2004-09-01,\n1,home,2004,1,4,3,2004-09-01,\n", "repeated", 3),
        ("1,home,2004,2,8,,,\n", "missing", 0),
        ("1,home,2004,2,8,6,,\n", "missing", 0),
    ],
)
def test_every_code_is_found_where_it_stands(asked: Any, text: str, code: str, status: int) -> None:
    ended, folder = asked(text)
    assert ended == status
    found = [r for r in rows(folder / "findings.csv") if r["code"] == code and r["line"]]
    assert found, rows(folder / "findings.csv")
    assert found[0]["file"].endswith("returns.csv")
    assert int(found[0]["line"]) == text.count("\n") + 1
    assert found[0]["severity"] == ("error" if status else "warning")
    for name in ("missing", "next_supply", "next_columns", "realisation"):
        assert (folder / f"{name}.csv").is_file()


def test_figures_of_findings(asked: Any) -> None:
    _, folder = asked("1,home,2004,1,8,9,2004-09-01,\n")
    told = {r["code"]: (float(r["planned"]), float(r["returned"]), float(r["difference"]))
            for r in rows(folder / "findings.csv") if r["returned"]}  # fmt: skip
    assert told == {
        "opened_above_funded": (8, 9, 1),
        # six of the backlog and one of the year
        "funded_above_authorised": (7, 8, 1),
    }


def test_openings_of_one_cell_add_up(asked: Any) -> None:
    text = "1,home,2004,2,5,4,2004-03-01,\n1,home,2004,,3,2,2004-12-31,\n"
    status, folder = asked(text + RIGHT.partition("\n")[2])
    assert status == 0
    (one,) = [r for r in rows(folder / "next_columns.csv")
              if (r["territory"], r["measure"]) == ("1", "home")]  # fmt: skip
    # March: ten months open, two owed; December: one open, eleven owed
    assert float(one["carried"]) == pytest.approx(1000 * (4 * 2 + 2 * 11))
    assert float(one["pending"]) == pytest.approx(2)


def test_a_planned_cell_without_a_return_is_missing(asked: Any) -> None:
    status, folder = asked("1,home,2004,2,8,6,2004-09-01,\n")
    assert status == 0
    missing = {(r["territory"], r["measure"]) for r in rows(folder / "missing.csv")}
    assert missing == {("2", "home"), ("1", "day")}  # the plan has no day place for region 2
    supply = {(r["territory"], r["measure"]): r for r in rows(folder / "next_supply.csv")}
    assert float(supply["2", "home"]["installed"]) == 60


def test_french_tables_and_workbooks_say_the_same(run: Path, tmp_path: Path) -> None:
    french = (
        "\ufeffterritory;measure;year;authorised;funded;opened;opening_date;closed\r\n"
        "1;home;2004;2,0;8;6;01/09/2004;nc\r\n2;home;2004;0;4;3;01/11/2004;1\r\n"
        "1;day;2004;0;5;2;01/01/2004;-\r\n"
    )
    (tmp_path / "french.csv").write_text(french, encoding="utf-8", newline="")
    book = openpyxl.Workbook()
    book.active.title = "lisez-moi"
    sheet = book.create_sheet("retour")
    sheet.append(HEADER.strip().split(","))
    import datetime as dt  # noqa: PLC0415 - beside its only use

    sheet.append(["1", "home", 2004, 2, 8, 6, dt.date(2004, 9, 1), None])
    sheet.append(["2", "home", 2004, 0, 4, 3, dt.datetime(2004, 11, 1), 1])  # noqa: DTZ001
    sheet.append([1, "day", 2004, 0, 5, 2, "2004-01-01", None])
    book.save(tmp_path / "book.xlsx")
    (tmp_path / "plain.csv").write_text(HEADER + RIGHT, encoding="utf-8")
    made = {}
    for name in ("plain.csv", "french.csv", "book.xlsx#retour"):
        folder = tmp_path / name.partition(".")[0]
        assert main(["follow-up", str(run), str(tmp_path / name), "-o", str(folder)]) == 0
        assert main(["verify", str(folder)]) == 0
        made[name] = {p.name: p.read_bytes() for p in folder.glob("*.csv")}
    assert made["plain.csv"] == made["french.csv"] == made["book.xlsx#retour"]


def test_several_tables_are_read_together(run: Path, tmp_path: Path) -> None:
    lines = RIGHT.splitlines(keepends=True)
    for i, line in enumerate(lines):
        (tmp_path / f"{i}.csv").write_text(HEADER + line, encoding="utf-8")
    files = [str(tmp_path / f"{i}.csv") for i in range(len(lines))]
    assert main(["follow-up", str(run), *files, "-o", str(tmp_path / "next")]) == 0
    assert rows(tmp_path / "next" / "missing.csv") == []
    assert main(["verify", str(tmp_path / "next")]) == 0


@pytest.mark.parametrize(
    ("header", "text", "code"),
    [
        ("territory,year,funded\n", "1,2004,3\n", "missing_column"),
        ("territory,measure,year,coment\n", "1,home,2004,x\n", "missing_column"),
        (HEADER, "1,home,2004,x,8,6,,\n", "not_a_number"),
        (HEADER, "1,home,2004,1,-8,6,,\n", "negative_figure"),
        (HEADER, "1,home,2004,1,8,6,2004-02-30,\n", "not_a_date"),
        (HEADER, "1,home,2004,1,8\n", "ragged_row"),
    ],
)
def test_a_table_that_cannot_be_read_writes_nothing(
    asked: Any, header: str, text: str, code: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    status, folder = asked(text, header)
    assert status == 3
    assert not folder.exists()
    assert "returns.csv:" in capsys.readouterr().err
    (tmp_path / "again.csv").write_text(header + text, encoding="utf-8")
    arguments = ["follow-up", str(tmp_path / "run"), str(tmp_path / "again.csv"), "--format=json"]
    assert main(arguments) == 3
    codes = {f["code"] for f in json.loads(capsys.readouterr().out)["findings"]}
    assert code in codes


def test_the_document_has_figures_as_figures_and_nothing_as_null(
    asked: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked("1,home,2004,9,9,6,2004-09-01,\n")[0] == 0
    again = ["-o", str(tmp_path / "again"), "--format", "json"]
    capsys.readouterr()
    assert main(["follow-up", str(tmp_path / "run"), str(tmp_path / "returns.csv"), *again]) == 0
    told = json.loads(capsys.readouterr().out)
    found = {row["code"]: row for row in told["returned"]}
    above = found["funded_above_plan"]
    assert (above["territory"], above["year"], above["line"]) == ("1", 2004, 2)
    assert (above["planned"], above["returned"], above["difference"]) == (8.0, 9.0, 1.0)
    missing = found["missing"]
    assert (missing["file"], missing["line"], missing["returned"]) == (None, None, None)
    assert {row["year"] for row in told["missing"]} == {2004}


def resigned(folder: Path) -> None:
    """Write the manifest again, as a forger would."""
    files = {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob("*")
        if p.is_file() and p != folder / "manifest.json"
    }
    text = json.dumps({"files": files}, indent=1, sort_keys=True) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("next_supply.csv", "16.0", "17.0"),
        ("next_columns.csv", "48000.0", "48001.0"),
        ("realisation.csv", "0.75", "0.76"),
        ("findings.csv", "missing,warning", "repeated,error"),
        ("missing.csv", "region,2,Deux,home,2004\n", ""),
        ("inputs/returns.csv", "1,home,2004,2,8,6", "1,home,2004,2,8,7"),
        ("plan/allocation.csv", "8.0", "9.0"),
        ("plan/inputs/supply.csv", "1,home,10", "1,home,11"),
    ],
)
def test_a_forged_follow_up_is_found_although_its_manifest_agrees(
    asked: Any, name: str, old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, folder = asked("1,home,2004,2,8,6,2004-09-01,\n")
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text, text
    path.write_text(text.replace(old, new), encoding="utf-8")
    resigned(folder)
    capsys.readouterr()
    assert main(["verify", str(folder)]) == 6
    printed = capsys.readouterr().out
    assert "1. files: ok" in printed
    assert "14. follow_up: WRONG" in printed or "14. follow-up: WRONG" in printed


def test_nothing_is_overwritten(asked: Any, tmp_path: Path) -> None:
    assert asked(RIGHT)[0] == 0
    before = {p: p.read_bytes() for p in (tmp_path / "next").rglob("*") if p.is_file()}
    assert asked("3,home,2004,1,1,1,,\n")[0] == 2
    assert {p: p.read_bytes() for p in (tmp_path / "next").rglob("*") if p.is_file()} == before


def test_a_run_that_was_changed_is_refused(asked: Any, run: Path) -> None:
    path = run / "allocation.csv"
    path.write_text(path.read_text("utf-8").replace("8.0", "9.0"), encoding="utf-8")
    assert asked(RIGHT)[0] == 6


def test_money_measures_renew_their_base(tmp_path: Path) -> None:
    """100 renewed by 10 % and 30 of the 40 planned: 140. No places, no opening."""
    stated = scenario(
        measures={"grant": {"unit": "money", "rate": 0.1}},
        indicators={"rate": {"measures": ["grant"], "population": "pop", "in": "budget"}},
        rules={"all": {"kind": "envelope", "equals": 40, "by": "region"}},
        objectives={"spend": {"kind": "spend", "normalise": "none"}},
    )
    supply = "territory,measure,base\n1,grant,100\n2,grant,200\n"
    source = put(tmp_path / "money", stated, supply)
    run = tmp_path / "run"
    assert main(["solve", source, "-o", str(run), "--no-prices", "--quiet"]) == 0
    (tmp_path / "r.csv").write_text(
        "territory,year,funded\n1,2004,30\n2,2004,50\n", encoding="utf-8"
    )
    folder = tmp_path / "next"
    assert main(["follow-up", str(run), str(tmp_path / "r.csv"), "-o", str(folder)]) == 0
    assert main(["verify", str(folder)]) == 0
    base = {r["territory"]: float(r["base"]) for r in rows(folder / "next_supply.csv")}
    assert base == pytest.approx({"1": 140, "2": 270})
    assert [r["code"] for r in rows(folder / "findings.csv")] == ["funded_above_plan"]


def test_two_years_are_followed_up_as_far_as_they_were_returned(tmp_path: Path) -> None:
    """Funded in 2004, opened in 2005: no contradiction, and the extension is that of 2005."""
    fixed = {"kind": "contingent", "measure": "home", "by": ["region", "year"], "equals": 4}
    none = {"kind": "contingent", "measure": "day", "by": ["region", "year"], "equals": 0}
    stated = scenario(years=[2004, 2005, 2006], rules={"homes": fixed, "days": none})
    run = tmp_path / "run"
    source = put(tmp_path / "years", stated)
    assert main(["solve", source, "-o", str(run), "--no-prices", "--quiet"]) == 0
    text = (
        "1,home,2004,4,4,1,2004-07-01,\n1,home,2005,4,4,5,2005-10-01,\n"
        "2,home,2004,4,4,4,2004-01-01,\n2,home,2005,4,4,4,2005-01-01,\n"
    )
    (tmp_path / "r.csv").write_text(HEADER + text, encoding="utf-8")
    folder = tmp_path / "next"
    assert main(["follow-up", str(run), str(tmp_path / "r.csv"), "-o", str(folder)]) == 0
    assert rows(folder / "findings.csv") == []
    (one,) = [r for r in rows(folder / "next_columns.csv")
              if (r["territory"], r["measure"]) == ("1", "home")]  # fmt: skip
    assert float(one["carried"]) == pytest.approx(5 * 12000 * 9 / 12)
    assert float(one["pending"]) == pytest.approx(2)
    assert {r["year"] for r in rows(folder / "realisation.csv")} == {"2004", "2005"}
    assert main(["verify", str(folder)]) == 0
