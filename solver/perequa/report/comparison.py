"""A comparison for a terminal, from its tables alone: it can be drawn again without solving."""

from __future__ import annotations

import math
from dataclasses import dataclass
from string import ascii_uppercase
from typing import TYPE_CHECKING

from perequa.report.layout import aligned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from perequa.comparison.study import Comparison
    from perequa.interpret.tables import Table, Value

    Row = Mapping[str, Value]

SHOWN = 30
"""Lines of one table printed, largest differences first; the files have them all."""
CELLS = 6
"""Cells of one column printed."""
WIDE = 22
"""Characters of a name printed."""
MONEY = 100_000.0
"""Money is spoken of by hundred thousands."""
COLUMNS = 7
"""Changes that have a column of their own; the others are summed."""
PRICED = ("effect_of_one_more", "effect_of_one_less")
AGAINST = {
    "reference": "the circular's key",
    "population": "the population",
    "last_year": "last year",
    "first": "scenario",
}


def comparison_text(found: Comparison) -> str:
    """Write a comparison for a terminal, at most 100 columns wide where names allow it."""
    tables = found.tables
    numbers = {side.name: str(i) for i, side in enumerate(found.sides, start=1)}
    base = numbers[found.base.name]
    others = [
        numbers[side.name] for side in found.sides if side.has_plan and side is not found.base
    ]
    parts = [_scenarios(tables["scenarios"], numbers)]
    parts.append("\n".join(f"note: {note}" for note in found.notes))
    parts.append(_inputs(tables["inputs"], numbers, base))
    rows = {other: _of(tables["shares"], numbers, other) for other in others}
    parts += [_shares(rows[other], other, base) for other in others if rows[other]]
    parts.append(_equity(tables["equity"], numbers, base))
    parts.append(_bands(tables["bands"], numbers, base))
    parts += [_prices(_of(tables["prices"], numbers, other), other, base) for other in others]
    for other in others:
        rows_of = _of(tables["attribution"], numbers, other)
        parts += [_attribution(rows_of, kind, other, base) for kind in KINDS]
    parts += [
        f"No share of the changes by Shapley's value: {row['note']}. The changes are made one "
        "after another, in the order of the file."
        for row in tables["scenarios"].records()
        if row["note"]
    ]
    parts.append(f"saved in {found.folder}\nfingerprint {found.fingerprint}")
    return "\n\n".join(part for part in parts if part)


def _scenarios(table: Table, numbers: Mapping[str, str]) -> str:
    lines = []
    for row in table.records():
        reason = f" ({row['exit_code']}): {row['reason']}" if row["reason"] else ""
        lines.append(f"{numbers[str(row['scenario'])]}  {row['scenario']}: {row['status']}{reason}")
    return "\n".join(lines)


def _inputs(table: Table, numbers: Mapping[str, str], base: str) -> str:
    """List what differs, change by change, with the place where it is stated."""
    by_path: dict[tuple[str, str], list[list[Row]]] = {}
    held: list[Row] = []
    for row in table.records():
        held.append(row)
        if len(held) == len({r["scenario"] for r in table.records()}):
            by_path.setdefault((str(row["change"]), str(row["path"])), []).append(held)
            held = []
    if not by_path:
        return "Inputs: no difference"
    lines = ["Inputs that differ"]
    change = None
    for (name, path), differences in by_path.items():
        if name != change:
            lines.append(f"  {name}")
            change = name
        for rows in differences[:CELLS]:
            where = [str(rows[0][k]) for k in ("level", "territory", "measure", "year")]
            place = f" ({', '.join(w for w in where if w)})" if any(where) else ""
            lines.append(f"    {path}{place}")
            lines.extend(_stated(rows, numbers, base))
        if len(differences) > CELLS:
            lines.append(f"    and {len(differences) - CELLS} more cells of {path} in inputs.csv")
    return "\n".join(lines)


def _stated(rows: Sequence[Row], numbers: Mapping[str, str], base: str) -> Iterable[str]:
    first = next((r for r in rows if numbers[str(r["scenario"])] == base), rows[0])
    for row in rows:
        if row is not first and row["value"] == first["value"]:
            continue
        number = numbers[str(row["scenario"])]
        value = "not stated" if row["value"] is None else _short(str(row["value"]), 40)
        place = f"{row['file']}:{row['line']}" if row["file"] else ""
        told = ", ".join(p for p in (place, str(row["override"] or "")) if p)
        yield f"      {number}: {value}" + (f"   [{told}]" if told else "")


def _shares(rows: Sequence[Row], other: str, base: str) -> str:
    """Show who gets what in one scenario and in the one compared with, winners first."""
    found: dict[tuple[Value, ...], dict[str, Row]] = {}
    for row in rows:
        key = tuple(row[k] for k in ("territory", "territory_name", "measure", "year"))
        found.setdefault(key, {})[str(row["quantity"])] = row
    quantity = "places" if any("places" in f for f in found.values()) else "credits"
    moved = {
        key: figures
        for key, figures in found.items()
        if abs(_number(figures, "credits", "difference")) > 0.005 or _one_side(figures)
    }
    ranked = sorted(moved, key=lambda key: -_number(moved[key], "credits", "difference"))
    shown = _ends(ranked)
    several = [len({key[i] for key in found}) > 1 for i in (2, 3)]
    header = ["code", "name"]
    header += [name for name, more in zip(("measure", "year"), several, strict=True) if more]
    left = len(header)
    columns = _columns_of_shares(quantity, base, other, narrow=left > 2)
    lines = []
    for key in shown:
        names = [str(key[0]), _short(str(key[1]))]
        names += [str(key[i]) for i, more in zip((2, 3), several, strict=True) if more]
        cells = [c.write(_cell(moved[key], c.quantity, c.column)) for c in columns]
        lines.append([*names, *cells])
    header += [column.header for column in columns]
    title = f"Shares, {base} then {other} ({quantity})"
    if not lines:
        return f"{title}: the same everywhere"
    same = len(found) - len(moved)
    ended = [f"{same} get the same" if same else "", _left_out(len(ranked), "shares.csv")]
    told = [line for line in ended if line]
    return "\n".join([title, aligned(header, lines, left=left), *told])


@dataclass(frozen=True, slots=True)
class Shown:
    """A column of the table of shares: what it shows of each territory, and how."""

    header: str
    quantity: str
    column: str
    write: Callable[[Value], str]


def _columns_of_shares(quantity: str, base: str, other: str, *, narrow: bool) -> list[Shown]:
    """Return the columns that fit in 100 characters; shares.csv has them all."""
    columns = [
        Shown(base, quantity, "first", _figure),
        Shown(other, quantity, "value", _figure),
        Shown("change", quantity, "difference", _signed),
        Shown("per head", "per_head", "difference", lambda value: _signed(value, 2)),
    ]
    if quantity != "credits":
        columns.insert(3, Shown("credits", "credits", "difference", _signed))
    measured = {"index": "index_100"} if narrow else {"index": "index_100", "rank": "rank_after"}
    for header, name in measured.items():
        columns.append(Shown(f"{header} {base}", name, "first", lambda value: _figure(value, 0)))
        columns.append(Shown(f"{header} {other}", name, "value", lambda value: _figure(value, 0)))
    return columns


def _one_side(figures: Mapping[str, Row]) -> bool:
    """Whether a territory, measure or year stands in one of the two scenarios only."""
    return all(row["first"] is None for row in figures.values())


def _equity(table: Table, numbers: Mapping[str, str], base: str) -> str:
    """Show equity before, under the reference and after, the latter for every scenario."""
    groups: dict[tuple[Value, ...], dict[str, Value]] = {}
    for row in table.records():
        number = numbers[str(row["scenario"])]
        if row["moment"] != "after" and number != base:
            continue
        what = str(row["moment"]) if row["moment"] != "after" else f"after, {number}"
        key = (row["indicator"], row["level"], row["year"], what)
        groups.setdefault(key, {})[str(row["quantity"])] = row["value"]
    shown = ("national", "min", "max", "range", "gini", "below_target")
    lines = [
        [*(str(part) for part in key), *(_general(figures.get(q)) for q in shown)]
        for key, figures in groups.items()
    ]
    if not lines:
        return ""
    header = ["indicator", "level", "year", "moment", *shown]
    return "\n".join(["Equity", aligned(header, lines, left=4)])


def _bands(table: Table, numbers: Mapping[str, str], base: str) -> str:
    """Show the winners and losers of every scenario, band by band."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in table.records():
        key = (numbers[str(row["scenario"])], str(row["against"]), str(row["measure"]))
        groups.setdefault(key, []).append(row)
    parts = []
    header = ["band", "number", "people", "credits", "% base", "per head", "index", "largest"]
    for (number, against, measure), rows in groups.items():
        lines = [
            [
                str(row["band"]),
                _figure(row["territories"], 0),
                _percent(row["population_share"]),
                _signed(row["difference"]),
                _signed(row["percent_of_base"], 2),
                _signed(row["per_head"], 2),
                _figure(row["index_100"], 0),
                _short(str(row["largest"])),
            ]
            for row in rows
        ]
        whom = f"scenario {base}" if against == "first" else AGAINST[against]
        worst = min(rows, key=lambda r: _float(r["largest_difference"]))
        lost = _float(worst["largest_difference"])
        loser = f"; largest loser {worst['largest']}" if lost < -0.005 else ""
        title = f"Winners and losers of {number} against {whom} ({measure}){loser}"
        parts.append("\n".join([title, aligned(header, lines, left=1)]))
    return "\n\n".join(parts)


def _prices(rows: Sequence[Row], other: str, base: str) -> str:
    """Show the prices that changed, the largest first; rows missing on one side are told."""
    pairs: dict[tuple[Value, Value], dict[str, Row]] = {}
    for row in rows:
        pairs.setdefault((row["row"], row["priority"]), {})[str(row["quantity"])] = row
    changed = {
        key: found
        for key, found in pairs.items()
        if any(found[q]["status"] != "same" and _speaks(found[q]) for q in PRICED)
    }
    if not changed:
        return f"Prices, {base} then {other}: the same" if rows else ""
    ranked = sorted(changed, key=lambda key: (-_size(changed[key]), str(key)))
    several = len({key[1] for key in changed}) > 1
    lines = []
    for key in ranked[:SHOWN]:
        found = changed[key]
        per = 1.0 if found["limit"]["unit"] == "place" else MONEY
        lines.append(
            [
                _short(str(key[0]), 32 if several else 38),
                *([str(key[1])] if several else []),
                "place" if per == 1.0 else f"{_figure(MONEY)} {found['limit']['unit']}",
                *(_general(_times(found[q][k], per)) for q in PRICED for k in ("first", "value")),
                _status(found),
            ]
        )
    header = ["row", *(["priority"] if several else []), "by"]
    left = len(header)
    header += [f"{what} {which}" for what in ("more", "less") for which in (base, other)]
    header += ["status"]
    left = len(ranked) - SHOWN
    more = [f"and {left} more rows in prices.csv"] if left > 0 else []
    title = f"Prices that differ, {base} then {other}{_counted(changed.values())}"
    return "\n".join([title, aligned(header, lines, left=left), *more])


def _counted(changed: Iterable[Mapping[str, Row]]) -> str:
    units = dict.fromkeys(str(found[PRICED[0]]["objective_unit"]) for found in changed)
    return f" (in {', '.join(units)})" if units else ""


def _times(value: Value, by: float) -> Value:
    return value * by if isinstance(value, float) else value


def _status(found: Mapping[str, Row]) -> str:
    words = {str(found[q]["status"]) for q in PRICED} - {"same", "changed"}
    told = {"other_basis": "other unit", "absent": "absent", "only_here": "only here"}
    return ", ".join(told.get(word, word) for word in sorted(words))


def _speaks(row: Row) -> bool:
    return any(_float(row[k]) for k in ("value", "first"))


def _size(found: Mapping[str, Row]) -> float:
    """Return the largest price of a row, money by hundred thousands."""
    per = 1.0 if found["limit"]["unit"] == "place" else MONEY
    values = [per * abs(_float(found[q][k])) for q in PRICED for k in ("value", "first")]
    return max((value for value in values if math.isfinite(value)), default=0.0)


def _attribution(rows: Sequence[Row], kind: str, other: str, base: str) -> str:
    """Show which change moved what, one column a change, and nothing when nothing moved."""
    if not rows:
        return ""
    places = any(row["quantity"] == f"{kind}places" for row in rows)
    shown = f"{kind}{'places' if places else 'credits'}"
    quantities = {shown} if kind else {shown, "objective"}
    figures: dict[tuple[Value, ...], dict[str, Row]] = {}
    for row in rows:
        if row["quantity"] in quantities:
            key = tuple(row[k] for k in FIGURE)
            figures.setdefault(key, {})[str(row["change"])] = row
    moved = {key: found for key, found in figures.items() if any(map(_moves, found.values()))}
    method = str(rows[0]["method"])
    title = f"{KINDS[kind]} from {base} to {other}, {shown.removeprefix(kind)} ({METHODS[method]})"
    if not moved:
        return "" if kind else f"{title}: nothing"
    names, rest = _largest_changes(moved)
    letters = dict(zip(names, ascii_uppercase, strict=False))
    several = len({key[4:] for key in moved if key[0] != "objective"}) > 1
    ranked = sorted(moved, key=lambda key: (key[0] == "objective", -_weight(moved[key])))
    lines = [
        [
            _named(key, several=several),
            _signed(next(iter(moved[key].values()))["total"]),
            *(_signed(moved[key][name]["contribution"]) for name in names),
            *([_signed(_sum_of(moved[key], rest))] if rest else []),
        ]
        for key in ranked[:SHOWN]
    ]
    legend = [f"  {letters[name]}  {name}" for name in names]
    legend += [f"  others: {len(rest)} more changes, apart in attribution.csv"] if rest else []
    header = ["territory", "total", *letters.values(), *(["others"] if rest else [])]
    table = aligned(header, lines, left=1)
    more = _left_out(len(ranked), "attribution.csv")
    return "\n".join([title, *legend, table, *([more] if more else [])])


FIGURE = ("quantity", "of", "territory", "territory_name", "year", "measure")
KINDS = {"": "What moves shares", "reference_": "What moves the circular's formula"}
METHODS = {
    "exact": "Shapley, every combination solved",
    "sampled": "Shapley, orders drawn; standard errors in attribution.csv",
    "waterfall": "in the order of the file",
    "none": "no change can move a figure",
}


def _largest_changes(
    moved: Mapping[tuple[Value, ...], Mapping[str, Row]],
) -> tuple[list[str], list[str]]:
    """Return the changes that have a column of their own, in their order, and the others."""
    names = list(next(iter(moved.values())))
    if len(names) <= COLUMNS:
        return names, []
    size = {
        name: math.fsum(
            abs(_float(found[name]["contribution"]))
            for key, found in moved.items()
            if key[0] != "objective"
        )
        for name in names
    }
    kept = sorted(names, key=lambda name: -size[name])[: COLUMNS - 1]
    return [n for n in names if n in kept], [n for n in names if n not in kept]


def _sum_of(found: Mapping[str, Row], names: Sequence[str]) -> float:
    return math.fsum(_float(found[name]["contribution"]) for name in names)


def _moves(row: Row) -> bool:
    return abs(_float(row["contribution"])) > 1e-6


def _weight(found: Mapping[str, Row]) -> float:
    return max(abs(_float(row["contribution"])) for row in found.values())


def _named(key: tuple[Value, ...], *, several: bool) -> str:
    quantity, of, territory, name, year, measure = key
    if quantity == "objective":
        return f"objective {of}"
    more = f" ({measure}, {year})" if several else ""
    return f"{territory} {_short(str(name))}{more}"


def _of(table: Table, numbers: Mapping[str, str], number: str) -> list[Row]:
    return [row for row in table.records() if numbers[str(row["scenario"])] == number]


def _ends(ranked: Sequence[tuple[Value, ...]]) -> list[tuple[Value, ...]]:
    """Return the largest winners and the largest losers."""
    if len(ranked) <= SHOWN:
        return list(ranked)
    half = SHOWN // 2
    return [*ranked[:half], *ranked[-half:]]


def _left_out(count: int, file: str) -> str:
    return f"and {count - SHOWN} more in {file}" if count > SHOWN else ""


def _cell(figures: Mapping[str, Row], quantity: str, column: str) -> Value:
    return figures[quantity][column] if quantity in figures else None


def _number(figures: Mapping[str, Row], quantity: str, column: str) -> float:
    return _float(_cell(figures, quantity, column))


def _float(value: Value) -> float:
    return float(value) if isinstance(value, float | int) else 0.0


def _short(text: str, most: int = WIDE) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _figure(value: Value, decimals: int = 1) -> str:
    if not isinstance(value, float | int):
        return ""
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", "\u202f")
    return f"{value:.{decimals}f}"


def _signed(value: Value, decimals: int = 1) -> str:
    if not isinstance(value, float | int):
        return ""
    text = _figure(abs(value), decimals)
    zero = not any(digit in text for digit in "123456789")
    return text if zero else f"{'-' if value < 0 else '+'}{text}"


def _percent(value: Value) -> str:
    return f"{100 * value:.1f} %" if isinstance(value, float) else ""


def _general(value: Value) -> str:
    """Four significant digits, or whole when large: never a power of ten for an amount."""
    if not isinstance(value, float | int):
        return ""
    return _figure(value) if abs(value) >= 1000 else f"{value:.4g}"
