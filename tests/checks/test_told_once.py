"""Each fault is told once, whatever else is wrong, and what is right is not told at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from perequa.checks import Finding

Found = Callable[..., tuple[Finding, ...]]
Edit = Callable[[str, str, str], Path]


def codes(found: tuple[Finding, ...]) -> list[tuple[str, int | None, int | None]]:
    return [(f.code, f.line, f.column) for f in found]


def test_a_wrong_figure_is_not_missed_as_well(edit: Edit, findings_of: Found) -> None:
    edit("caps.csv", "02,40", "02,forty")
    assert codes(findings_of()) == [("not_a_number", 3, 2)]


def test_a_stock_of_words_is_told_at_its_cells(edit: Edit, findings_of: Found) -> None:
    edit("scenario.yaml", "file: supply.csv", "file: supply.csv\n  absent: closed")
    for old, new in (("ssiad,100", "ssiad,a"), ("ssiad,60", "ssiad,b"), ("ssiad,40", "ssiad,c"),
                     ("2A,ssiad,10", "2A,ssiad,d")):  # fmt: skip
        edit("supply.csv", old, new)
    found = [f for f in findings_of() if f.code == "not_a_number"]
    assert [(f.line, f.column, f.received) for f in found] == [
        (2, 4, "a"), (4, 4, "b"), (5, 4, "c"), (6, 4, "d"),
    ]  # fmt: skip


def test_a_column_of_words_may_hold_numbers(edit: Edit, findings_of: Found) -> None:
    edit("territories.csv", "1000,private", "1000,1")
    edit(
        "scenario.yaml",
        "objectives:\n",
        "  public: {kind: floor, where: {column: status, equals: public}, at_least: 1}\n"
        "objectives:\n",
    )
    assert findings_of() == ()


def test_limits_by_region_need_their_region(edit: Edit, findings_of: Found) -> None:
    edit("floors.csv", "02,2004,1\n02,2005,0\n", "")
    edit("floors.csv", "region,year,limit\n11,2004,1\n11,2005", "year,limit\n2004,1\n2005")
    assert [(f.code, f.key, f.line) for f in findings_of()] == [("missing_column", "region", 1)]


def test_a_table_without_its_keys_is_not_missed_as_well(edit: Edit, findings_of: Found) -> None:
    edit("supply.csv", "level,territory", "level,teritory")
    assert [f.code for f in findings_of()] == ["missing_column"]


def test_a_share_wrong_in_the_seventh_figure_is_told_beside_a_wrong_cell(
    edit: Edit, findings_of: Found
) -> None:
    reference = (
        "reference:\n  amount: 10\n  in: places\n  year: 2004\n  parts:\n"
        "    - {name: one, share: 0.6, basis: equal}\n"
        "    - {name: two, share: 0.3999999, basis: equal}\n"
    )
    edit("scenario.yaml", "variants:\n", f"{reference}variants:\n")
    edit("supply.csv", "ssiad,100", "ssiad,1OO")
    assert sorted(f.code for f in findings_of()) == ["not_a_number", "shares_do_not_add_up"]


@pytest.mark.parametrize(("target", "right"), [("0.001", False), ("1000", True)])
def test_what_is_zero_at_first_cannot_divide(
    edit: Edit, findings_of: Found, target: str, right: bool
) -> None:
    gap = "kind: shortfall\n    indicator: rate\n    level: region\n    priority: 1"
    edit("scenario.yaml", gap, f"{gap}\n    target: {target}")
    assert findings_of() == ()  # alone in its priority, nothing divides it
    edit("scenario.yaml", "priority: 2", "priority: 1")
    told = findings_of()
    assert [f.code for f in told] == ([] if right else ["cannot_normalise"])
    assert all(f.key == "objectives.gap.normalise" for f in told)
