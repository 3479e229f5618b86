"""Times a whole run, stage by stage, beside bare HiGHS, Pyomo's interface and linopy.

Everything is measured in one process and in turn, so that ratios mean something on a busy machine.

Run ``python benchmarks/run.py --instance degenerate`` or ``python -m benchmarks``.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from instances import Size, write_scenario
from rivals import HAS_LINOPY, Linopy, Problem, PyomoInterface, bare_highs, first_solve

from perequa.checks import load
from perequa.running import run_scenario
from perequa_models.formulation import formulate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from instances import Kind
    from rivals import Answer

    from perequa.pricing import Ranges
    from perequa.running import FinishedRun

AGREE = 1e-7
"""Relative difference within which two optima are the same."""


@dataclass(frozen=True)
class Measured:
    """Seconds of everything, one figure for each repeat.

    Attributes
    ----------
    whole, stages
        A scenario file to its saved run, imports apart, and each of its stages.
    inner
        The same without exact ranges (``--ranges none``).
    ways
        The first priority solved by each way, from its figures in memory.
    optima
        The optimum each way found, in one and the same scaled objective.
    sizes
        Of the program.
    peak
        Largest memory of the process after the first whole run, in MB; None where it cannot be
        told.
    """

    sizes: dict[str, int]
    peak: float | None
    whole: list[float] = field(default_factory=list)
    inner: list[float] = field(default_factory=list)
    stages: dict[str, list[float]] = field(default_factory=dict)
    ways: dict[str, list[float]] = field(default_factory=dict)
    optima: dict[str, float] = field(default_factory=dict)

    def median(self, way: str) -> float:
        """Median of one way."""
        return statistics.median(self.ways[way])

    def disagreement(self) -> float:
        """Largest relative difference between two optima."""
        values = list(self.optima.values())
        return (max(values) - min(values)) / max(1.0, *(abs(v) for v in values))

    def ratios(self) -> dict[str, float]:
        """Ratios of medians of this very run."""
        bare, ours = self.median("bare HiGHS"), self.median("first solve")
        ratios = {
            "whole run ÷ bare HiGHS": statistics.median(self.whole) / bare,
            "whole run, no exact ranges ÷ bare": statistics.median(self.inner) / bare,
            "first solve ÷ bare HiGHS": ours / bare,
            "Pyomo interface ÷ first solve": self.median("Pyomo interface") / ours,
        }
        if "linopy" in self.ways:
            built = self.median("formulate") + ours
            ratios["linopy ÷ formulate and first solve"] = self.median("linopy") / built
        return ratios


def measure(
    scenario: Path, folder: Path, variants: Sequence[str], repeats: int
) -> tuple[Measured, FinishedRun]:
    """Measure a scenario; every way once in each repeat, in the same order."""
    run = _whole(scenario, folder, variants)[1]
    peak = _peak_memory()
    problem = Problem(load(str(scenario), variants).instance)
    pyomo_interface = PyomoInterface(problem)
    ways: dict[str, Callable[[], Answer]] = {
        "bare HiGHS": lambda: bare_highs(problem),
        "first solve": lambda: first_solve(problem),
        "Pyomo interface": pyomo_interface.solve,
    }
    if HAS_LINOPY:
        linopy_model = Linopy(problem)
        ways["linopy"] = linopy_model.solve
    for way in ways.values():
        way()  # what a library imports late is not its work
    measured = Measured(problem.sizes, peak)
    for _ in range(repeats):
        gc.collect()
        seconds, run = _whole(scenario, folder, variants)
        measured.whole.append(seconds)
        gc.collect()
        measured.inner.append(_whole(scenario, folder, variants, "none")[0])
        for name, spent in run.seconds.items():
            measured.stages.setdefault(name, []).append(spent)
        for name, way in ways.items():
            gc.collect()
            answer = way()
            measured.ways.setdefault(name, []).append(answer.seconds)
            measured.optima[name] = answer.objective
        start = time.perf_counter()
        formulate(problem.instance, problem.reference)
        measured.ways.setdefault("formulate", []).append(time.perf_counter() - start)
    return measured, run


def _whole(
    scenario: Path, folder: Path, variants: Sequence[str], ranges: Ranges = "printed"
) -> tuple[float, FinishedRun]:
    """Take a scenario file to its saved run."""
    start = time.perf_counter()
    run = run_scenario(str(scenario), lambda name: folder / name, variants=variants, ranges=ranges)
    seconds = time.perf_counter() - start
    if run.status != "optimal":
        message = f"the instance ended {run.status}: {run.message}"
        raise SystemExit(message)
    return seconds, run


def _peak_memory() -> float | None:
    try:
        import resource  # noqa: PLC0415 - absent on Windows
    except ImportError:
        return None
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1024.0**2 if sys.platform == "darwin" else 1024.0)


def _line(name: str, seconds: list[float], bare: float) -> str:
    middle = statistics.median(seconds)
    figures = f"{middle:9.3f} {min(seconds):9.3f} {max(seconds):9.3f} {middle / bare:9.2f}"
    return f"  {name:<28}{figures}"


def print_report(measured: Measured, title: str) -> None:
    """Print sizes, stages, ways, ratios."""
    bare = measured.median("bare HiGHS")
    whole = statistics.median(measured.whole)
    print(title)
    print("  " + ", ".join(f"{size} {name}" for name, size in measured.sizes.items()))
    print(f"\n  {'seconds':<28}{'median':>9} {'min':>9} {'max':>9} {'÷ bare':>9}")
    for name, seconds in measured.stages.items():
        print(_line(name, seconds, bare))
    named = [sum(each) for each in zip(*measured.stages.values(), strict=True)]
    rest = [all_ - some for all_, some in zip(measured.whole, named, strict=True)]
    print(_line("(between stages)", rest, bare))
    print(_line("whole run, file to folder", measured.whole, bare))
    print(_line("the same, no exact ranges", measured.inner, bare))
    print()
    for name, seconds in measured.ways.items():
        print(_line(name, seconds, bare))
    if not HAS_LINOPY:
        print("  linopy                      skipped: not installed (pip install linopy)")
    print()
    for name, ratio in measured.ratios().items():
        print(f"  {name:<36}{ratio:8.2f}")
    print(f"  {'optima differ by (relative)':<36}{measured.disagreement():8.1e}")
    if measured.peak is not None:
        print(f"  {'peak memory of a whole run':<36}{measured.peak:8.0f} MB")
    print(f"  a whole run takes {whole:.2f} s, bare HiGHS {bare:.3f} s")


def as_record(measured: Measured, run: FinishedRun, asked: dict[str, Any]) -> dict[str, Any]:
    """Give everything measured its JSON form."""
    return {
        "asked": asked,
        "fingerprint": run.fingerprint,
        "sizes": measured.sizes,
        "peak_mb": measured.peak,
        "whole": measured.whole,
        "inner": measured.inner,
        "stages": measured.stages,
        "ways": measured.ways,
        "optima": measured.optima,
        "disagreement": measured.disagreement(),
        "ratios": measured.ratios(),
    }


def main() -> int:
    """Measure what the command line asks for; 1 when the optima disagree."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--instance", choices=("national", "degenerate"), default="degenerate")
    parser.add_argument("--variant", action="append", default=[], help="e.g. two_priorities")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args()
    kind: Kind = given.instance
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # a small run first: what is imported or compiled once is not timed
        warm = write_scenario(kind, folder / "warm", Size(regions=2, departments=4, years=2))
        _whole(warm, folder / "out", ())
        scenario = write_scenario(kind, folder / "timed", seed=given.seed)
        measured, run = measure(scenario, folder / "out", given.variant, given.repeats)
    if given.json:
        print(json.dumps(as_record(measured, run, vars(given)), indent=1))
    else:
        shown = "+".join([kind, *given.variant])
        print_report(measured, f"{shown} (synthetic), seed {given.seed}, {given.repeats} repeats")
    if measured.disagreement() > AGREE:
        print(f"the optima disagree by more than {AGREE:g}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
