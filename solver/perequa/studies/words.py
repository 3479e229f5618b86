"""What a study prints: its main table, then what it means, in a few lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perequa.interpret.tables import Table
from perequa.report.layout import aligned
from perequa.studies.plans import UNMOVED
from perequa.words import SOURCE, words_in
from perequa.words.terms import amount

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perequa.interpret.tables import Value
    from perequa.studies.weightings import Weights

ENGLISH = words_in(SOURCE)
"""Studies are told in English only."""
SHOWN = 20
"""Lines of a table printed; the files have them all."""
MOVERS = 3
"""Territories named on each side of a change."""
COLUMNS = 6
"""Objectives printed."""


def weights_text(
    start: Weights, end: Weights, priority: int, tables: Mapping[str, Table], left_out: str
) -> str:
    """Say which plan holds between which weightings, and who gains where it changes."""
    found = tables["breakpoints"]
    count = len(found.rows)
    said = "one plan all the way" if count == 1 else f"{count} plans"
    lines = [f"From {start} to {end} (priority {priority}): {said}.", _printed(_moving(found, 3))]
    if "gains" in tables:
        changes = list(_changes(tables["gains"]))
        lines.extend(changes[:SHOWN])
        lines.extend(_more(len(changes), "changes", "gains.csv"))
    else:
        lines.append(f"Plans are left out: {left_out}. --plans asks for them.")
    lines.extend(_stable(list(tables["stability"].records())))
    return "\n".join(lines)


def triangle_text(names: Sequence[str], priority: int, parts: Table) -> str:
    """Say how the triangle of three weights is shared out between plans."""
    count = len(parts.rows)
    said = "one plan everywhere" if count == 1 else f"{count} plans"
    return "\n".join(
        [
            f"Over all weights of {', '.join(names)} (priority {priority}): {said}.",
            "Area is the share of the triangle in which a plan is optimal.",
            _printed(_moving(parts, 2)),
        ]
    )


def limit_text(
    rule: str,
    rows: Sequence[str],
    asked: tuple[float, float],
    feasible: tuple[float, float],
    tables: Mapping[str, Table],
    left_out: str,
) -> str:
    """Say how far the limits can be scaled, and what each scale is worth."""
    what = rows[0] if len(rows) == 1 else f"{len(rows)} rows of {rule}, moved together"
    low, high = (ENGLISH.number(scale) for scale in asked)
    lines = [f"{what}: from {low} to {high} times what is stated."]
    for none, end, word in (
        (feasible[0] > asked[0], feasible[0], "Below"),
        (feasible[1] < asked[1], feasible[1], "Above"),
    ):
        if none:
            lines.append(f"{word} {_figure(end)} times no plan satisfies every rule.")
    per_unit = ("slope_below_per_unit", "slope_above_per_unit")
    slopes = per_unit if len(rows) == 1 else ("slope_below", "slope_above")
    columns, curve = ("scale", "limit", "value", *slopes), tables["curve"]
    for priority in dict.fromkeys(curve.column("priority")):
        own = [row for row in curve.records() if row["priority"] == priority]
        objective = str(own[0]["objective"]).replace(";", " + ")
        lines.append(f"Priority {priority}, {objective} ({own[0]['objective_unit']}):")
        lines.append(_printed(Table(columns, tuple(tuple(r[c] for c in columns) for r in own))))
    if "shares" not in tables:
        lines.append(f"Plans are left out: {left_out}. --shares asks for them.")
    return "\n".join(lines)


def margins_text(within: float, margins: Table) -> str:
    """Say how much each territory could get, the widest margins first."""
    near = f"within {100 * within:g} % of the optimum at every priority"
    what = "optimal" if within == 0.0 else near
    rows = [row for row in margins.records() if _width(row) > UNMOVED]
    lines = [f"Least and most among the plans that are {what}:"]
    keys = ["territory_name", "measure", "year", "in"]
    keys = [k for k in keys if len(set(margins.column(k))) > 1]
    for unit in dict.fromkeys(margins.column("in")):
        ranked = sorted((r for r in rows if r["in"] == unit), key=lambda r: -_width(r))
        columns = (*keys, "least", "planned", "most")
        table = [[_word(r[c]) for c in columns] for r in ranked[:SHOWN]]
        if ranked:
            lines.append(aligned(columns, table, left=len(keys)))
        lines.extend(_more(len(ranked), "rows", "margins.csv"))
    stuck = len(margins.rows) - len(rows)
    if stuck:
        lines.append(f"{stuck} of {len(margins.rows)} rows have no margin at all.")
    return "\n".join(lines)


def sweep_text(
    varied: str, told: Mapping[str, int], plan: str, against: str, tables: Mapping[str, Table]
) -> str:
    """Say who gains in what share of the points, the most moved first."""
    other = "the scenario's own plan" if against == "plan" else "the reference"
    found = tables["acceptability"]
    lines = [f"{ENGLISH.number(sum(told.values()))} {varied}, against {other}:"]
    rows = [row for row in found.records() if row["measure"] and row["unmoved"] not in {1.0, None}]
    keys = [k for k in ("territory_name", "measure", "in") if len(set(found.column(k))) > 1]
    keys = [k for k in keys if k != "in" or len({row["in"] for row in rows}) > 1]
    columns = ("gains", "loses", "least_change", "mean_change", "most_change", "mean_rank")
    ranked = sorted(rows, key=lambda row: -abs(float(row["mean_change"] or 0.0)))
    table = [
        [*(_word(row[k]) for k in keys), *(_figure(row[c]) for c in columns)]
        for row in ranked[:SHOWN]
    ]
    if table:
        lines.append(aligned((*keys, *columns), table, left=len(keys)))
    else:
        lines.append("No territory moves anywhere.")
    lines.extend(_more(len(ranked), "rows", "acceptability.csv"))
    if plan == "untied":
        lines.append(
            "Where several plans are optimal, shares are those of one of them: --unique settles "
            "each by the tie-break."
        )
    lines.extend(
        f"{count} point{'s are' if count > 1 else ' is'} {status}, and not counted."
        for status, count in told.items()
        if count and status != "optimal"
    )
    if "indices" in tables:
        lines.extend(_influences(tables["indices"]))
    return "\n".join(lines)


def _influences(indices: Table) -> Iterator[str]:
    """Say which figures an output owes most to."""
    what = "total" if "total" in indices.columns else "mean_absolute_effect"
    yield f"What each output owes to each figure ({what}):"
    figures = list(dict.fromkeys(map(str, indices.column("figure"))))
    shown: dict[str, list[str]] = {}
    for row in indices.records():
        shown.setdefault(str(row["output"]), []).append(_figure(row[what]))
    table = [[output, *found] for output, found in list(shown.items())[:SHOWN]]
    yield aligned(("output", *figures), table, left=1)
    yield from _more(len(shown), "outputs", "indices.csv")


def _width(row: Mapping[str, Value]) -> float:
    return float(row["most"] or 0.0) - float(row["least"] or 0.0)


def _word(value: Value) -> str:
    return (
        ENGLISH.number(value) if isinstance(value, float) else "" if value is None else str(value)
    )


def frontier_text(units: Mapping[str, str], frontier: Table, efficiency: str) -> str:
    """Say what each objective costs the other along the frontier.

    Parameters
    ----------
    units
        Unit of both objectives, by name.
    frontier
        Its extreme points.
    efficiency
        The objective that a point of Gini costs; empty where neither is a Gini index.
    """
    first, second = units
    count = len(frontier.rows)
    if count == 1:
        said = "one plan is the best for both: nothing to trade."
    else:
        said = f"{count} extreme points."
    lines = [f"Trade-off between {first} ({units[first]}) and {second} ({units[second]}): {said}"]
    width = 3 + (2 + 2 * bool(efficiency)) * (count > 1)
    lines.append(
        _printed(Table(frontier.columns[:width], tuple(row[:width] for row in frontier.rows)))
    )
    if count > 1:
        lines.append(
            f"Exchange rates: change of {second} for one unit more of {first}, towards the point "
            "before and the point after."
        )
    if count > 1 and efficiency:
        lines.append(
            f"Price of equity: {efficiency} ({units[efficiency]}) given up for one point of Gini "
            "(0.01 of the index) taken off, on the same sides."
        )
    return "\n".join(lines)


def implied_text(unsaid: int, unit: str, tables: Mapping[str, Table]) -> str:
    """Say which weights the allocation implies, and how far it is from optimal under them."""
    found = list(tables["implied"].records())
    violated = list(tables["violations"].records())
    lines = []
    if violated:
        lines.append(
            "The allocation violates these limits; each is taken to be where the allocation stands:"
        )
        lines.extend(f"  {_violation(row)}" for row in violated[:SHOWN])
        lines.extend(_more(len(violated), "rows", "violations.csv"))
    if unsaid:
        lines.append(f"The allocation says nothing of {unsaid} cells: they count as 0.")
    distance = float(found[0]["distance"] or 0.0)
    if distance == 0.0:
        lines.append("The allocation is optimal under these weights (they add up to 1):")
    else:
        share = found[0]["relative_distance"]
        percent = "" if share is None else f", {100 * float(share):.4g} % of the optimum"
        lines.append(
            "No weights make the allocation optimal. The nearest leave "
            f"{amount(distance, unit, ENGLISH)} to be gained{percent}:"
        )
    columns = ("objective", "weight", "least_weight", "most_weight", "value")
    rows = [[_word(row[c]) for c in columns] for row in found]
    lines.append(aligned(columns, rows, left=1))
    return "\n".join(lines)


def _violation(row: Mapping[str, Value]) -> str:
    unit = "places" if row["unit"] == "place" else "of money"
    limit, reached = (
        ENGLISH.number(float(row["limit"] or 0.0)),
        ENGLISH.number(float(row["activity"] or 0.0)),
    )
    side = str(row["side"]).replace("_", " ").replace("equals", "exactly")
    return f"{row['row']}: {side} {limit} {unit}, the allocation has {reached}"


def _moving(table: Table, keys: int) -> Table:
    """Keep the first columns, and of the others those whose values differ, the first of them."""
    columns = [
        i
        for i, name in enumerate(table.columns)
        if i < keys or len(set(table.column(name))) > 1 or len(table.columns) <= keys + MOVERS
    ][: keys + COLUMNS]
    return Table(
        tuple(table.columns[i] for i in columns),
        tuple(tuple(row[i] for i in columns) for row in table.rows),
    )


def _changes(gains: Table) -> Iterator[str]:
    """Say of each breakpoint who gains and who loses."""
    at_each: dict[Value, list[dict[str, Value]]] = {}
    for row in gains.records():
        at_each.setdefault(row["at"], []).append(row)
    for at, rows in at_each.items():
        yield f"At {_figure(at)}: {_movers(rows)}"


def _stable(rows: Sequence[Mapping[str, Value]]) -> list[str]:
    """Say between which weights of each objective the scenario's own plan stays optimal."""
    lines, never = [], []
    for row in rows:
        low, high = float(row["from"] or 0.0), float(row["to"] or 0.0)
        now = f"{row['objective']} (now {ENGLISH.number(float(row['weight'] or 0.0))})"
        if low == 0.0 and math.isinf(high):
            never.append(now)
            continue
        to = " up" if math.isinf(high) else f" to {ENGLISH.number(high)}"
        lines.append(f"  {now}: from {ENGLISH.number(low)}{to}")
    if lines:
        lines.insert(0, "The scenario's own plan stays optimal for a weight, the others fixed, of")
    if never:
        lines.append(
            f"The scenario's own plan is optimal whatever the weight of {', '.join(never)}."
        )
    return lines


def _movers(rows: Sequence[Mapping[str, Value]]) -> str:
    """Name who gains and who loses most over all measures and years, in places or in credits."""
    unit = "places" if any(row["places"] is not None for row in rows) else "credits"
    totals: dict[str, float] = {}
    for row in rows:
        who = str(row["territory_name"] or row["territory"])
        totals[who] = totals.get(who, 0.0) + float(row[unit] or 0.0)
    ranked = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    gain = [item for item in ranked if item[1] > UNMOVED]
    lose = [item for item in reversed(ranked) if item[1] < -UNMOVED]
    parts = [
        f"{_listed(some)} {verb}{'s' * (len(some) == 1)}"
        for some, verb in ((gain, "gain"), (lose, "lose"))
        if some
    ]
    if not parts:
        return f"{len(totals)} territories move between measures or years, none in total"
    return f"{'; '.join(parts)} ({unit})"


def _listed(rows: Sequence[tuple[str, float]]) -> str:
    named = [f"{who} {_signed(amount)}" for who, amount in rows[:MOVERS]]
    more = len(rows) - MOVERS
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _signed(amount: float) -> str:
    return f"{'+' if amount > 0 else '−'}{ENGLISH.number(abs(amount))}"


def _more(count: int, what: str, file: str) -> list[str]:
    return [f"and {count - SHOWN} more {what} in {file}"] if count > SHOWN else []


def _printed(table: Table) -> str:
    """Lay out the first rows of a table."""
    rows = [[_figure(value) for value in row] for row in table.rows[:SHOWN]]
    text = aligned(table.columns, rows, left=0)
    more = len(table.rows) - SHOWN
    return f"{text}\nand {more} more rows" if more > 0 else text


def _figure(value: Value) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
