"""What a study prints, from its tables and record alone: it can be drawn again without solving."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from perequa.interpret.tables import Table
from perequa.report.headings import codes, headings
from perequa.report.layout import aligned
from perequa.words.terms import amount, bound, row_named, unit_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from perequa.interpret.tables import Value
    from perequa.words import Words

    Tables = Mapping[str, Table]
    Record = Mapping[str, Any]

UNMOVED = 1e-9
"""Share of what a cell has in both plans below which it has not moved."""
SHOWN = 20
"""Lines of a table printed; the files have them all."""
MOVERS = 3
"""Territories named on each side of a change."""
COLUMNS = 6
"""Objectives printed."""


def study_text(record: Record, tables: Tables, words: Words) -> str:
    """Write what a study found for reading, in a few lines.

    Parameters
    ----------
    record
        What ``study.json`` holds.
    tables
        Its tables, the main one first.
    words
        The language.
    """
    return TEXTS[next(iter(tables))](record, tables, words)


def _weights(record: Record, tables: Tables, words: Words) -> str:
    """Say which plan holds between which weightings, and who gains where it changes."""
    found = tables["breakpoints"]
    ends = {
        "start": _weighting(record["from_weights"]),
        "end": _weighting(record["to_weights"]),
        "priority": record["priority"],
    }
    head = (
        words.phrase("From {start} to {end} (priority {priority}): one plan all the way.", **ends)
        if len(found.rows) == 1
        else words.phrase(
            "From {start} to {end} (priority {priority}): {count} plans.",
            count=len(found.rows),
            **ends,
        )
    )
    lines = [head, _printed(_moving(found, 3), 3, words)]
    if "gains" in tables:
        changes = list(_changes(tables["gains"], words))
        lines.extend(changes[:SHOWN])
        if len(changes) > SHOWN:
            lines.append(
                words.phrase(
                    "and {count} more changes in {file}",
                    count=len(changes) - SHOWN,
                    file="gains.csv",
                )
            )
    else:
        why = _left_out(record["plans_left_out"], words)
        lines.append(words.phrase("Plans are left out: {why}. --plans asks for them.", why=why))
    lines.extend(_stable(list(tables["stability"].records()), words))
    return "\n".join(lines)


def _triangle(record: Record, tables: Tables, words: Words) -> str:
    """Say how the triangle of three weights is shared out between plans."""
    parts = tables["triangle"]
    over = {"objectives": ", ".join(record["objectives"]), "priority": record["priority"]}
    if len(parts.rows) == 1:
        head = words.phrase(
            "Over all weights of {objectives} (priority {priority}): one plan everywhere.", **over
        )
    else:
        head = words.phrase(
            "Over all weights of {objectives} (priority {priority}): {count} plans.",
            count=len(parts.rows),
            **over,
        )
    area = words.phrase("Area is the share of the triangle in which a plan is optimal.")
    return "\n".join([head, area, _printed(_moving(parts, 2), 2, words)])


def _limit(record: Record, tables: Tables, words: Words) -> str:
    """Say how far the limits can be scaled, and what each scale is worth."""
    rows, asked = record["rows"], record["asked"]
    ends = {"low": words.number(asked["from"]), "high": words.number(asked["to"])}
    if len(rows) == 1:
        head = words.phrase(
            "{row}: from {low} to {high} times what is stated.",
            row=row_named(record["named"], words),
            **ends,
        )
    else:
        head = words.phrase(
            "{count} rows of {rule}, moved together: from {low} to {high} times what is stated.",
            count=len(rows),
            rule=row_named(record["named"], words),
            **ends,
        )
    lines = [head]
    low, high = float(record["feasible_from"]), float(record["feasible_to"])
    if low > float(asked["from"]):
        end = _figure(low, words)
        lines.append(words.phrase("Below {end} times no plan satisfies every rule.", end=end))
    if high < float(asked["to"]):
        end = _figure(high, words)
        lines.append(words.phrase("Above {end} times no plan satisfies every rule.", end=end))
    per_unit = ("slope_below_per_unit", "slope_above_per_unit")
    slopes = per_unit if len(rows) == 1 else ("slope_below", "slope_above")
    columns, curve = ("scale", "limit", "value", *slopes), tables["curve"]
    for priority in dict.fromkeys(curve.column("priority")):
        own = [row for row in curve.records() if row["priority"] == priority]
        lines.append(
            words.phrase(
                "Priority {priority}, {objective} ({unit}):",
                priority=priority,
                objective=str(own[0]["objective"]).replace(";", " + "),
                unit=unit_word(str(own[0]["objective_unit"]), words),
            )
        )
        table = Table(columns, tuple(tuple(r[c] for c in columns) for r in own))
        lines.append(_printed(table, len(columns), words))
    if "shares" not in tables:
        why = _left_out(record["shares_left_out"], words)
        lines.append(words.phrase("Plans are left out: {why}. --shares asks for them.", why=why))
    return "\n".join(lines)


def _margins(record: Record, tables: Tables, words: Words) -> str:
    """Say how much each territory could get, the widest margins first."""
    margins, within = tables["margins"], float(record["within"])
    if within == 0.0:
        head = words.phrase("Least and most among the plans that are optimal:")
    else:
        head = words.phrase(
            "Least and most among the plans that are within {share} of the optimum at every "
            "priority:",
            share=_general(100 * within, words) + _percent_sign(words),
        )
    rows = [row for row in margins.records() if _width(row) > UNMOVED]
    lines = [head]
    keys = ["territory_name", "measure", "year", "in"]
    keys = [k for k in keys if len(set(margins.column(k))) > 1]
    for unit in dict.fromkeys(margins.column("in")):
        ranked = sorted((r for r in rows if r["in"] == unit), key=lambda r: -_width(r))
        columns = (*keys, "least", "planned", "most")
        table = [[_word(c, r[c], words) for c in columns] for r in ranked[:SHOWN]]
        if ranked:
            lines.append(aligned(_headed(columns, words), table, left=len(keys)))
        lines.extend(_more_rows(len(ranked), "margins.csv", words))
    stuck = len(margins.rows) - len(rows)
    if stuck:
        lines.append(
            words.plural(
                "{count} of {total} rows has no margin at all.",
                "{count} of {total} rows have no margin at all.",
                stuck,
                total=len(margins.rows),
            )
        )
    return "\n".join(lines)


def _sweep(record: Record, tables: Tables, words: Words) -> str:
    """Say who gains in what share of the points, the most moved first."""
    told: Mapping[str, int] = record["status_of_points"]
    found = tables["acceptability"]
    lines = [_swept(record, sum(told.values()), words)]
    rows = [row for row in found.records() if row["measure"] and row["unmoved"] not in {1.0, None}]
    keys = [k for k in ("territory_name", "measure", "in") if len(set(found.column(k))) > 1]
    keys = [k for k in keys if k != "in" or len({row["in"] for row in rows}) > 1]
    columns = ("gains", "loses", "least_change", "mean_change", "most_change", "mean_rank")
    ranked = sorted(rows, key=lambda row: -abs(float(row["mean_change"] or 0.0)))
    table = [
        [*(_word(k, row[k], words) for k in keys), *(_figure(row[c], words) for c in columns)]
        for row in ranked[:SHOWN]
    ]
    if table:
        lines.append(aligned(_headed((*keys, *columns), words), table, left=len(keys)))
    else:
        lines.append(words.phrase("No territory moves anywhere."))
    lines.extend(_more_rows(len(ranked), "acceptability.csv", words))
    if not record["asked"]["unique"]:
        lines.append(
            words.phrase(
                "Where several plans are optimal, shares are those of one of them: --unique "
                "settles each by the tie-break."
            )
        )
    statuses = {
        "not proven": words.term("status of a point", "not proven"),
        "infeasible": words.term("status of a point", "infeasible"),
        "invalid": words.term("status of a point", "invalid"),
    }
    lines.extend(
        words.plural(
            "{count} point is {status}, and not counted.",
            "{count} points are {status}, and not counted.",
            count,
            status=statuses[status],
        )
        for status, count in told.items()
        if count and status != "optimal"
    )
    if {"total", "mean_absolute_effect"} & {*tables["indices"].columns}:
        lines.extend(_influences(tables["indices"], words))
    return "\n".join(lines)


def _swept(record: Record, count: int, words: Words) -> str:
    """Say what a sweep varies, and what its points are compared with."""
    varied = {"count": words.number(count), "names": ", ".join(record["varied"]["names"])}
    if record["asked"]["against"] == "plan":
        varied["other"] = words.phrase("the scenario's own plan")
    else:
        varied["other"] = words.phrase("the reference")
    if record["varied"]["what"] == "factor":
        varied["names"] = _figures_varied(record["varied"], words)
        return words.phrase("{count} sets of figures ({names}), against {other}:", **varied)
    return words.phrase(
        "{count} weightings of {names} (priority {priority}), against {other}:",
        priority=record["priority"],
        **varied,
    )


def _figures_varied(varied: Record, words: Words) -> str:
    """Say which figures are multiplied, and which are chosen among columns."""
    chosen = varied["choices"]
    times = ", ".join(name for name in varied["names"] if name not in chosen)
    parts = [words.phrase("{names}, each times a factor", names=times)] if times else []
    parts += [
        words.phrase("{name} one of {columns}", name=name, columns=", ".join(columns))
        for name, columns in chosen.items()
    ]
    return "; ".join(parts)


def _influences(indices: Table, words: Words) -> Iterator[str]:
    """Say which figures an output owes most to."""
    if "total" in indices.columns:
        what = "total"
        yield words.phrase("What each output owes to each figure (total):")
    else:
        what = "mean_absolute_effect"
        yield words.phrase("What each output owes to each figure (mean_absolute_effect):")
    figures = list(dict.fromkeys(map(str, indices.column("figure"))))
    shown: dict[str, list[str]] = {}
    for row in indices.records():
        shown.setdefault(str(row["output"]), []).append(_figure(row[what], words))
    table = [[output, *found] for output, found in list(shown.items())[:SHOWN]]
    yield aligned((headings(words)["output"], *figures), table, left=1)
    if len(shown) > SHOWN:
        yield words.phrase(
            "and {count} more outputs in {file}", count=len(shown) - SHOWN, file="indices.csv"
        )


def _frontier(record: Record, tables: Tables, words: Words) -> str:
    """Say what each objective costs the other along the frontier."""
    frontier = tables["frontier"]
    first, second = record["objectives"]
    units = {name: unit_word(record["units"][name], words) for name in (first, second)}
    efficiency = record["price_of_equity_in"]
    count = len(frontier.rows)
    both = {"first": first, "second": second, "unit": units[first], "other_unit": units[second]}
    if count == 1:
        head = words.phrase(
            "Trade-off between {first} ({unit}) and {second} ({other_unit}): one plan is the best "
            "for both: nothing to trade.",
            **both,
        )
    else:
        head = words.phrase(
            "Trade-off between {first} ({unit}) and {second} ({other_unit}): {count} extreme "
            "points.",
            count=count,
            **both,
        )
    width = 3 + (2 + 2 * bool(efficiency)) * (count > 1)
    shown = Table(frontier.columns[:width], tuple(row[:width] for row in frontier.rows))
    lines = [head, _printed(shown, width, words, as_they_are=(1, 2))]
    if count > 1:
        lines.append(
            words.phrase(
                "Exchange rates: change of {second} for one unit more of {first}, towards the "
                "point before and the point after.",
                first=first,
                second=second,
            )
        )
    if count > 1 and efficiency:
        lines.append(
            words.phrase(
                "Price of equity: {objective} ({unit}) given up for one point of Gini (0.01 of "
                "the index) taken off, on the same sides.",
                objective=efficiency,
                unit=units[efficiency],
            )
        )
    return "\n".join(lines)


def _implied(record: Record, tables: Tables, words: Words) -> str:
    """Say which weights the allocation implies, and how far it is from optimal under them."""
    found = list(tables["implied"].records())
    violated = list(tables["violations"].records())
    lines = []
    if violated:
        lines.append(
            words.phrase(
                "The allocation violates these limits; each is taken to be where the allocation "
                "stands:"
            )
        )
        lines.extend(f"  {_violation(row, record['currency'], words)}" for row in violated[:SHOWN])
        lines.extend(_more_rows(len(violated), "violations.csv", words))
    if record["cells_not_stated"]:
        lines.append(
            words.plural(
                "The allocation says nothing of {count} cell: it counts as 0.",
                "The allocation says nothing of {count} cells: they count as 0.",
                record["cells_not_stated"],
            )
        )
    lines.append(_distance(found[0], record["unit"], words))
    columns = ("objective", "weight", "least_weight", "most_weight", "value")
    rows = [[_word(c, row[c], words) for c in columns] for row in found]
    lines.append(aligned(_headed(columns, words), rows, left=1))
    return "\n".join(lines)


def _distance(row: Mapping[str, Value], unit: str, words: Words) -> str:
    """Say whether an allocation is optimal, or what the nearest weights leave to be gained."""
    distance, share = float(row["distance"] or 0.0), row["relative_distance"]
    if distance == 0.0:
        return words.phrase("The allocation is optimal under these weights (they add up to 1):")
    lost = amount(distance, unit, words)
    if share is None:
        return words.phrase(
            "No weights make the allocation optimal. The nearest leave {lost} to be gained:",
            lost=lost,
        )
    return words.phrase(
        "No weights make the allocation optimal. The nearest leave {lost} to be gained, {share} "
        "of the optimum:",
        lost=lost,
        share=_general(100 * float(share), words, 4) + _percent_sign(words),
    )


def _violation(row: Mapping[str, Value], currency: str, words: Words) -> str:
    unit = "place" if row["unit"] == "place" else currency
    limit = amount(float(row["limit"] or 0.0), unit, words)
    where = ", ".join(str(row[c]) for c in ("territory_name", "measure", "year") if row[c])
    closed = words.phrase("closed ({where})", where=where)
    return words.phrase(
        "{row}: {limit}, the allocation has {reached}",
        row=row_named(row, words) if row["rule"] != "closed" else closed,
        limit=bound(str(row["side"]), limit, words),
        reached=words.number(float(row["activity"] or 0.0)),
    )


TEXTS: Mapping[str, Callable[[Record, Tables, Words], str]] = {
    "breakpoints": _weights,
    "triangle": _triangle,
    "curve": _limit,
    "margins": _margins,
    "acceptability": _sweep,
    "frontier": _frontier,
    "implied": _implied,
}
"""What each study says, by its main table."""


def _weighting(weights: Mapping[str, float]) -> str:
    """Write a weighting as it is typed."""
    return ", ".join(f"{name}={weight:g}" for name, weight in weights.items())


def _left_out(why: Mapping[str, Any], words: Words) -> str:
    """Say why plans are left out."""
    match why["why"]:
        case "not_asked":
            return words.phrase("not asked for")
        case "many":
            return words.phrase("there are {count}", count=why["count"])
    return words.phrase("one is not proven ({error})", error=why["error"])


def _width(row: Mapping[str, Value]) -> float:
    return float(row["most"] or 0.0) - float(row["least"] or 0.0)


def _word(column: str, value: Value, words: Words) -> str:
    if isinstance(value, float):
        return words.number(value)
    return "" if value is None else codes(words).get((column, str(value)), str(value))


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


def _changes(gains: Table, words: Words) -> Iterator[str]:
    """Say of each breakpoint who gains and who loses."""
    at_each: dict[Value, list[dict[str, Value]]] = {}
    for row in gains.records():
        at_each.setdefault(row["at"], []).append(row)
    for at, rows in at_each.items():
        yield words.phrase("At {at}: {movers}", at=_figure(at, words), movers=_movers(rows, words))


def _stable(rows: Sequence[Mapping[str, Value]], words: Words) -> list[str]:
    """Say between which weights of each objective the scenario's own plan stays optimal."""
    lines, never = [], []
    for row in rows:
        low, high = float(row["from"] or 0.0), float(row["to"] or 0.0)
        weight = words.number(float(row["weight"] or 0.0))
        now = words.phrase("{objective} (now {weight})", objective=row["objective"], weight=weight)
        if low == 0.0 and math.isinf(high):
            never.append(now)
        elif math.isinf(high):
            said = words.phrase("{weight}: from {low} up", weight=now, low=words.number(low))
            lines.append(f"  {said}")
        else:
            ends = {"low": words.number(low), "high": words.number(high)}
            lines.append("  " + words.phrase("{weight}: from {low} to {high}", weight=now, **ends))
    if lines:
        lines.insert(
            0,
            words.phrase(
                "The scenario's own plan stays optimal for a weight, the others fixed, of"
            ),
        )
    if never:
        lines.append(
            words.phrase(
                "The scenario's own plan is optimal whatever the weight of {weights}.",
                weights=", ".join(never),
            )
        )
    return lines


def _movers(rows: Sequence[Mapping[str, Value]], words: Words) -> str:
    """Name who gains and who loses most over all measures and years, in places or in credits."""
    unit = "places" if any(row["places"] is not None for row in rows) else "credits"
    totals: dict[str, float] = {}
    for row in rows:
        who = str(row["territory_name"] or row["territory"])
        totals[who] = totals.get(who, 0.0) + float(row[unit] or 0.0)
    ranked = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    gain = [item for item in ranked if item[1] > UNMOVED]
    lose = [item for item in reversed(ranked) if item[1] < -UNMOVED]
    parts = []
    if gain:
        who = _listed(gain, words)
        parts.append(words.plural("{who} gains", "{who} gain", len(gain), who=who))
    if lose:
        who = _listed(lose, words)
        parts.append(words.plural("{who} loses", "{who} lose", len(lose), who=who))
    if not parts:
        return words.phrase(
            "{count} territories move between measures or years, none in total", count=len(totals)
        )
    moved = (
        words.phrase("{one}; {other}", one=parts[0], other=parts[1]) if gain and lose else parts[0]
    )
    return f"{moved} ({codes(words)['in', unit]})"


def _listed(rows: Sequence[tuple[str, float]], words: Words) -> str:
    named = ", ".join(f"{who} {_signed(moved, words)}" for who, moved in rows[:MOVERS])
    more = len(rows) - MOVERS
    return words.phrase("{named} and {count} more", named=named, count=more) if more > 0 else named


def _signed(moved: float, words: Words) -> str:
    return f"{'+' if moved > 0 else '−'}{words.number(abs(moved))}"


def _more_rows(count: int, file: str, words: Words) -> list[str]:
    if count <= SHOWN:
        return []
    return [words.phrase("and {count} more rows in {file}", count=count - SHOWN, file=file)]


def _printed(table: Table, own: int, words: Words, as_they_are: Sequence[int] = ()) -> str:
    """Lay out the first rows of a table.

    Parameters
    ----------
    own
        How many columns are the study's own; those behind are named by the planner.
    as_they_are
        Columns among them that the planner named as well.
    """
    header = [
        headings(words).get(name, name) if i < own and i not in as_they_are else name
        for i, name in enumerate(table.columns)
    ]
    rows = [[_figure(value, words) for value in row] for row in table.rows[:SHOWN]]
    text = aligned(header, rows, left=0)
    more = len(table.rows) - SHOWN
    if more <= 0:
        return text
    return "\n".join([text, words.phrase("and {count} more rows", count=more)])


def _headed(columns: Sequence[str], words: Words) -> list[str]:
    return [headings(words)[name] for name in columns]


def _figure(value: Value, words: Words) -> str:
    if value is None:
        return ""
    return _general(value, words) if isinstance(value, float) else str(value)


def _general(value: float, words: Words, digits: int = 6) -> str:
    return words.figures.general(value, digits)


def _percent_sign(words: Words) -> str:
    # the table of margins has always set the sign apart
    return words.figures.before_percent + "%" if words.figures.before_percent else " %"
