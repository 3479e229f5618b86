"""What `solve` prints: who gets what, how equal it is, which rules bind and at what price."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perequa.report.diagnosis import diagnosis_text
from perequa.report.weights import weights_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perequa.interpret.tables import Table, Value
    from perequa.running import FinishedRun

PRINTED_PRICES = 50
"""Most binding rows printed; every row is in ``shadow_prices.csv``."""


OWN = ("effect_of_one_more", "effect_of_one_less")
COMMON = ("effect_per_100k_more", "effect_per_100k_less")


def run_text(run: FinishedRun) -> str:
    """Write a finished run for a terminal."""
    if run.status != "optimal":
        return failure_text(run)
    parts = [
        f"{run.name}: optimal",
        allocation_text(run.tables["allocation"], run.tables["totals"]),
        equity_text(run.tables["equity"]),
        objectives_text(run.tables["objectives"]),
    ]
    if "shadow_prices" in run.tables:
        parts.append(prices_text(run.tables["shadow_prices"], run.tables["rules"]))
    if "weight_ranges" in run.tables:
        parts.append(weights_text(run.tables["weight_ranges"]))
    parts.append(f"saved in {run.folder}\nfingerprint {run.fingerprint}")
    return "\n\n".join(part for part in parts if part)


def failure_text(run: FinishedRun) -> str:
    """Say why there is no plan, and what would make one possible."""
    lines = [f"{run.name}: {run.message}"]
    if "conflicts" in run.tables:
        lines.append(diagnosis_text(run))
    if run.folder is not None:
        lines.append(f"saved in {run.folder}")
    return "\n".join(lines)


def allocation_text(allocation: Table, totals: Table) -> str:
    """Allocation of each territory, the reference beside it, and the nation's total."""
    shown = [r for r in allocation.records() if r["places"] or r["credits"] or _referred(r)]
    nation = [r for r in totals.records() if r["level"] == "nation" and not r["territory"]]
    years = {r["year"] for r in allocation.records()}
    measures = {r["measure"] for r in allocation.records()}
    keys = ["territory", "territory_name"]
    keys += ["measure"] if len(measures) > 1 else []
    keys += ["year"] if len(years) > 1 else []
    figures = [
        name
        for name in ("places", "credits", "reference_places", "reference_credits", "due_after")
        if any(isinstance(r[name], float) and r[name] != 0 for r in allocation.records())
    ]
    distance = change_of_hands(allocation)
    header = [*keys, *figures, "change"] if "reference_places" in figures else [*keys, *figures]
    rows = [
        [*(_word(r[k]) for k in keys), *(_figure(r[f]) for f in figures), *_change(r, figures)]
        for r in [*shown, *nation]
    ]
    return "\n".join(part for part in (aligned(header, rows, words=len(keys)), distance) if part)


def change_of_hands(allocation: Table) -> str:
    """Say how far the plan is from the reference: half the sum of the differences."""
    pairs = [
        (places, reference)
        for r in allocation.records()
        if isinstance(places := r["places"], float)
        and isinstance(reference := r["reference_places"], float)
    ]
    total = sum(reference for _, reference in pairs)
    if total <= 0:
        return ""
    moved = 0.5 * sum(abs(places - reference) for places, reference in pairs)
    return f"{_figure(moved)} places change hands against the reference ({moved / total:.0%})"


def _referred(row: Mapping[str, Value]) -> bool:
    return bool(row["reference_places"] or row["reference_credits"])


def _change(row: Mapping[str, Value], figures: Sequence[str]) -> list[str]:
    if "reference_places" not in figures:
        return []
    places, reference = row["places"], row["reference_places"]
    if not isinstance(places, float) or not isinstance(reference, float):
        return [""]
    return [f"{places - reference:+.1f}"]


def equity_text(equity: Table) -> str:
    """Equity before, after, and under the reference."""
    header = ["indicator", "level", "year", "moment", "national", "min", "max", "range", "gini"]
    rows = [
        [*(_word(r[k]) for k in header[:4]), *(f"{r[k]:.4g}" for k in header[4:])]
        for r in equity.records()
    ]
    return aligned(header, rows, words=4)


def objectives_text(objectives: Table) -> str:
    """Value of each objective."""
    header = ["priority", "objective", "value", "initial_value", "unit"]
    rows = [
        [
            _word(r["priority"]),
            _word(r["objective"]),
            f"{r['value']:.6g}",
            f"{r['initial_value']:.6g}",
            _word(r["unit"]),
        ]
        for r in objectives.records()
    ]
    return aligned(header, rows, words=2)


def prices_text(prices: Table, rules: Table) -> str:
    """Sentences of the binding rules by priority, dearest first."""
    binding = {r["row"] for r in rules.records() if r["binding"]}
    shown = [r for r in prices.records() if r["row"] in binding]
    lines = ["What the binding rules cost (one more, one less):"]
    served = {r["priority"]: str(r["objective"]).replace(";", " + ") for r in shown}
    for position, (priority, objective) in enumerate(served.items()):
        own = [r for r in shown if r["priority"] == priority]
        # a move that is impossible is so at every priority: said once
        told = [r for r in own if _size(r) and (position == 0 or math.isfinite(_size(r)))]
        if len(served) > 1:
            lines.append(f"  At priority {priority}, {objective}:")
        lines.extend(_ranked(told))
        free = sum(1 for r in own if not _size(r))
        if free:
            lines.append(f"  {free} binding rows cost nothing either way.")
    if not shown:
        lines.append("  no rule binds")
    return "\n".join(lines)


def _ranked(rows: list[dict[str, Value]]) -> list[str]:
    """Sentences by what 100 000 buys; where a row cannot say it, money and places apart."""
    lines: list[str] = []
    together = all(r["effect_per_100k_more"] is not None for r in rows)
    units = {"" if together else str(r["unit"]) for r in rows}
    for unit in sorted(units, key=lambda u: (u == "place", u)):
        ranked = sorted(
            (r for r in rows if together or r["unit"] == unit),
            key=lambda r: (-_size(r, COMMON if together else OWN), str(r["row"])),
        )
        lines.extend(f"  {r['statement']}" for r in ranked[:PRINTED_PRICES])
        if len(ranked) > PRINTED_PRICES:
            lines.append(f"  and {len(ranked) - PRINTED_PRICES} more in shadow_prices.csv")
    return lines


def _size(row: Mapping[str, Value], effects: tuple[str, str] = OWN) -> float:
    sizes = [abs(v) for k in effects if isinstance(v := row[k], float)]
    return max(sizes, default=0.0)


def aligned(header: Sequence[str], rows: Iterable[Sequence[str]], *, words: int) -> str:
    """Lay out a table in plain text: words to the left, figures to the right."""
    listed = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[i]) for row in listed) for i in range(len(header))]
    lines = [
        "  ".join(
            cell.ljust(width) if i < words else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in listed
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _word(value: Value) -> str:
    return "" if value is None else str(value)


def _figure(value: Value) -> str:
    if not isinstance(value, float | int):
        return ""
    return f"{value:,.0f}".replace(",", "\u202f") if abs(value) >= 1000 else f"{value:.1f}"
