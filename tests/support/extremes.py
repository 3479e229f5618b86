"""Small scenarios in folders, with figures as small or as large as a scenario may state."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from perequa.cli import main
from perequa.verification.verdict import verify_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

RATE = {"indicator": "rate", "level": "region"}


def written(
    folder: Path, figures: Mapping[str, tuple[float, float | str, float]], **sections: Any
) -> Path:
    """Write a scenario of some regions and one measure, home, of 10 000 a place.

    Parameters
    ----------
    figures
        Population, places installed (empty where the measure is money) and authorised places
        (column `auth`) of each region.
    sections
        Sections of the scenario, beside those that every scenario states.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stated = {
        "format": 1,
        "name": "extreme",
        "years": [2004],
        "territories": {"file": "territories.csv", "levels": ["region"]},
        "measures": {"home": {"cost": 10000}},
        "supply": {"file": "supply.csv"},
        "indicators": {"rate": {"measures": ["home"], "population": "pop", "per": 100}},
        **sections,
    }
    (folder / "scenario.yaml").write_text(json.dumps(stated, indent=1), encoding="utf-8")
    people = [("level", "code", "name", "parent", "pop")]
    supply = [("territory", "measure", "installed", "auth")]
    for code, (pop, installed, authorised) in figures.items():
        people.append(("region", code, f"Region {code}", "", str(pop)))
        supply.append((f"region:{code}", "home", str(installed), str(authorised)))
    for name, rows in (("territories.csv", people), ("supply.csv", supply)):
        (folder / name).write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def solved(scenario: Path | str, run: Path, options: Sequence[str] = ()) -> Path:
    """Solve a scenario with some options; the test fails unless it is proven and verified."""
    assert main(["solve", str(scenario), *options, "-o", str(run), "--quiet"]) == 0
    verdict = verify_run(run)
    wrong = [str(d) for check in verdict.checks for d in check.disagreements]
    assert verdict.holds, wrong
    return run
