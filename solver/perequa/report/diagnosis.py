"""The diagnosis for a terminal: the clashing rules, the ways out, the files that carry them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.words.terms import amount, bound, row_named, rule_kinds
from perequa_models.precedence import PREFERENCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.interpret.tables import Table, Value
    from perequa.words import Words

DIAGNOSED = ("conflicts", "menus", "repairs")
"""Tables of a scenario without a plan."""
SHOWN = 20
"""Causes, and lines of one cause or menu, printed; the tables have them all."""


def diagnosis_text(tables: Mapping[str, Table], suspected: Sequence[str], words: Words) -> str:
    """Write why there is no plan and what would make one possible.

    Parameters
    ----------
    tables
        ``conflicts``, ``menus`` and ``repairs``.
    suspected
        What is said of limits that look typed in another unit.
    words
        The language.
    """
    conflicts = list(tables["conflicts"].records())
    if not any(row["conflict"] for row in conflicts):
        return _unrounded(conflicts, words)
    menus = list(tables["menus"].records())
    repairs = list(tables["repairs"].records())
    parts = [_causes(conflicts, words)]
    if suspected:
        head = words.phrase(
            "Check the units first (each of these alone may be what is wrong):",
        )
        parts.append("\n".join([head, *(f"  {s}" for s in suspected)]))
    head = words.phrase("The cheapest ways out:")
    parts.append("\n".join([head, *_ways_out(menus, repairs, words)]))
    return "\n".join(parts)


def _unrounded(passed: Sequence[Mapping[str, Value]], words: Words) -> str:
    """Say what the search for whole places found, which is not proven."""
    lines = [
        words.phrase(
            "That no whole plan satisfies every rule is the integer solver's word, not proven."
        )
    ]
    if passed:
        lines.append(
            words.phrase("The whole plan found that comes nearest to keeping them breaks:")
        )
    for row in passed[:SHOWN]:
        by = amount(float(row["passed_by"] or 0.0), str(row["unit"]), words)
        limit = _limit(row, words)
        lines.append("  " + words.phrase("{limit}, broken by {amount}", limit=limit, amount=by))
    if len(passed) > SHOWN:
        more = words.plural(
            "and {count} more rule in {file}",
            "and {count} more rules in {file}",
            len(passed) - SHOWN,
            file="conflicts.csv",
        )
        lines.append(f"  {more}")
    return "\n".join(lines)


def _causes(conflicts: Sequence[Mapping[str, Value]], words: Words) -> str:
    numbers = sorted({int(row["conflict"] or 0) for row in conflicts})
    lines = [
        words.plural(
            "One cause. No plan satisfies its rules together; without any one of them, one does.",
            "{count} causes. No plan satisfies its rules together; "
            "without any one of them, one does.",
            len(numbers),
        )
    ]
    for k in numbers[:SHOWN]:
        rows = [row for row in conflicts if row["conflict"] == k]
        lines.append("  " + words.phrase("cause {number}", number=k))
        lines.extend(f"    {_limit(row, words)}" for row in rows[:SHOWN])
        if len(rows) > SHOWN:
            more = words.plural(
                "and {count} more rule in {file}",
                "and {count} more rules in {file}",
                len(rows) - SHOWN,
                file="conflicts.csv",
            )
            lines.append(f"    {more}")
    if len(numbers) > SHOWN:
        more = words.plural(
            "and {count} more cause in {file}",
            "and {count} more causes in {file}",
            len(numbers) - SHOWN,
            file="conflicts.csv",
        )
        lines.append(f"  {more}")
    return "\n".join(lines)


def _ways_out(
    menus: Sequence[Mapping[str, Value]], repairs: Sequence[Mapping[str, Value]], words: Words
) -> list[str]:
    lines = []
    for menu in menus:
        title = menu_title(str(menu["menu"]), words)
        if not menu["possible"]:
            lines.append(f"  {impossible(menu, title, words)}")
            continue
        rows = moved_limits(menu, repairs)
        if same_moves(menu, repairs):
            same = words.phrase("{menu} ({file}): the same", menu=title, file=menu["file"])
            lines.append(f"  {same}")
            continue
        lines.append("  " + words.phrase("{menu} ({file}):", menu=title, file=menu["file"]))
        lines.extend(f"    {_move(row, words)}" for row in rows[:SHOWN])
        if len(rows) > SHOWN:
            more = words.plural(
                "and {count} more limit in {file}",
                "and {count} more limits in {file}",
                len(rows) - SHOWN,
                file="repairs.csv",
            )
            lines.append(f"    {more}")
    return lines


def impossible(menu: Mapping[str, Value], title: str, words: Words) -> str:
    """Say why a menu offers nothing."""
    if menu["menu"] == PREFERENCE:
        return words.phrase(
            "{menu}: impossible, no repair exists among the rules that are not protected",
            menu=title,
        )
    if menu["blocked_by"] is None:
        return words.phrase("{menu}: impossible, moving them is not enough", menu=title)
    return words.phrase(
        "{menu}: impossible, none is in cause {cause}", menu=title, cause=menu["blocked_by"]
    )


def moved_limits(
    menu: Mapping[str, Value], repairs: Sequence[Mapping[str, Value]]
) -> list[Mapping[str, Value]]:
    """Return the lines of ``repairs.csv`` of a menu."""
    return [row for row in repairs if row["menu"] == menu["menu"]]


def same_moves(menu: Mapping[str, Value], repairs: Sequence[Mapping[str, Value]]) -> bool:
    """Whether a menu moves what the one in order of preference moves, and by as much."""
    moves: list[dict[Value, Value]] = [
        {row["row"]: row["change"] for row in repairs if row["menu"] == name}
        for name in (menu["menu"], PREFERENCE)
    ]
    return menu["menu"] != PREFERENCE and moves[0] == moves[1]


def menu_title(menu: str, words: Words) -> str:
    """Say which rules a menu moves."""
    if menu == PREFERENCE:
        return words.phrase(
            "in order of preference: earmarks give way first, then floors, caps, envelopes, law"
        )
    kind = menu.removesuffix("_only")
    return words.phrase("{kind} rules only", kind=rule_kinds(words).get(kind, kind))


def _limit(row: Mapping[str, Value], words: Words) -> str:
    limit = amount(float(row["limit"] or 0.0), str(row["unit"]), words)
    stated = bound(str(row["side"]), limit, words)
    return words.phrase("{row}: {limit}", row=row_named(row, words), limit=stated)


def _move(row: Mapping[str, Value], words: Words) -> str:
    change, unit = float(row["change"] or 0.0), str(row["unit"])
    told = {
        "row": row_named(row, words),
        "change": amount(abs(change), unit, words),
        "limit": amount(float(row["new_limit"] or 0.0), unit, words),
    }
    if change > 0:
        return words.phrase("{row}: raise by {change}, to {limit}", **told)
    return words.phrase("{row}: lower by {change}, to {limit}", **told)
