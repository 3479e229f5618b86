"""Times the studies on an instance of national size: programs solved, seconds, ms a program.

Run ``python benchmarks/studies.py --instance national``. Plans are left out where they can be: the
tie-break is timed by `run.py`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))

from instances import write_scenario

from perequa.checks import load
from perequa.engine.parametric import Way
from perequa.optimum import Clock
from perequa.studies.limit import Moved, limit_study
from perequa.studies.margins import margins_study
from perequa.studies.prepared import prepare
from perequa.studies.weightings import Weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from instances import Kind

    from perequa.studies.prepared import Prepared


def breakpoints(prepared: Prepared) -> tuple[int, str]:
    """Every breakpoint from all shortfalls to all worst gaps."""
    names = prepared.program.objective_names
    sizes = prepared.sizes(names)
    left = prepared.plans_left(prepared.priorities.before(1))
    ends = [
        Weights(option="", by_objective={n: 1.0 for n in names if n.startswith(kind)})
        for kind in ("gap", "worst")
    ]
    start, end = (prepared.goal(w.over(names, sizes)) for w in ends)
    pieces = Way(left, start, end).pieces()
    return left.programs_solved, f"{len(pieces) - 1} breakpoints"


def envelopes(prepared: Prepared) -> tuple[int, str]:
    """All regional envelopes scaled together, from 0.6 to 1.4."""
    answer = limit_study(prepared, Moved(rule="envelope", low=0.6, high=1.4), shares=False)
    return _solved(answer.facts), f"{len(answer.tables['curve'].rows)} points"


def margins(prepared: Prepared) -> tuple[int, str]:
    """Least and most of every department and measure within 1 %, the published plan included."""
    answer = margins_study(prepared, 0.01)
    return _solved(answer.facts), f"{len(answer.tables['margins'].rows)} rows"


def _solved(facts: object) -> int:
    return int(facts["programs_solved"])  # type: ignore[index]


STUDIES: dict[str, Callable[[Prepared], tuple[int, str]]] = {
    "weights, breakpoints": breakpoints,
    "limit, 90 envelopes": envelopes,
    "margins within 1 %": margins,
}


def main() -> int:
    """Time each study once."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--instance", choices=("national", "degenerate"), default="national")
    parser.add_argument("--seed", type=int, default=2024)
    given = parser.parse_args()
    kind: Kind = given.instance
    with tempfile.TemporaryDirectory() as name:
        scenario = write_scenario(kind, Path(name) / "timed", seed=given.seed)
        prepared = prepare(load(str(scenario)), Clock())
    m, n = prepared.program.matrix.shape
    print(f"{kind} (synthetic), seed {given.seed}: {m} rows, {n} columns")
    print(f"  {'study':<24}{'programs':>10}{'seconds':>10}{'ms each':>10}")
    for study, ask in STUDIES.items():
        start = time.perf_counter()
        programs, found = ask(prepared)
        spent = time.perf_counter() - start
        print(f"  {study:<24}{programs:>10}{spent:>10.2f}{1000 * spent / programs:>10.1f}  {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
