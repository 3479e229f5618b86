"""What `perequa verify` prints and returns."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from perequa.checks import load
from perequa.cli import main
from perequa.cli.verify import verify
from perequa_models.errors import InvalidScenario

if TYPE_CHECKING:
    from pathlib import Path


def test_run_that_holds(run: Path) -> None:
    result = CliRunner().invoke(verify, [str(run)])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split(":")[0] for line in lines[:8]] == [
        "1. files",
        "2. inputs",
        "3. plan",
        "4. optimum",
        "5. uniqueness",
        "6. prices",
        "7. ranges",
        "8. sentences",
    ]
    assert lines[8].startswith("fingerprint ")
    assert lines[9] == "the run holds"


def test_run_that_does_not(tiny: Any, run: Path) -> None:
    tiny.change_cell(run / "rules.csv", "contingent", "limit", "9.0")
    result = CliRunner().invoke(verify, [str(run)])
    assert result.exit_code == 6
    assert "3. plan: WRONG" in result.stdout
    assert (
        "rules.csv, contingent/-/ssiad/2004/equals: limit: found 9.0, expected 8.0" in result.stdout
    )


def test_json_of_a_wrong_run(tiny: Any, run: Path) -> None:
    tiny.change_cell(run / "rules.csv", "contingent", "limit", "9.0")
    tiny.seal(run)
    result = CliRunner().invoke(verify, [str(run), "--format", "json", "--exact"])
    document = json.loads(result.stdout)
    assert (document["exit_code"], document["status"], result.exit_code) == (6, "error", 6)
    (finding,) = document["findings"]
    assert finding == {
        "code": "verify_plan",
        "severity": "error",
        "file": "rules.csv",
        "sheet": "",
        "line": None,
        "column": None,
        "key": "contingent/-/ssiad/2004/equals",
        "received": "9.0",
        "accepted": "8.0",
        "nearest": "",
        "remedy": "solve the scenario again, or restore the folder as it was written",
        "message": "rules.csv, contingent/-/ssiad/2004/equals: limit: found 9.0, expected 8.0",
    }


def test_json_of_a_run_that_holds(run: Path) -> None:
    document = json.loads(CliRunner().invoke(verify, [str(run), "--format", "json"]).stdout)
    assert (document["exit_code"], document["status"], document["findings"]) == (0, "optimal", [])
    assert [c["verdict"] for c in document["checks"]] == ["ok"] * 8
    assert len(document["fingerprint"]) == 64


def test_path_that_is_no_run(tmp_path: Path) -> None:
    result = CliRunner().invoke(verify, [str(tmp_path)])
    assert isinstance(result.exception, InvalidScenario)
    assert result.exception.exit_status == 3
    result = CliRunner().invoke(verify, [str(tmp_path), "--format", "json"])
    document = json.loads(result.stdout)
    assert (result.exit_code, document["exit_code"], document["status"]) == (3, 3, "invalid")
    assert document["findings"][0]["code"] == "not_a_run_folder"


@pytest.mark.parametrize("package", ["highspy", "pyomo", "pydantic", "pandas"])
def test_needs_no_solver(run: Path, package: str) -> None:
    """A machine without the package checks the run all the same."""
    code = (
        "import sys; sys.modules[sys.argv[2]] = None\n"
        "from pathlib import Path\n"
        "from perequa.verification.verdict import verify_run\n"
        "assert verify_run(Path(sys.argv[1])).holds\n"
    )
    subprocess.run([sys.executable, "-c", code, str(run), package], check=True)


def test_shares_no_code_with_what_it_checks(run: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from perequa.verification.verdict import verify_run\n"
        "assert verify_run(Path(sys.argv[1])).holds\n"
        "print(*sorted(m for m in sys.modules if m.startswith('perequa')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(run)], check=True, capture_output=True, text=True
    )
    others = {m for m in done.stdout.split() if not m.startswith("perequa.verification")}
    assert others == {
        "perequa",
        "perequa.interpret",
        "perequa.interpret.project_sentences",
        "perequa.interpret.same_rows",
        "perequa.interpret.sentences",
        "perequa.words",
        "perequa.words.figures",
        "perequa.words.language",
        "perequa.words.lines",
        "perequa.words.seen",
        "perequa.words.terms",
        "perequa_models",
        "perequa_models.errors",
        "perequa_models.problems",
    }


def test_limits_keyed_by_the_name_of_a_level_are_read(tmp_path: Path) -> None:
    """A table of limits may name its key column after the level: region,limit."""
    folder = tmp_path / "mine"
    assert main(["new", str(folder), "--quiet"]) == 0
    scenario = folder / "scenario.yaml"
    text = scenario.read_text(encoding="utf-8")
    regions = load(str(folder)).instance.territories
    floors = ["region,limit", *(f"{region.code},100000" for region in regions)]
    (folder / "floors.csv").write_text("\n".join(floors) + "\n", encoding="utf-8")
    assert "at_least: 100000" in text
    keyed = text.replace("at_least: 100000", "at_least: {file: floors.csv}", 1)
    scenario.write_text(keyed, encoding="utf-8")
    run = tmp_path / "run"
    assert main(["solve", str(folder), "-o", str(run), "--quiet"]) == 0
    assert main(["verify", str(run)]) == 0
