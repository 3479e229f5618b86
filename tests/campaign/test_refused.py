"""A campaign that contradicts itself is told, with the place and what to do."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from campaigns import SCENARIO, written

from perequa.checks import load
from perequa.cli import main
from perequa.io.findings import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

BACK = {
    "envelope": "ph",
    "enters": "transfers",
    "from": "pa",
    "territories": ["region:11"],
    "year": 2004,
    "amount": 10,
}

MOVED = {"kind": "transfer", "from": "training", "to": "built", "at_most": 10}


def changed(path: str, value: Any) -> dict[str, Any]:
    data = copy.deepcopy(SCENARIO)
    at: Any = data
    *steps, last = path.split(".")
    for step in steps:
        at = at[step]
    if value is None:
        at.pop(last, None)
    else:
        at[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("campaign.level", "departement", "unknown_level"),
        ("campaign.lines.spot.envelope", None, "unknown_envelope"),
        ("campaign.lines.spot.envelope", "pah", "unknown_envelope"),
        ("campaign.lines.spot.year", 2006, "unknown_year"),
        ("campaign.lines.spot.amount", -1, "negative_amount"),
        ("campaign.lines.spot.amount", {"column": "grantd"}, "unknown_column"),
        ("campaign.lines.spot.territories", ["region:12"], "unknown_territory"),
        ("campaign.lines.spot.territories", ["region:01", "region:11"], "whose_amount"),
        ("campaign.lines.frozen.territories", None, "whose_amount"),
        ("campaign.lines.classes.territories", None, "whose_amount"),
        ("campaign.lines.spot.from", "ph", "not_a_transfer"),
        ("campaign.lines.back", BACK, "both_ways"),
        ("campaign.lines.spot.months", 4, "inconsistent"),
        ("campaign.delegations.first.lines", ["bases"], "unknown_line"),
        ("campaign.delegations.first.year", None, "no_year"),
        ("campaign.delegations.second.amount", 5, "inconsistent"),
        ("campaign", None, "cannot_build"),
        ("rules.built.in", "credits", "cannot_build"),
        ("rules.built.measure", "home", "not_a_whole_envelope"),
        ("rules.training.at_most", "built", "wrong_limit"),
        ("rules.moved", MOVED, "wrong_quantity"),
    ],
)
def test_what_is_wrong_is_told(path: str, value: Any, code: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    written(tmp_path, **changed(path, value))
    if path == "campaign":
        text = (tmp_path / "scenario.yaml").read_text(encoding="utf-8")
        before, _, after = text.partition("campaign:\n")
        kept = "indicators:" + after.partition("indicators:")[2]
        (tmp_path / "scenario.yaml").write_text(before + kept, encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        load(folder)
    assert code in {finding.code for finding in caught.value.findings}
    assert main(["validate", folder]) == 3


def test_money_moves_back_where_that_is_stated(tmp_path: Path) -> None:
    lines = SCENARIO["campaign"]["lines"] | {"back": BACK | {"both_ways": True}}
    load(written(tmp_path, campaign=SCENARIO["campaign"] | {"lines": lines}))
