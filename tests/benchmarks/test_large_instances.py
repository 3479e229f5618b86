"""The benchmarks of national size, at a size that tests can afford."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LARGE = Path(__file__).parents[2] / "benchmarks" / "large.py"


def measured(*asked: str) -> dict[str, Any]:
    command = [sys.executable, str(LARGE), *asked, "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def test_homes_are_measured_beside_their_rivals() -> None:
    found = measured("establishments", "--count", "300", "--repeats", "1")
    assert found["disagreement"] < 1e-9
    assert found["sizes"]["ceilings"] == 300
    # twenty columns a home: 150 000 for 7 500
    assert found["sizes"]["columns"] >= 20 * 300
    assert set(found["ways"]) == {
        "bare HiGHS", "first solve", "Pyomo interface", "prices of all rules",
    }  # fmt: skip
    assert 0 < found["inside_highs"][0] < found["whole"][0]


def test_services_are_measured() -> None:
    found = measured("all-services", "--count", "300")
    (run,) = found["runs"].values()
    # twenty-five non-zeros a service and more: a million for 40 000
    assert run["sizes"]["nonzeros"] >= 25 * 300
    # the processor's, in two threads: at most twice the clock's
    assert 0 < run["highs"] < run["highs"] + run["own"] < 2.1 * run["whole"]
