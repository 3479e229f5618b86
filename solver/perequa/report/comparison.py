"""A comparison for a terminal, from its tables alone: it can be drawn again without solving."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from perequa.report.headings import codes, headings
from perequa.report.layout import aligned
from perequa.words.terms import unit_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from perequa.interpret.tables import Table, Value
    from perequa.words import Words

    Row = Mapping[str, Value]
    Record = Mapping[str, Any]
    Tables = Mapping[str, Table]

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
REFERENCE = "reference_"
"""Before the quantities of the circular's own formula."""
MOMENTS = ("before", "reference", "after")
PRICED = ("effect_of_one_more", "effect_of_one_less")


def comparison_text(record: Record, tables: Tables, words: Words) -> str:
    """Write a comparison for a terminal, at most 100 columns wide where names allow it.

    Parameters
    ----------
    record
        What ``study.json`` holds.
    tables
        Its tables by name.
    words
        The language; notes and reasons are in the one they were written in.
    """
    sides = record["scenarios"]
    numbers = {side["name"]: str(i) for i, side in enumerate(sides, start=1)}
    base = numbers[record["compared_with"]]
    planned = [numbers[side["name"]] for side in sides if side["status"] == "optimal"]
    others = [number for number in planned if number != base]
    parts = [_scenarios(tables["scenarios"], numbers, words)]
    parts.append("\n".join(words.phrase("note: {note}", note=note) for note in record["notes"]))
    parts.append(_inputs(tables["inputs"], numbers, base, words))
    rows = {other: _of(tables["shares"], numbers, other) for other in others}
    parts += [_shares(rows[other], other, base, words) for other in others if rows[other]]
    parts.append(_equity(tables["equity"], numbers, base, words))
    parts.append(_bands(tables["bands"], numbers, base, words))
    parts += [
        _prices(_of(tables["prices"], numbers, other), other, base, words) for other in others
    ]
    for other in others:
        rows_of = _of(tables["attribution"], numbers, other)
        parts += [_attribution(rows_of, kind, other, base, words) for kind in ("", REFERENCE)]
    parts += [
        words.phrase(
            "No share of the changes by Shapley's value: {note}. The changes are made one after "
            "another, in the order of the file.",
            note=row["note"],
        )
        for row in tables["scenarios"].records()
        if row["note"]
    ]
    return "\n\n".join(part for part in parts if part)


def _scenarios(table: Table, numbers: Mapping[str, str], words: Words) -> str:
    coded = codes(words)
    lines = []
    for row in table.records():
        ended = {"scenario": row["scenario"], "status": coded["status", str(row["status"])]}
        if row["reason"]:
            said = words.phrase(
                "{scenario}: {status} ({code}): {reason}",
                code=row["exit_code"],
                reason=row["reason"],
                **ended,
            )
        else:
            said = words.phrase("{scenario}: {status}", **ended)
        lines.append(f"{numbers[str(row['scenario'])]}  {said}")
    return "\n".join(lines)


def _inputs(table: Table, numbers: Mapping[str, str], base: str, words: Words) -> str:
    """List what differs, change by change, with the place where it is stated."""
    by_path: dict[tuple[str, str], list[list[Row]]] = {}
    held: list[Row] = []
    for row in table.records():
        held.append(row)
        if len(held) == len({r["scenario"] for r in table.records()}):
            by_path.setdefault((str(row["change"]), str(row["path"])), []).append(held)
            held = []
    if not by_path:
        return words.phrase("Inputs: no difference")
    lines = [words.phrase("Inputs that differ")]
    change = None
    for (name, path), differences in by_path.items():
        if name != change:
            lines.append(f"  {name}")
            change = name
        for rows in differences[:CELLS]:
            where = [str(rows[0][k]) for k in ("level", "territory", "measure", "year")]
            place = f" ({', '.join(w for w in where if w)})" if any(where) else ""
            lines.append(f"    {path}{place}")
            lines.extend(_stated(rows, numbers, base, words))
        if len(differences) > CELLS:
            more = words.phrase(
                "and {count} more cells of {path} in {file}",
                count=len(differences) - CELLS,
                path=path,
                file="inputs.csv",
            )
            lines.append(f"    {more}")
    return "\n".join(lines)


def _stated(
    rows: Sequence[Row], numbers: Mapping[str, str], base: str, words: Words
) -> Iterable[str]:
    first = next((r for r in rows if numbers[str(r["scenario"])] == base), rows[0])
    for row in rows:
        if row is not first and row["value"] == first["value"]:
            continue
        number = numbers[str(row["scenario"])]
        stated = row["value"]
        value = words.phrase("not stated") if stated is None else _short(str(stated), 40)
        place = f"{row['file']}:{row['line']}" if row["file"] else ""
        told = ", ".join(p for p in (place, str(row["override"] or "")) if p)
        yield f"      {number}: {value}" + (f"   [{told}]" if told else "")


def _shares(rows: Sequence[Row], other: str, base: str, words: Words) -> str:
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
    header = [words.term("heading", "code"), words.term("heading", "name")]
    named = (words.term("heading", "measure"), words.term("heading", "year"))
    header += [name for name, more in zip(named, several, strict=True) if more]
    left = len(header)
    columns = _columns_of_shares(quantity, base, other, words, narrow=left > 2)
    lines = []
    for key in shown:
        names = [str(key[0]), _short(str(key[1]))]
        names += [str(key[i]) for i, more in zip((2, 3), several, strict=True) if more]
        cells = [c.write(_cell(moved[key], c.quantity, c.column)) for c in columns]
        lines.append([*names, *cells])
    header += [column.header for column in columns]
    told_in = codes(words)["in", quantity]
    of = {"first": base, "second": other, "quantity": told_in}
    if not lines:
        return words.phrase("Shares, {first} then {second} ({quantity}): the same everywhere", **of)
    title = words.phrase("Shares, {first} then {second} ({quantity})", **of)
    same = len(found) - len(moved)
    alike = words.plural("{count} gets the same", "{count} get the same", same)
    ended = [alike if same else "", _left_out(len(ranked), "shares.csv", words)]
    told = [line for line in ended if line]
    return "\n".join([title, aligned(header, lines, left=left), *told])


@dataclass(frozen=True, slots=True)
class Shown:
    """A column of the table of shares: what it shows of each territory, and how."""

    header: str
    quantity: str
    column: str
    write: Callable[[Value], str]


def _columns_of_shares(
    quantity: str, base: str, other: str, words: Words, *, narrow: bool
) -> list[Shown]:
    """Return the columns that fit in 100 characters; shares.csv has them all."""
    change, credits_ = words.term("heading", "change"), words.term("heading", "credits")
    head = words.term("heading", "per head")

    def plain(value: Value) -> str:
        return _figure(value, words)

    def whole(value: Value) -> str:
        return _figure(value, words, 0)

    def signed(value: Value) -> str:
        return _signed(value, words)

    columns = [
        Shown(base, quantity, "first", plain),
        Shown(other, quantity, "value", plain),
        Shown(change, quantity, "difference", signed),
        Shown(head, "per_head", "difference", lambda value: _signed(value, words, 2)),
    ]
    if quantity != "credits":
        columns.insert(3, Shown(credits_, "credits", "difference", signed))
    measured = {"index_100": words.term("heading", "index")}
    measured |= {} if narrow else {"rank_after": words.term("heading", "rank")}
    for name, header in measured.items():
        columns.append(Shown(f"{header} {base}", name, "first", whole))
        columns.append(Shown(f"{header} {other}", name, "value", whole))
    return columns


def _one_side(figures: Mapping[str, Row]) -> bool:
    """Whether a territory, measure or year stands in one of the two scenarios only."""
    return all(row["first"] is None for row in figures.values())


def _equity(table: Table, numbers: Mapping[str, str], base: str, words: Words) -> str:
    """Show equity before, under the reference and after, the latter for every scenario."""
    groups: dict[tuple[Value, Value, Value, int, str, str], dict[str, Value]] = {}
    after = {str(i): n for n, i in enumerate(numbers.values())}
    for row in table.records():
        number = numbers[str(row["scenario"])]
        moment = str(row["moment"])
        if moment != "after" and number != base:
            continue
        # before, the reference, then after in the order of the scenarios
        place = after[number] if moment == "after" else MOMENTS.index(moment) - len(MOMENTS)
        key = (row["indicator"], row["level"], row["year"], place, moment, number)
        groups.setdefault(key, {})[str(row["quantity"])] = row["value"]
    shown = ("national", "min", "max", "range", "gini", "below_target")
    first = {key[:3]: i for i, key in reversed(list(enumerate(groups)))}
    lines = []
    for key in sorted(groups, key=lambda key: (first[key[:3]], key[3])):
        indicator, level, year, _, moment, number = key
        when = codes(words)["moment", str(moment)]
        if moment == "after":
            when = words.phrase("{moment}, {number}", moment=when, number=number)
        where = [str(indicator), codes(words).get(("level", str(level)), str(level)), str(year)]
        lines.append([*where, when, *(_general(groups[key].get(q), words) for q in shown)])
    if not lines:
        return ""
    named = headings(words)
    header = [named[name] for name in ("indicator", "level", "year", "moment", *shown)]
    return "\n".join([words.phrase("Equity"), aligned(header, lines, left=4)])


def _bands(table: Table, numbers: Mapping[str, str], base: str, words: Words) -> str:
    """Show the winners and losers of every scenario, band by band."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in table.records():
        key = (numbers[str(row["scenario"])], str(row["against"]), str(row["measure"]))
        groups.setdefault(key, []).append(row)
    parts = []
    header = [
        words.term("heading", "band"),
        words.term("heading", "number"),
        words.term("heading", "people"),
        words.term("heading", "credits"),
        words.term("heading", "% base"),
        words.term("heading", "per head"),
        words.term("heading", "index"),
        words.term("heading", "largest"),
    ]
    for (number, against, measure), rows in groups.items():
        lines = [
            [
                bands(words).get(str(row["band"]), str(row["band"])),
                _figure(row["territories"], words, 0),
                _percent(row["population_share"], words),
                _signed(row["difference"], words),
                _signed(row["percent_of_base"], words, 2),
                _signed(row["per_head"], words, 2),
                _figure(row["index_100"], words, 0),
                _short(str(row["largest"])),
            ]
            for row in rows
        ]
        worst = min(rows, key=lambda r: _float(r["largest_difference"]))
        title = words.phrase(
            "Winners and losers of {number} against {whom} ({measure})",
            number=number,
            whom=against_whom(against, base, words),
            measure=measure,
        )
        if _float(worst["largest_difference"]) < -0.005:
            title = words.phrase(
                "{title}; largest loser {loser}", title=title, loser=worst["largest"]
            )
        parts.append("\n".join([title, aligned(header, lines, left=1)]))
    return "\n\n".join(parts)


def against_whom(against: str, base: str, words: Words) -> str:
    """Name a yardstick."""
    match against:
        case "reference":
            return words.phrase("the circular's key")
        case "population":
            return words.phrase("the population")
        case "last_year":
            return words.phrase("last year")
    return words.phrase("scenario {number}", number=base)


@cache
def bands(words: Words) -> Mapping[str, str]:
    """Return the words for each band of ``bands.csv``."""
    return {
        "loses more than 50 %": words.term("band", "loses more than 50 %"),
        "loses 10 to 50 %": words.term("band", "loses 10 to 50 %"),
        "loses 1 to 10 %": words.term("band", "loses 1 to 10 %"),
        "within 1 %": words.term("band", "within 1 %"),
        "gains 1 to 10 %": words.term("band", "gains 1 to 10 %"),
        "gains 10 to 50 %": words.term("band", "gains 10 to 50 %"),
        "gains more than 50 %": words.term("band", "gains more than 50 %"),
    }


def _prices(rows: Sequence[Row], other: str, base: str, words: Words) -> str:
    """Show the prices that changed, the largest first; rows missing on one side are told."""
    changed = changed_prices(rows)
    if not changed:
        same = words.phrase("Prices, {first} then {second}: the same", first=base, second=other)
        return same if rows else ""
    ranked = [*changed]
    several = len({key[1] for key in changed}) > 1
    lines = []
    for key in ranked[:SHOWN]:
        found = changed[key]
        per = step_priced(found)
        lines.append(
            [
                _short(str(key[0]), 32 if several else 38),
                *([str(key[1])] if several else []),
                step_word(str(found["limit"]["unit"]), words),
                *(
                    _general(_times(found[q][k], per), words)
                    for q in PRICED
                    for k in ("first", "value")
                ),
                price_status(found, words),
            ]
        )
    header = [words.term("heading", "row")]
    header += [words.term("heading", "priority")] if several else []
    header += [words.term("heading", "by")]
    left = len(header)
    sides = (words.term("heading", "more"), words.term("heading", "less"))
    header += [f"{what} {which}" for what in sides for which in (base, other)]
    header += [words.term("heading", "status")]
    count = len(ranked) - SHOWN
    more = []
    if count > 0:
        more = [words.phrase("and {count} more rows in {file}", count=count, file="prices.csv")]
    title = words.phrase("Prices that differ, {first} then {second}", first=base, second=other)
    units = dict.fromkeys(str(found[PRICED[0]]["objective_unit"]) for found in changed.values())
    if units:
        named = ", ".join(unit_word(unit, words) for unit in units)
        title = words.phrase("{title} (in {units})", title=title, units=named)
    return "\n".join([title, aligned(header, lines, left=left), *more])


def changed_prices(rows: Sequence[Row]) -> dict[tuple[Value, Value], dict[str, Row]]:
    """Find the rows whose prices differ, the largest first.

    Parameters
    ----------
    rows
        Lines of ``prices.csv`` for one scenario.

    Returns
    -------
    By row and priority, the line of each quantity.
    """
    pairs: dict[tuple[Value, Value], dict[str, Row]] = {}
    for row in rows:
        pairs.setdefault((row["row"], row["priority"]), {})[str(row["quantity"])] = row
    changed = {
        key: found
        for key, found in pairs.items()
        if any(found[q]["status"] != "same" and _speaks(found[q]) for q in PRICED)
    }
    ranked = sorted(changed, key=lambda key: (-_size(changed[key]), str(key)))
    return {key: changed[key] for key in ranked}


def step_priced(found: Mapping[str, Row]) -> float:
    """Return how much of a limit its price is told of: one place, or so much of the currency."""
    return 1.0 if found["limit"]["unit"] == "place" else MONEY


def step_word(unit: str, words: Words) -> str:
    """Name what a price is of: one place, or a hundred thousand of the currency."""
    if unit == "place":
        return unit_word(unit, words)
    return f"{_figure(MONEY, words)} {unit_word(unit, words)}"


def _times(value: Value, by: float) -> Value:
    return value * by if isinstance(value, float) else value


def price_status(found: Mapping[str, Row], words: Words) -> str:
    """Say why two prices of a row cannot be compared; nothing where they can."""
    statuses = {str(found[q]["status"]) for q in PRICED} - {"same", "changed"}
    told = {
        "other_basis": words.term("status of a price", "other unit"),
        "absent": words.term("status of a price", "absent"),
        "only_here": words.term("status of a price", "only here"),
    }
    return ", ".join(told.get(status, status) for status in sorted(statuses))


def _speaks(row: Row) -> bool:
    return any(_float(row[k]) for k in ("value", "first"))


def _size(found: Mapping[str, Row]) -> float:
    """Return the largest price of a row, money by hundred thousands."""
    per = step_priced(found)
    values = [per * abs(_float(found[q][k])) for q in PRICED for k in ("value", "first")]
    return max((value for value in values if math.isfinite(value)), default=0.0)


def _attribution(rows: Sequence[Row], kind: str, other: str, base: str, words: Words) -> str:
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
    of = {
        "first": base,
        "second": other,
        "quantity": codes(words)["in", shown.removeprefix(kind)],
        "method": method_words(str(rows[0]["method"]), words),
    }
    if kind:
        title = words.phrase(
            "What moves the circular's formula from {first} to {second}, {quantity} ({method})",
            **of,
        )
    else:
        title = words.phrase(
            "What moves shares from {first} to {second}, {quantity} ({method})", **of
        )
    if not moved:
        return "" if kind else words.phrase("{title}: nothing", title=title)
    names, rest = _largest_changes(moved)
    letters = dict(zip(names, ascii_uppercase, strict=False))
    several = len({key[4:] for key in moved if key[0] != "objective"}) > 1
    ranked = sorted(moved, key=lambda key: (key[0] == "objective", -_weight(moved[key])))
    lines = [
        [
            _named(key, words, several=several),
            _signed(next(iter(moved[key].values()))["total"], words),
            *(_signed(moved[key][name]["contribution"], words) for name in names),
            *([_signed(_sum_of(moved[key], rest), words)] if rest else []),
        ]
        for key in ranked[:SHOWN]
    ]
    legend = [f"  {letters[name]}  {name}" for name in names]
    header = [words.term("heading", "territory"), words.term("heading", "total")]
    header += letters.values()
    if rest:
        header.append(words.term("heading", "others"))
        apart = words.phrase(
            "others: {count} more changes, apart in {file}", count=len(rest), file="attribution.csv"
        )
        legend.append(f"  {apart}")
    table = aligned(header, lines, left=1)
    more = _left_out(len(ranked), "attribution.csv", words)
    return "\n".join([title, *legend, table, *([more] if more else [])])


FIGURE = ("quantity", "of", "territory", "territory_name", "year", "measure")


def method_words(method: str, words: Words) -> str:
    """Say how contributions were found."""
    match method:
        case "exact":
            return words.phrase("Shapley, every combination solved")
        case "sampled":
            return words.phrase("Shapley, orders drawn; standard errors in attribution.csv")
        case "waterfall":
            return words.phrase("in the order of the file")
    return words.phrase("no change can move a figure")


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


def _named(key: tuple[Value, ...], words: Words, *, several: bool) -> str:
    quantity, of, territory, name, year, measure = key
    if quantity == "objective":
        return words.phrase("objective {name}", name=of)
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


def _left_out(count: int, file: str, words: Words) -> str:
    if count <= SHOWN:
        return ""
    return words.phrase("and {count} more in {file}", count=count - SHOWN, file=file)


def _cell(figures: Mapping[str, Row], quantity: str, column: str) -> Value:
    return figures[quantity][column] if quantity in figures else None


def _number(figures: Mapping[str, Row], quantity: str, column: str) -> float:
    return _float(_cell(figures, quantity, column))


def _float(value: Value) -> float:
    return float(value) if isinstance(value, float | int) else 0.0


def _short(text: str, most: int = WIDE) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _figure(value: Value, words: Words, decimals: int = 1) -> str:
    if not isinstance(value, float | int):
        return ""
    return words.figures.fixed(value, 0 if abs(value) >= 1000 else decimals)


def _signed(value: Value, words: Words, decimals: int = 1) -> str:
    if not isinstance(value, float | int):
        return ""
    text = _figure(abs(value), words, decimals)
    zero = not any(digit in text for digit in "123456789")
    return text if zero else f"{'-' if value < 0 else '+'}{text}"


def _percent(value: Value, words: Words) -> str:
    if not isinstance(value, float):
        return ""
    return f"{words.figures.fixed(100 * value, 1)}{words.figures.before_percent or ' '}%"


def _general(value: Value, words: Words) -> str:
    """Four significant digits, or whole when large: never a power of ten for an amount."""
    if not isinstance(value, float | int):
        return ""
    return _figure(value, words) if abs(value) >= 1000 else words.figures.general(value, 4)
