"""What whole places move, lose and take, on the instances of national size.

``python benchmarks/whole.py`` solves each instance, then rounds it, and fails where a plan is not
proven nearest. ``--seed`` draws another country.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from instances import write_scenario

from perequa.checks import load
from perequa.interpret.whole import whole_table
from perequa.optimum import DEFAULT_OPTIONS
from perequa.pipeline import Success, solve_instance
from perequa.rounding import whole_plan

if TYPE_CHECKING:
    from instances import Kind

    from perequa.interpret.run import Solved

INSTANCES: tuple[Kind, ...] = ("degenerate", "national")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instance", choices=INSTANCES, action="append")
    parser.add_argument("--seed", type=int, default=2024)
    asked = parser.parse_args()
    proven = True
    for name in asked.instance or INSTANCES:
        with tempfile.TemporaryDirectory() as folder:
            path = write_scenario(name, Path(folder) / name, seed=asked.seed)
            proven = tell(name, path) and proven
    if not proven:
        raise SystemExit(1)


def tell(name: str, path: Path) -> bool:
    """Solve, round, print one line; say whether the plan is proven nearest."""
    instance = load(str(path), (), ("whole=true",)).instance
    continuous = load(str(path)).instance
    start = time.process_time()
    found = solve_instance(continuous, name, prices=False)
    assert isinstance(found, Success)
    solved = time.process_time()
    run = replace(found.run, instance=instance)
    whole = whole_plan(run, DEFAULT_OPTIONS)
    rounded = time.process_time()
    run = replace(run, whole=whole)
    kept, remainder = loss(run, "kept"), loss(run, "largest_remainder")
    totals = whole_table(run, whole).column("about").count("total")
    print(
        f"{name}: loss {kept:.3%} (largest remainders {remainder:.3%}, "
        f"{len(whole.remainder_breaks)} rules broken), {whole.moved:.1f} places moved "
        f"(largest remainders {whole.remainder_moved:.1f}), gap {whole.gap:.2e}, "
        f"{totals} totals loosened, {whole.nodes} nodes; "
        f"solved in {solved - start:.1f} s, rounded in {rounded - solved:.1f} s of the processor"
    )
    return whole.proven


def loss(run: Solved, column: str) -> float:
    """Loss of the first priority, as a share of its value at the continuous plan."""
    assert run.whole is not None
    lines = {
        r["row"]: r for r in whole_table(run, run.whole).records() if r["about"] == "objective"
    }
    weights = dict(zip(run.weighting.names, run.weighting.weights[0], strict=True))
    before = sum(w * lines[name]["wanted"] for name, w in weights.items())
    return sum(w * lines[name][column] for name, w in weights.items()) / before - 1.0


if __name__ == "__main__":
    main()
