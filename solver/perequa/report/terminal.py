"""What `solve` prints: who gets what, how equal it is, which rules bind and at what price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.cascade import decentralisation_text, decided_text, steps_text
from perequa.report.diagnosis import diagnosis_text
from perequa.report.hands import change_of_hands, freed_text
from perequa.report.headings import codes
from perequa.report.layout import aligned, figure, headed, measured, word
from perequa.report.priced import priced_levels
from perequa.report.waiting_list import one_more_text, projects_text
from perequa.report.weights import weights_text
from perequa.report.whole import whole_text
from perequa.words.terms import unit_word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.interpret.tables import Table, Value
    from perequa.running import FinishedRun
    from perequa.words import Words


def run_text(run: FinishedRun, words: Words) -> str:
    """Write a finished run for a terminal."""
    if "cascade" in run.tables:
        return cascade_text(run, words)
    if "allocation" not in run.tables:
        return failure_text(run, words)
    parts = [
        _ended(run, words),
        allocation_text(run.tables["allocation"], run.tables["totals"], words),
        freed_text(run.tables.get("reference_freed"), words),
        equity_text(run.tables["equity"], words),
        objectives_text(run.tables["objectives"], words),
    ]
    if "whole" in run.tables:
        parts.append(whole_text(run.tables["whole"], words))
    if "projects" in run.tables:
        parts.append(projects_text(run.tables["projects"], words))
    if "one_more" in run.tables:
        parts.append(one_more_text(run.tables["one_more"], words))
    if "shadow_prices" in run.tables:
        parts.append(prices_text(run.tables["shadow_prices"], run.tables["rules"], words))
    if "weight_ranges" in run.tables:
        parts.append(weights_text(run.tables["weight_ranges"], words))
    fingerprint = words.phrase("fingerprint {fingerprint}", fingerprint=run.fingerprint)
    parts.append(f"{_saved(run, words)}\n{fingerprint}")
    return "\n\n".join(part for part in parts if part)


def cascade_text(run: FinishedRun, words: Words) -> str:
    """Write a finished cascade: what every step received and decided, and what that costs."""
    parts = [
        words.phrase("{name}: {message}", name=run.name, message=run.message),
        steps_text(run.tables["cascade"], words),
        decided_text(run.tables.get("allocation"), words),
        *(failure_text(step, words) for step in run.failed),
        decentralisation_text(run.tables["decentralisation"], run.tables.get("unkept"), words),
    ]
    fingerprint = words.phrase("fingerprint {fingerprint}", fingerprint=run.fingerprint)
    parts.append(f"{_saved(run, words)}\n{fingerprint}")
    return "\n\n".join(part for part in parts if part)


def _ended(run: FinishedRun, words: Words) -> str:
    if run.status == "optimal":
        return words.phrase("{name}: optimal", name=run.name)
    message = words.phrase("the whole plan keeps every rule, but is not proven to be the nearest")
    return words.phrase("{name}: {message}", name=run.name, message=message)


def failure_text(run: FinishedRun, words: Words) -> str:
    """Say why there is no plan, and what would make one possible."""
    lines = [words.phrase("{name}: {message}", name=run.name, message=run.message)]
    if "conflicts" in run.tables:
        suspected = [f.message for f in run.findings if f.code == "suspected_unit"]
        lines.append(diagnosis_text(run.tables, suspected, words))
    if run.folder is not None:
        lines.append(_saved(run, words))
    return "\n".join(lines)


def _saved(run: FinishedRun, words: Words) -> str:
    return words.phrase("saved in {folder}", folder=run.folder)


def allocation_text(allocation: Table, totals: Table, words: Words) -> str:
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
    distance = change_of_hands(allocation, words)
    header = [*keys, *figures, "change"] if "reference_places" in figures else [*keys, *figures]
    rows = [
        [
            *(word(r[k]) for k in keys),
            *(figure(r[f], words) for f in figures),
            *_change(r, figures, words),
        ]
        for r in [*shown, *nation]
    ]
    table = aligned(headed(header, words), rows, left=len(keys))
    return "\n".join(part for part in (table, distance) if part)


def _referred(row: Mapping[str, Value]) -> bool:
    return bool(row["reference_places"] or row["reference_credits"])


def _change(row: Mapping[str, Value], figures: Sequence[str], words: Words) -> list[str]:
    if "reference_places" not in figures:
        return []
    places, reference = row["places"], row["reference_places"]
    if not isinstance(places, float) or not isinstance(reference, float):
        return [""]
    return [words.figures.fixed(places - reference, 1, sign="+")]


def equity_text(equity: Table, words: Words) -> str:
    """Equity before, after, and under the reference."""
    header = ["indicator", "level", "year", "moment", "national", "min", "max", "range", "gini"]
    rows = [
        [
            *(_coded(k, r[k], words) for k in header[:4]),
            *(measured(r[k], 4, words) for k in header[4:]),
        ]
        for r in equity.records()
    ]
    return aligned(headed(header, words), rows, left=4)


def objectives_text(objectives: Table, words: Words) -> str:
    """Value of each objective, the first priority first: a leximin may have more than nine."""
    header = ["priority", "objective", "value", "initial_value", "unit"]
    rows = [
        [
            word(r["priority"]),
            word(r["objective"]),
            measured(r["value"], 6, words),
            measured(r["initial_value"], 6, words),
            unit_word(word(r["unit"]), words),
        ]
        for r in sorted(objectives.records(), key=lambda r: int(word(r["priority"])))
    ]
    return aligned(headed(header, words), rows, left=2)


def prices_text(prices: Table, rules: Table, words: Words) -> str:
    """Sentences of the binding rules by priority, dearest first."""
    levels = priced_levels(prices, rules, words)
    lines = [words.phrase("What the binding rules cost (one more, one less):")]
    for level in levels:
        lines.append(f"  {level.signs}")
        for group in level.groups:
            lines.extend(f"  {row['statement']}" for row in group.rows)
            lines.extend(f"  {left}" for left in (group.left_out,) if left)
        lines.extend(f"  {free}" for free in (level.free,) if free)
    if not levels:
        lines.append("  " + words.phrase("no rule binds"))
    return "\n".join(lines)


def _coded(column: str, value: Value, words: Words) -> str:
    return codes(words).get((column, word(value)), word(value))
