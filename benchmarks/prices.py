"""Times two-sided prices and exact ranges beside one cold bare solve of the same program.

Run ``python benchmarks/prices.py``. The instance is `degenerate`; `many_rows` is its variant with a
cap on every cell.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
from instances import write_scenario
from rivals import Problem, bare_highs

from perequa.checks import load
from perequa.engine.exact_ranges import exact_ranges
from perequa.engine.prices import two_sided_prices
from perequa.engine.session import SolverOptions
from perequa.engine.stages import solve_stages
from perequa.interpret.printed import PRINTED, printed_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perequa.engine.prices import Prices
    from perequa.engine.stages import Staged

OPTIONS = SolverOptions()
RANGED = PRINTED
"""Rows whose ranges are made exact."""


@dataclass(frozen=True, kw_only=True)
class Priced:
    """One instance: seconds of one cold solve and of its prices, medians of the same repeats.

    Attributes
    ----------
    rows, active
        Rows priced, and those that bind with an effect.
    programs, duals
        Programs solved for the prices, distinct duals found.
    impossible, by_bounds
        Sides that cannot move, and those of them told from the bounds of activities alone.
    differing
        Rows whose two finite effects are not opposite: no single dual gives both.
    bare, prices, ranges
        Seconds.
    ranged, exact
        Sides whose ranges were made exact, and those for which it succeeded.
    """

    rows: int
    active: int
    programs: int
    duals: int
    impossible: int
    by_bounds: int
    differing: int
    ranged: int
    exact: int
    bare: float
    prices: float
    ranges: float


def measure(scenario: Path, variants: Sequence[str], repeats: int) -> Priced:
    """Price every rule row of a scenario, then make ranges exact, as often as asked."""
    problem = Problem(load(str(scenario), variants).instance)
    program = problem.program
    staged = solve_stages(program, (1,), problem.weights[None] @ program.costs, OPTIONS)
    x = staged.stages[0].x
    seconds: dict[str, list[float]] = {"bare": [], "prices": [], "ranges": []}
    for _ in range(repeats):
        gc.collect()
        seconds["bare"].append(bare_highs(problem).seconds)
        (prices,) = _timed(seconds["prices"], lambda: two_sided_prices(program, staged, x, OPTIONS))
        rows = printed_rows(problem.instance, program, x, prices)
        ranged = _timed(seconds["ranges"], _ranges(staged, prices, rows))
    return _counted(prices, ranged, rows, {k: statistics.median(v) for k, v in seconds.items()})


def _ranges(staged: Staged, prices: Prices, rows: Sequence[int]) -> Callable[[], Prices]:
    return lambda: exact_ranges(staged, prices, rows, OPTIONS)


def _timed(seconds: list[float], work: Callable[[], Any]) -> Any:  # noqa: ANN401
    start = time.perf_counter()
    result = work()
    seconds.append(time.perf_counter() - start)
    return result


def _counted(
    prices: Prices, ranged: Prices, rows: Sequence[int], seconds: dict[str, float]
) -> Priced:
    impossible = [side for side in prices.sides if np.isinf(side.price)]
    pairs = list(zip(prices.sides[::2], prices.sides[1::2], strict=True))
    finite = [(up.price, down.price) for up, down in pairs if np.isfinite(up.price + down.price)]
    chosen = set(rows)
    asked = [side for side in ranged.sides if side.row in chosen]
    return Priced(
        rows=len(pairs),
        active=sum(1 for up, down in pairs if up.price or down.price),
        programs=prices.programs_solved,
        duals=len(prices.duals),
        impossible=len(impossible),
        # what the bounds of an activity forbid is proven by its own row alone
        by_bounds=sum(1 for s in impossible if np.count_nonzero(prices.rays[s.ray]) == 1),
        differing=sum(1 for up, down in finite if abs(up + down) > 1e-9 * max(abs(up), abs(down))),
        ranged=len(asked),
        exact=sum(1 for side in asked if side.exact),
        **seconds,
    )


def print_report(name: str, found: Priced) -> None:
    """Print one instance."""
    print(name)
    print(f"  {found.rows} rows priced on both sides, {found.active} with an effect")
    print(f"  {found.differing} rows whose two effects are not opposite")
    print(f"  {found.programs} programs solved, {found.duals} distinct duals")
    print(f"  {found.impossible} impossible sides, {found.by_bounds} found from activity bounds")
    print(f"  {'one cold bare solve':<44}{found.bare:8.3f} s")
    for what, seconds in (
        (f"prices of {found.rows} rows", found.prices),
        (f"exact ranges of {RANGED} rows", found.ranges),
    ):
        print(f"  {what:<44}{seconds:8.3f} s {seconds / found.bare:8.2f} × bare")
    print(f"  {found.exact} of {found.ranged} sides of those rows are exact")


def main() -> int:
    """Measure both instances."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args()
    found: dict[str, Priced] = {}
    with tempfile.TemporaryDirectory() as folder:
        scenario = write_scenario("degenerate", Path(folder) / "timed", seed=given.seed)
        for variants in ((), ("many_rows",)):
            found["+".join(("degenerate", *variants))] = measure(scenario, variants, given.repeats)
    if given.json:
        record = {name: vars(priced) for name, priced in found.items()}
        print(json.dumps({"asked": vars(given)} | record, indent=1))
    else:
        for name, priced in found.items():
            print_report(f"{name} (synthetic), seed {given.seed}, {given.repeats} repeats", priced)
    return 0


if __name__ == "__main__":
    sys.exit(main())
