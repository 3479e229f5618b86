"""The construction of an envelope: by hand, in exact arithmetic, against the plan, by the text."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from campaigns import SCENARIO, amount, lines_of, written

from perequa.checks import load
from perequa.cli import main
from perequa.interpret.construction import ADDING, construction_table
from perequa.pipeline import Success, solve_instance

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("campaign")
    made = folder / "run"
    assert main(["solve", written(folder / "scenario"), "-o", str(made), "--quiet"]) == 0
    return made


@pytest.fixture(scope="module")
def circular(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("circular") / "run"
    assert main(["solve", "campaign-2004", "-o", str(made), "--no-prices", "--quiet"]) == 0
    return made


def test_hand_solved_envelope_of_a_region(run: Path) -> None:
    # Île-de-France, elderly, 2004: 200 000.50 and 2 000 from the disabled, at 2.03 %: 4 100.61015.
    # 60 000 for new places, 900 for one year, 700 saved, 400 frozen.
    rows = lines_of(run)
    where = ("region:11", "pa", 2004)
    assert amount(rows, *where, "base") == ("200000.5", "200000.5")
    assert amount(rows, *where, "transfers", "moved") == ("2000.0", "2000.0")
    assert amount(rows, *where, "indexing") == ("4100.61015", "4100.61015")
    assert amount(rows, *where, "new", "granted") == ("60000.0", "")
    assert amount(rows, *where, "savings", "saved") == ("-700.0", "-700.0")
    assert amount(rows, *where, "reserve", "frozen") == ("-400.0", "-400.0")
    built, planned = amount(rows, *where, "envelope")
    by_hand = Decimal("200000.50") + 2000 + Decimal("4100.61015") + 60000 + 900 - 700 - 400
    assert Decimal(built) == by_hand == Decimal("265901.11015")
    assert built == planned
    # all but the 900 of one year is renewed, what was frozen too: at 1 %, with 120 000 for the
    # eight months that remain of 60 000 on four, and the 12 000 of 2005
    renewed = by_hand - 900 + 400
    assert Decimal(amount(rows, *where, "renewed_next")[0]) == renewed
    later = ("region:11", "pa", 2005)
    assert Decimal(amount(rows, *later, "base")[0]) == renewed
    assert Decimal(amount(rows, *later, "indexing")[0]) == renewed / 100
    assert amount(rows, *later, "extension", "granted")[0] == "120000.0"
    total = renewed * Decimal("1.01") + 120000 + 12000
    assert float(amount(rows, *later, "envelope")[0]) == float(total)


def test_what_leaves_an_envelope_is_taken_off_it(run: Path) -> None:
    # the disabled lose what the elderly receive; their measure has a rate of its own, 0
    rows = lines_of(run)
    where = ("region:11", "ph", 2004)
    assert amount(rows, *where, "transfers", "moved") == ("-2000.0", "-2000.0")
    assert amount(rows, *where, "indexing") == ("-30.0", "-30.0")
    assert amount(rows, *where, "envelope")[0] == str(150000 - 2000 - 30 + 5000.0)


def test_extension_still_due_before_the_plan_is_granted(run: Path) -> None:
    rows = lines_of(run)
    given, planned = amount(rows, "region:01", "pa", 2004, "extension")
    assert (given, planned) == ("300.0", "300.0")


def test_limits_of_the_program_are_the_envelopes_built(run: Path) -> None:
    rules = (run / "rules.csv").read_text(encoding="utf-8").splitlines()
    header = rules[0].split(",")
    rows = lines_of(run)
    seen = 0
    for line in rules[1:]:
        row = dict(zip(header, line.split(","), strict=True))
        if row["rule"] == "built":
            group = (f"region:{row['territory']}", _envelope(row["measure"]), int(row["year"]))
            built, planned = amount(rows, *group, "envelope")
            left = amount(rows, *group, "undistributed")[1]
            assert float(row["limit"]) == float(built)
            # what the row sums is the envelope planned, less what is left
            assert float(row["activity"]) == pytest.approx(float(planned) - float(left), abs=1e-6)
            seen += 1
    assert seen == 8


def _envelope(measure: str) -> str:
    return "ph" if measure == "school" else measure


def test_lines_add_up_to_the_last_digit(run: Path, circular: Path) -> None:
    for folder in (run, circular):
        sums: dict[tuple[str, ...], list[Fraction]] = {}
        totals: dict[tuple[str, ...], str] = {}
        for row in lines_of(folder):
            for column in ("granted", "planned"):
                at = (column, *(row[k] for k in ("level", "territory", "envelope", "year")))
                if row["line"] in (*ADDING, "undistributed") and row[column]:
                    sums.setdefault(at, []).append(Fraction(row[column]))
                if row["line"] == "envelope":
                    totals[at] = row[column]
        assert len(totals) > 20
        for at, total in totals.items():
            assert (float(sum(sums[at])) if at in sums else None) == (
                float(total) if total else None
            ), at


def test_plan_of_the_table_is_the_budget_of_the_program(tmp_path: Path) -> None:
    loaded = load(written(tmp_path))
    solved = solve_instance(loaded.instance, "campaign", prices=False)
    assert isinstance(solved, Success)
    table = construction_table(solved.run)
    budget = solved.run.plan.budget
    lines = list(table.records())
    for envelope, measures in (("pa", [0, 2]), ("ph", [1])):
        for r, code in enumerate(("01", "11")):
            for y, year in enumerate((2004, 2005)):
                mine = [
                    row
                    for row in lines
                    if (row["territory"], row["envelope"], row["year"]) == (code, envelope, year)
                    and row["level"] == "region"
                ]
                by_line = {(str(row["line"]), str(row["item"])): row for row in mine}
                # lines that no measure carries, renewed at the rate of the envelope
                outside = _outside(envelope, code, y)
                total = float(budget[r, measures, y].sum()) + outside
                left = float(by_line["undistributed", ""]["planned"] or 0)
                found = float(by_line["envelope", ""]["planned"] or 0)
                assert found == pytest.approx(total + left, abs=1e-6)


def _outside(envelope: str, code: str, year: int) -> float:
    moved, saved = {"01": (1000, 500), "11": (2000, 700)}[code]
    rates = {"pa": (0.0203, 0.01), "ph": (0.015, 0.015)}[envelope]
    kept = moved * (1 + rates[0]) - saved if envelope == "pa" else -moved * (1 + rates[0])
    if year:
        return kept * (1 + rates[1])
    return kept - (400 if (envelope, code) == ("pa", "11") else 0)


def test_nation_and_both_parts_are_sums(run: Path) -> None:
    rows = lines_of(run)
    for line, item in (("new", "home"), ("base", ""), ("envelope", "")):
        parts = [amount(rows, w, "pa", 2004, line, item)[1] for w in ("region:01", "region:11")]
        zones = [
            amount(rows, f"zone:{z}", "pa", 2004, line, item)[1]
            for z in ("overseas", "metropolitan")
        ]
        assert zones == parts
        nation = amount(rows, "nation:", "pa", 2004, line, item)[1]
        assert float(nation) == float(sum(map(Decimal, parts)))


def test_delegations_leave_what_is_still_to_notify(run: Path) -> None:
    rows = lines_of(run)
    where = ("region:11", "pa", 2004)
    first = float(amount(rows, *where, "delegation", "first")[1])
    assert first == pytest.approx(200000.50 + 2000 + 4100.61015, abs=1e-9)
    second = float(amount(rows, *where, "delegation", "second")[1])
    assert second == pytest.approx(float(amount(rows, *where, "new", "home")[1]) / 2, abs=1e-9)
    total = float(amount(rows, *where, "envelope")[1])
    left = float(amount(rows, *where, "to_notify")[1])
    assert left == pytest.approx(total - first - second, abs=1e-9)
    # of the disabled the second delegation says nothing; nor any of 2005
    said = {(r["envelope"], r["year"], r["item"]) for r in rows if r["line"] == "delegation"}
    assert said == {("pa", "2004", "first"), ("pa", "2004", "second"), ("ph", "2004", "first")}


def test_figures_of_the_circular(circular: Path) -> None:
    """Circular of 30 August 2004: 155.8 M€, 150.5 of them now, 98.12 of 115.7, then 21.4."""
    rows = lines_of(circular)
    nation = ("nation:", "elderly", 2004)
    granted = {
        row["item"]: float(row["granted"])
        for row in rows
        if row["level"] == "nation" and row["year"] == "2004" and row["line"] in ("new", "one_off")
        if row["granted"]
    }
    february = granted.pop("agreements_february")
    # "155 M€ … auxquels s'ajoutent 4,8 M€": 151 + 4.8
    assert sum(granted.values()) == pytest.approx(151e6 + 4.8e6)
    prepared = granted.pop("prepared")
    # "Au total la présente circulaire prévoit une délégation de 150,5 M€", 5.3 M€ later
    assert sum(granted.values()) == pytest.approx(150.5e6)
    assert prepared == 5.3e6
    planned = {
        item: float(amount(rows, *nation, "new", item)[1])
        for item in ("agreements", "ehpad", "ssiad", "day_care", "temporary")
    }
    assert planned["agreements"] == pytest.approx(115.7e6)
    assert planned["ehpad"] == pytest.approx(24.1e6)
    assert planned["ssiad"] + planned["day_care"] + planned["temporary"] == pytest.approx(10.7e6)
    # "près de 180 M€" with 54 M€ of February and 10.8 M€ of the bases
    free = sum(
        float(line.split(",")[3])
        for line in (circular / "inputs" / "supply.csv").read_text(encoding="utf-8").splitlines()
        if ",agreements," in line
    )
    assert (planned["agreements"] + february + free) / 1e6 == pytest.approx(180.5)
    # "98,12 M€ vous sont délégués immédiatement"; 17.58 kept; and the 5.3 M€ still to come
    withheld = float(amount(rows, *nation, "withheld")[1])
    assert planned["agreements"] - withheld == pytest.approx(98.12e6)
    assert float(amount(rows, *nation, "delegation", "august")[1]) == pytest.approx(132.92e6)
    assert float(amount(rows, *nation, "to_notify")[1]) == pytest.approx(17.58e6 + 5.3e6)
    assert float(amount(rows, *nation, "undistributed")[1]) == pytest.approx(5.3e6)
    # the extension in a full year: twice the 10.7 M€ of four months
    later = ("nation:", "elderly", 2005)
    assert float(amount(rows, *later, "extension")[1]) == pytest.approx(21.4e6)
    assert amount(rows, *later, "extension", "home_life")[0] == "21400000.0"


def test_homes_in_convergence_are_not_indexed(tmp_path: Path) -> None:
    # The home of region 11 comes from 200 000.50 down to 180 000 in two halves. It is not
    # indexed: 2.03 % of nothing; the 10 000.25 of each year go back to the nation.
    converge = {
        "kind": "converge",
        "by": ["territory", "year"],
        "measure": "home",
        "territories": ["region:11"],
        "at_most": 180_000,
        "calendar": {2004: 0.5, 2005: 1.0},
        "indexed": False,
    }
    for freed, granted in (("returned", ["-10000.25", "-10000.25"]), ("kept", ["0.0", "0.0"])):
        rules = SCENARIO["rules"] | {"down": converge | {"freed": freed}}
        made = tmp_path / freed
        scenario = written(tmp_path / f"scenario-{freed}", rules=rules)
        assert main(["solve", scenario, "-o", str(made), "--no-prices", "--quiet"]) == 0
        rows = lines_of(made)
        found = [amount(rows, "region:11", "pa", year, "convergence") for year in (2004, 2005)]
        assert [built for built, _ in found] == granted
        assert [float(planned) for _, planned in found] == pytest.approx([-10000.25, -10000.25])
        # 2 000 transferred at 2.03 %, and nothing of the home
        assert float(amount(rows, "region:11", "pa", 2004, "indexing")[1]) == pytest.approx(40.6)
        assert main(["verify", str(made)]) == 0


def test_a_rule_without_it_indexes_them(tmp_path: Path) -> None:
    converge = {
        "kind": "converge",
        "by": ["territory", "year"],
        "measure": "home",
        "at_most": 180_000,
        "calendar": {2004: 0.5, 2005: 1.0},
    }
    made = tmp_path / "run"
    scenario = written(tmp_path / "scenario", rules=SCENARIO["rules"] | {"down": converge})
    assert main(["solve", scenario, "-o", str(made), "--no-prices", "--quiet"]) == 0
    indexing = float(amount(lines_of(made), "region:11", "pa", 2004, "indexing")[1])
    assert indexing == pytest.approx(0.0203 * (200000.50 + 2000))
    assert main(["verify", str(made)]) == 0


def test_rate_of_a_measure_wins_over_that_of_its_envelope(tmp_path: Path) -> None:
    rate = load(written(tmp_path)).instance.rate
    # home and training follow the elderly; school states 0
    assert np.array_equal(rate[0], [[0.0203, 0.01], [0.0, 0.0], [0.0203, 0.01]])


def test_one_limit_for_the_whole_country(tmp_path: Path) -> None:
    rules: dict[str, Any] = {
        **SCENARIO["rules"],
        "built": SCENARIO["rules"]["built"] | {"by": ["envelope", "year"]},
    }
    made = tmp_path / "run"
    scenario = written(tmp_path / "scenario", rules=rules)
    assert main(["solve", scenario, "-o", str(made), "--no-prices", "--quiet"]) == 0
    rows = lines_of(made)
    assert amount(rows, "region:11", "pa", 2004, "envelope")[0] == ""
    each = [Decimal("265901.11015")]
    # Guadeloupe: 101 000 at 2.03 %, 30 000 new, 300 still due, 500 saved
    each.append(Decimal(101_000) * Decimal("1.0203") + 30_000 + 300 - 500)
    assert float(amount(rows, "nation:", "pa", 2004, "envelope")[0]) == float(sum(each))
    assert main(["verify", str(made)]) == 0
