"""What whole places move, lose and take, on the instances of national size.

``python benchmarks/whole.py`` solves each instance, then rounds it. ``national`` authorises
fractions of places, which no whole plan can use up; ``whole_figures`` is the same country with
authorised places rounded up, as real authorisations are.
"""

from __future__ import annotations

import argparse
import csv
import math
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
    from perequa.interpret.run import Solved

INSTANCES = ("degenerate", "whole_figures", "national")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instance", choices=INSTANCES, action="append")
    for name in parser.parse_args().instance or INSTANCES:
        with tempfile.TemporaryDirectory() as folder:
            tell(name, written(name, Path(folder) / name))


def written(name: str, folder: Path) -> Path:
    """Write an instance; `whole_figures` rounds the authorised places of `national` up."""
    path = write_scenario("degenerate" if name == "degenerate" else "national", folder)
    if name == "whole_figures":
        supply = folder / "supply.csv"
        with supply.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        for row in rows:
            row["authorised_unfunded"] = str(math.ceil(float(row["authorised_unfunded"])))
        with supply.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return path


def tell(name: str, path: Path) -> None:
    """Solve, round, print one line."""
    instance = load(str(path), (), ("whole=true",)).instance
    continuous = load(str(path)).instance
    start = time.perf_counter()
    found = solve_instance(continuous, name, prices=False)
    assert isinstance(found, Success)
    solved = time.perf_counter()
    run = replace(found.run, instance=instance)
    whole = whole_plan(run, DEFAULT_OPTIONS)
    rounded = time.perf_counter()
    run = replace(run, whole=whole)
    kept, remainder = loss(run, "kept"), loss(run, "largest_remainder")
    totals = whole_table(run, whole).column("about").count("total")
    print(
        f"{name}: loss {kept:.3%} (largest remainders {remainder:.3%}, "
        f"{len(whole.remainder_breaks)} rules broken), {whole.moved:.1f} places moved "
        f"(largest remainders {whole.remainder_moved:.1f}), gap {whole.gap:.2e}, "
        f"{totals} totals loosened, {whole.nodes} nodes; "
        f"solved in {solved - start:.1f} s, rounded in {rounded - solved:.1f} s"
    )


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
