"""Times whole runs at national size: 7 500 care homes, 40 000 services of all kinds.

Every establishment is synthetic. ``python benchmarks/large.py establishments`` measures a run
beside bare HiGHS and Pyomo's interface; ``python benchmarks/large.py all-services`` measures runs
of growing size, and how our own work and HiGHS's grow. One process, everything in turn.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from highspy._core import _Highs
from rivals import Problem, PyomoInterface, bare_highs, first_solve
from run import AGREE, _peak_memory

from perequa.checks import load
from perequa.engine import session
from perequa.engine.prices import two_sided_prices
from perequa.engine.session import SolverOptions
from perequa.engine.stages import solve_stages
from perequa.running import run_scenario
from perequa.synthetic import COUNTS, synthetic_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.synthetic import Kind

OPTIONS = SolverOptions()
SIZES = (5_000, 10_000, 20_000, 40_000)
"""Services of the runs of growing size."""


@dataclass(frozen=True)
class Whole:
    """One run, scenario file to saved folder.

    Attributes
    ----------
    seconds
        Of the clock, for all of it.
    highs, own
        Of the processor, in all threads: inside HiGHS, and outside.
    stages
        Seconds of each stage, as ``run.json`` records them.
    """

    seconds: float
    highs: float
    own: float
    stages: dict[str, float]


class _Timed(_Highs):  # type: ignore[misc] - a compiled class
    """HiGHS, with the processor's seconds spent in its runs."""

    spent: list[float] = []  # noqa: RUF012 - one list for all sessions of a run

    def run(self) -> Any:  # noqa: ANN401 - what HiGHS gives back has no type
        start = time.thread_time()  # it works in the thread that asks
        try:
            return super().run()
        finally:
            _Timed.spent.append(time.thread_time() - start)


def write(kind: Kind, folder: Path, count: int, seed: int) -> Path:
    """Write a synthetic scenario."""
    folder.mkdir(parents=True)
    for name, content in synthetic_files(kind, count, seed).items():
        (folder / name).write_bytes(content)
    return folder / "scenario.yaml"


def whole(scenario: Path, folder: Path) -> Whole:
    """Take a scenario file to its saved run, tie-break and prices included."""
    gc.collect()
    _Timed.spent.clear()
    start, worked = time.perf_counter(), time.process_time()
    run = run_scenario(str(scenario), lambda name: folder / name)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    if run.status != "optimal":
        message = f"{scenario} ended {run.status}: {run.message}"
        raise SystemExit(message)
    highs = sum(_Timed.spent)
    return Whole(seconds, highs, worked - highs, dict(run.seconds))


def ceilings(problem: Problem) -> tuple[int, float]:
    """Price every ceiling on both sides; the optimum is in hand. Rows and seconds."""
    program = problem.program
    staged = solve_stages(program, (1,), problem.weights[None] @ program.costs, OPTIONS)
    start = time.perf_counter()
    (prices,) = two_sided_prices(program, staged, staged.stages[0].x, OPTIONS)
    seconds = time.perf_counter() - start
    keys = program.row_keys
    return sum(1 for side in prices.sides if keys[side.row].rule == "ceiling") // 2, seconds


def establishments(count: int, seed: int, repeats: int) -> dict[str, Any]:
    """Measure care homes beside bare HiGHS and Pyomo's interface."""
    ways: dict[str, list[float]] = {}
    optima: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole(write("establishments", folder / "warm", 300, seed), folder / "out")
        scenario = write("establishments", folder / "timed", count, seed)
        runs = [whole(scenario, folder / "out")]
        peak = _peak_memory()
        problem = Problem(load(str(scenario)).instance)
        interface = PyomoInterface(problem)
        for k in range(repeats):
            if k:
                runs.append(whole(scenario, folder / "out"))
            for way, solve in (
                ("bare HiGHS", lambda: bare_highs(problem)),
                ("first solve", lambda: first_solve(problem)),
                ("Pyomo interface", interface.solve),
            ):
                gc.collect()
                answer = solve()
                ways.setdefault(way, []).append(answer.seconds)
                optima[way] = answer.objective
            gc.collect()
            priced, seconds = ceilings(problem)
            ways.setdefault("prices of all rules", []).append(seconds)
    return {
        "sizes": problem.sizes | {"ceilings": priced},
        "peak_mb": peak,
        "whole": [run.seconds for run in runs],
        "inside_highs": [run.highs for run in runs],
        "stages": {k: [run.stages[k] for run in runs] for k in runs[0].stages},
        "ways": ways,
        "disagreement": _disagreement(optima),
    }


def _disagreement(optima: dict[str, float]) -> float:
    values = [*optima.values()]
    return (max(values) - min(values)) / max(1.0, *(abs(v) for v in values))


def all_services(sizes: Sequence[int], seed: int) -> dict[str, Any]:
    """Measure runs of growing size."""
    found: dict[int, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole(write("all-services", folder / "warm", 300, seed), folder / "out")
        for count in sizes:
            scenario = write("all-services", folder / str(count), count, seed)
            run = whole(scenario, folder / "out")
            problem = Problem(load(str(scenario)).instance)
            found[count] = {
                "sizes": problem.sizes,
                "whole": run.seconds,
                "own": run.own,
                "highs": run.highs,
                "bare": bare_highs(problem).seconds,
                "stages": run.stages,
                "peak_mb": _peak_memory(),
            }
            del problem
    return {"runs": found}


def growth(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Exponent of n that fits best on a log-log scale."""
    x, y = [math.log(n) for n in sizes], [math.log(s) for s in seconds]
    mean_x, mean_y = statistics.fmean(x), statistics.fmean(y)
    over = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return over / sum((a - mean_x) ** 2 for a in x)


def _establishments_text(found: dict[str, Any]) -> Iterator[str]:
    yield "  " + ", ".join(f"{size} {name}" for name, size in found["sizes"].items())
    yield f"  {'seconds':<28}{'median':>9}{'least':>9}{'÷ bare':>9}"
    measured = found["stages"] | {
        "whole run, file to folder": found["whole"],
        "of which inside HiGHS": found["inside_highs"],
    }
    measured |= found["ways"]
    bare = statistics.median(measured["bare HiGHS"])
    for name, seconds in measured.items():
        median = statistics.median(seconds)
        yield f"  {name:<28}{median:9.3f}{min(seconds):9.3f}{median / bare:9.2f}"
    # what else the machine does only ever adds: the least of several is the least disturbed
    yield f"  {'':<34}{'medians':>9}{'least':>9}"
    for name, above, below, wanted in (
        ("whole run ÷ bare HiGHS", "whole run, file to folder", "bare HiGHS", "under 7"),
        ("prices ÷ bare HiGHS", "prices of all rules", "bare HiGHS", "under 10"),
        ("Pyomo interface ÷ first solve", "Pyomo interface", "first solve", "at least 3"),
    ):
        median, least = (
            take(measured[above]) / take(measured[below]) for take in (statistics.median, min)
        )
        yield f"  {name:<34}{median:9.2f}{least:9.2f}  ({wanted})"
    yield f"  peak memory of a whole run, MB    {found['peak_mb'] or math.nan:9.0f}  (under 1500)"
    yield f"  optima differ by (relative)       {found['disagreement']:9.1e}"


def _services_text(found: dict[str, Any]) -> Iterator[str]:
    runs = found["runs"]
    yield (
        f"  {'services':>9}{'columns':>10}{'nonzeros':>10}{'whole':>9}{'own':>9}{'HiGHS':>9}"
        f"{'bare':>9}{'÷ bare':>8}{'peak MB':>9}"
    )
    for count, run in runs.items():
        yield (
            f"  {count:>9}{run['sizes']['columns']:>10}{run['sizes']['nonzeros']:>10}"
            f"{run['whole']:>9.2f}{run['own']:>9.2f}{run['highs']:>9.2f}{run['bare']:>9.2f}"
            f"{run['whole'] / run['bare']:>8.1f}{run['peak_mb'] or math.nan:>9.0f}"
        )
    counts = [*runs]
    if len(counts) < 2:
        return
    for what, name in (
        ("own", "our own stages"),
        ("highs", "HiGHS inside"),
        ("bare", "bare HiGHS"),
    ):
        yield f"  {name:<16} grow as n^{growth(counts, [run[what] for run in runs.values()]):.2f}"
    for stage in runs[counts[-1]]["stages"]:
        seconds = [run["stages"][stage] for run in runs.values()]
        if min(seconds) > 0.01:
            yield f"    {stage:<20}{seconds[-1]:9.2f} s, n^{growth(counts, seconds):.2f}"


def main() -> int:
    """Measure what the command line asks for; 1 when the optima disagree."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("instance", choices=("establishments", "all-services"))
    parser.add_argument("--repeats", type=int, default=3, help="of establishments")
    parser.add_argument("--count", type=int, help="establishments; largest number of services")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args()
    count = given.count or COUNTS[given.instance]
    session._Highs = _Timed  # the seconds inside HiGHS are told apart
    if given.instance == "establishments":
        found = establishments(count, given.seed, given.repeats)
        lines = _establishments_text(found)
    else:
        found = all_services([size for size in SIZES if size < count] + [count], given.seed)
        lines = _services_text(found)
    if given.json:
        print(json.dumps({"asked": vars(given)} | found, indent=1))
    else:
        print(f"{given.instance} (synthetic), {count}, seed {given.seed}")
        for line in lines:
            print(line)
    return int(found.get("disagreement", 0.0) > AGREE)


if __name__ == "__main__":
    sys.exit(main())
