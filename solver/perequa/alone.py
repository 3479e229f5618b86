"""What an objective that looks at extremes only says of the envelopes, when it stands alone.

`worst` or `range` without a second level is refused because many plans tie. The planner who wrote
it is told what it would have cost: whether the money has any price here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.checks import InvalidInput, load
from perequa.interpret.run import Failure
from perequa.pipeline import solve_instance
from perequa_models.errors import NotProven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.engine.session import SolverOptions
    from perequa.interpret.run import Solved
    from perequa.io.findings import Finding

CODE = "many_plans_tie"
SECOND = "second_level_for_advice"


def envelope_prices(
    source: str,
    variants: Sequence[str],
    sets: Sequence[str],
    findings: tuple[Finding, ...],
    options: SolverOptions,
) -> str:
    """Say whether envelopes have a price under an objective that was refused for standing alone.

    Returns
    -------
    str
        A sentence; empty when something else is wrong too, or when there is no envelope.
    """
    errors = [f for f in findings if f.severity == "error"]
    if not errors or any(f.code != CODE for f in errors):
        return ""
    name = errors[0].key.rpartition(".")[2]
    second = f"objectives.{SECOND}={{kind: spend, priority: 1000000, normalise: none}}"
    try:
        instance = load(source, variants, [*sets, second]).instance
        outcome = solve_instance(instance, name, options=options)
    except (InvalidInput, NotProven):
        return ""
    return "" if isinstance(outcome, Failure) else _said(outcome.run, name)


def _said(run: Solved, objective: str) -> str:
    kinds = {row.key: row.kind for row in run.instance.rows}
    prices = [
        side.price
        for side in (run.prices.sides if run.prices is not None else ())
        if kinds[run.program.row_keys[side.row]] in {"envelope", "contingent"}  # type: ignore[index]
    ]
    if not prices:
        return ""
    priced = sum(1 for price in prices if np.isfinite(price) and abs(price) > 0)
    if priced == 0:
        return f"here every envelope and contingent has a price of zero under {objective} alone"
    return f"here {priced} of {len(prices)} sides of envelopes and contingents have a price"
