"""What delegations notify, line by line: by hand, against the construction, by `verify`."""

from __future__ import annotations

import csv
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from campaigns import SCENARIO, lines_of, written
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from perequa.annexes import write_annexes
from perequa.checks import load
from perequa.cli import main
from perequa.report.annexes.rounding import spread
from perequa.verification.verdict import verify_run
from perequa.words import words_in
from perequa_models.errors import InvalidScenario

if TYPE_CHECKING:
    from pathlib import Path

PLAN = 3
CAMPAIGN = SCENARIO["campaign"]
BOOKED: dict[str, Any] = {
    "campaign": {
        **CAMPAIGN,
        "lines": {
            **CAMPAIGN["lines"],
            "moved": {**CAMPAIGN["lines"]["moved"], "headings": ["Transfers", "Wards"]},
        },
        "delegations": {
            "first": {**CAMPAIGN["delegations"]["first"], "number": 1, "effective": "2004-02-18"},
            "second": {**CAMPAIGN["delegations"]["second"], "number": 2},
        },
    },
    "measures": {
        **SCENARIO["measures"],
        "home": {
            **SCENARIO["measures"]["home"],
            "sub_envelope": "places",
            "headings": ["New measures", "Homes", "Creations"],
        },
    },
    "rules": {
        **SCENARIO["rules"],
        "now": {"kind": "cap", "measure": "home", "year": 2005, "at_most": 0},
    },
}


def made(folder: Path, **sections: Any) -> Path:
    run = folder / "run"
    scenario = written(folder / "scenario", **BOOKED | sections)
    assert main(["solve", scenario, "-o", str(run), "--no-prices", "--quiet"]) == 0
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("notified"))


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_by_hand(run: Path) -> None:
    rows = {
        (r["territory"], r["envelope"], r["delegation"], r["line"], r["item"]): r
        for r in read(run / "notifications.csv")
    }
    base = rows["11", "pa", "first", "base", ""]
    assert (base["amount"], base["recurrent"], base["number"]) == ("200000.5", "true", "1")
    assert base["effective"] == "2004-02-18"
    moved = rows["11", "pa", "first", "transfers", "moved"]
    assert (moved["amount"], moved["heading_1"], moved["heading_2"]) == (
        "2000.0", "Transfers", "Wards",
    )  # fmt: skip
    assert moved["heading_3"] == moved["sub_envelope"] == ""
    assert rows["11", "pa", "first", "indexing", ""]["amount"] == "4100.61015"
    # half of what homes receive
    home = rows["11", "pa", "second", "new", "home"]
    (new,) = [
        r["planned"]
        for r in lines_of(run)
        if (r["territory"], r["line"], r["item"], r["year"]) == ("11", "new", "home", "2004")
        and r["level"] == "region"
    ]
    assert float(home["amount"]) == float(new) / 2 > 0
    assert (home["sub_envelope"], home["heading_3"], home["effective"]) == (
        "places",
        "Creations",
        "",
    )
    # nothing of 2005 is delivered, and nothing of nought is listed
    assert {r["year"] for r in rows.values()} == {"2004"}
    assert all(float(r["amount"]) for r in rows.values())


def test_they_add_up_to_the_delegations(run: Path) -> None:
    sums: dict[tuple[str, ...], float] = defaultdict(float)
    for r in read(run / "notifications.csv"):
        sums[r["territory"], r["envelope"], r["year"], r["delegation"]] += float(r["amount"])
    told = {
        (r["territory"], r["envelope"], r["year"], r["item"]): float(r["planned"])
        for r in lines_of(run)
        if r["line"] == "delegation" and r["level"] == "region" and float(r["planned"])
    }
    assert sums == {key: pytest.approx(amount) for key, amount in told.items()}


def test_an_amount_stated_is_of_no_line(tmp_path: Path) -> None:
    given = {"lump": {"year": 2004, "envelope": "ph", "amount": {"column": "moved"}, "number": 9}}
    run = made(tmp_path, campaign={**CAMPAIGN, "delegations": given})
    rows = read(run / "notifications.csv")
    assert [(r["territory"], r["line"], r["item"], r["recurrent"], r["amount"]) for r in rows] == [
        ("01", "", "", "", "1000.0"),
        ("11", "", "", "", "2000.0"),
    ]
    assert verify_run(run).holds


def test_whole_amounts_add_up_to_what_the_construction_prints(run: Path, tmp_path: Path) -> None:
    book = CalamineWorkbook.from_path(str(write_annexes(run, tmp_path / "a.xlsx", words_in("fr"))))
    rows = book.get_sheet_by_name("notifications").to_python()
    lines = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    sums: dict[tuple[str, str, str], float] = defaultdict(float)
    for line in lines:
        assert line["amount"] == int(line["amount"])
        sums[line["territory"], line["envelope"], line["delegation"]] += line["amount"]
    for envelope, names in (("pa", ("first", "second")), ("ph", ("first",))):
        table = book.get_sheet_by_name(f"Construction {envelope} 2004").to_python()
        for name in names:
            j = table[3].index(name)
            for row in table[4:]:
                if row[0]:
                    assert sums[row[0], envelope, name] == row[j]
    # a line delivered whole is the line printed
    table = book.get_sheet_by_name("Construction pa 2004").to_python()
    base = {row[0]: row[table[3].index("Base reconduite")] for row in table[4:]}
    for line in lines:
        if (line["envelope"], line["line"]) == ("pa", "base"):
            assert line["amount"] == base[line["territory"]]


def test_the_csv_file_is_the_sheet(run: Path, tmp_path: Path) -> None:
    place = tmp_path / "n.csv"
    assert main(["annexes", str(run), "--notifications", str(place)]) == 0
    book = CalamineWorkbook.from_path(str(write_annexes(run, tmp_path / "a.xlsx", words_in("en"))))
    sheet = book.get_sheet_by_name("notifications").to_python()
    rows = read(place)
    assert list(rows[0]) == sheet[0]
    assert [int(r["amount"]) for r in rows] == [row[-1] for row in sheet[1:]]
    assert {r["territory"] for r in rows} == {"01", "11"}


def test_what_is_withheld_is_not_notified(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert main(["solve", "campaign-2004", "-o", str(run), "--no-prices", "--quiet"]) == 0
    rows = read(run / "notifications.csv")
    # circular of 30 August 2004: 98.12 of 115.7 M€ at once
    at_once = sum(float(r["amount"]) for r in rows if r["item"] == "agreements")
    assert at_once == pytest.approx(98_120_000)
    place = tmp_path / "n.csv"
    assert main(["annexes", str(run), "--notifications", str(place)]) == 0
    whole = read(place)
    august = [int(r["amount"]) for r in whole if r["delegation"] == "august"]
    assert sum(august) == 150_500_000 - 17_580_000
    assert abs(sum(int(r["amount"]) for r in whole if r["item"] == "agreements") - 98_120_000) <= 5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (",4100.61015", ",4101.61015"),
        ("2004-02-18", "2004-02-19"),
        ("Wards", "Beds"),
        (",true,first,1,", ",false,first,1,"),
    ],
)
def test_verify_finds_a_changed_cell(tmp_path: Path, tiny: Any, old: str, new: str) -> None:
    run = made(tmp_path)
    assert verify_run(run).holds
    path = run / "notifications.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    tiny.seal(run)
    found = [str(d) for c in verify_run(run).checks if c.number == PLAN for d in c.disagreements]
    assert any("notifications.csv" in one for one in found), found


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"first": {"number": 2}}, "repeated_number"),
        ({"first": {"effective": "18 February 2004"}}, "inconsistent"),
        ({"first": {"effective": "2004-02-30"}}, "inconsistent"),
        ({"first": {"number": 0}}, "out_of_bounds"),
    ],
)
def test_what_cannot_be_notified_is_told(
    tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    stated = BOOKED["campaign"]
    one = {name: {**d, **changes.get(name, {})} for name, d in stated["delegations"].items()}
    with pytest.raises(InvalidScenario) as caught:
        load(written(tmp_path, **BOOKED | {"campaign": {**stated, "delegations": one}}))
    (finding,) = caught.value.findings
    assert finding.code == code
    assert "first" in str(finding.key) or "second" in str(finding.key)


def test_each_envelope_has_numbers_of_its_own(tmp_path: Path) -> None:
    given = {
        name: {"year": 2004, "envelope": name, "number": 1, "lines": ["base"]}
        for name in ("pa", "ph")
    }
    load(written(tmp_path, **BOOKED | {"campaign": {**CAMPAIGN, "delegations": given}}))


def test_a_sum_is_booked_under_three_headings_at_most(tmp_path: Path) -> None:
    home = {**SCENARIO["measures"]["home"], "headings": list("abcd")}
    with pytest.raises(InvalidScenario) as caught:
        load(written(tmp_path, measures={**SCENARIO["measures"], "home": home}))
    (finding,) = caught.value.findings
    assert (finding.code, finding.accepted) == ("too_many", "at most 3")


def test_a_run_that_notifies_nothing_says_so(tmp_path: Path) -> None:
    run = made(tmp_path, campaign={**CAMPAIGN, "delegations": {}})
    assert not (run / "notifications.csv").exists()
    place = tmp_path / "n.csv"
    assert main(["annexes", str(run), "--notifications", str(place)]) == 2
    assert main(["annexes", str(run), "--notifications", str(tmp_path / "n.txt")]) == 2
    assert not place.exists()
    assert verify_run(run).holds


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12), st.integers(-5, 5))
def test_spread_reaches_the_total(values: list[float], more: int) -> None:
    total = round(sum(values)) + more
    found = spread(values, total)
    assert sum(found) == total
    assert all(abs(a - v) < 2 + abs(more) for a, v in zip(found, values, strict=True))
