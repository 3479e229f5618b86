"""Every command survives a console redirected in cp1252, which has neither U+202F nor λ."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from perequa.cli.group import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path

INFEASIBLE = ["ehpad-2004-rule", "--variant", "infeasible_caps"]
RUN, STUDY = "run", "study"
CALLS: dict[str, list[list[str]]] = {
    "list": [["list"]],
    "new": [["new", "mine", "--from", "ehpad-2004-rule"]],
    "directory": [["directory", "nowhere.csv", "-o", "homes"]],
    "validate": [["validate", "mine", "--set", "rules.flour.at_least=1"]],
    "solve": [
        ["solve", "ehpad-2004-rule", "-o", RUN],
        ["solve", "ehpad-2004-rule", "--no-prices", "-o", "plan", "--format", "csv-fr"],
    ],
    "compare": [["compare", RUN, "plan", "-o", "compared"]],
    "diagnose": [["diagnose", *INFEASIBLE, "-o", "diagnosed"]],
    "explain": [["explain", RUN, "--rule", "floor"]],
    "sensitivity": [["sensitivity", "limit", "ehpad-2004-rule", "--rule", "floor", "-o", STUDY]],
    "show": [["show", STUDY]],
    "verify": [["verify", RUN]],
    "report": [["report", RUN]],
    "annexes": [["annexes", RUN]],
    "figures": [["figures", RUN]],
    "follow-up": [["follow-up", RUN, "returns.csv", "-o", "next"]],
    "convert": [["convert", "mine", "-o", "tables"]],
    "formulation": [["formulation", "ehpad-2004-rule"]],
    "schema": [["schema"]],
}
"""Calls of each command, in an order in which each finds what it needs."""
ENDS = {"directory": 3, "validate": 3, "diagnose": 4, "follow-up": 3}
RETURNS = (
    "level,territory,measure,year,authorised,funded,opened,opening_date,closed,comment\n"
    "region,93,ehpad,2021,0,2000.5,2000.5,2021-12-01,0,Étel → λ\n"
)


def test_every_command_in_cp1252(tmp_path: Path) -> None:
    assert set(CALLS) == set(COMMANDS)
    (tmp_path / "returns.csv").write_text(RETURNS, encoding="utf-8")
    wide = set()
    for command, calls in CALLS.items():
        for arguments in calls:
            done = subprocess.run(
                [sys.executable, "-m", "perequa", *arguments],
                capture_output=True,
                cwd=tmp_path,
                env={**os.environ, "PYTHONIOENCODING": "cp1252", "PEREQUA_LANG": "fr"},
                check=False,
            )
            told = (done.stdout + done.stderr).decode("utf-8")
            assert "UnicodeEncodeError" not in told
            assert "internal error" not in told
            assert done.returncode == ENDS.get(command, 0), told
            assert told
            if any(not _in_cp1252(c) for c in told):
                wide.add(command)
    # what cp1252 lacks was printed indeed
    assert {"solve", "explain", "compare", "formulation"} <= wide


def _in_cp1252(character: str) -> bool:
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
