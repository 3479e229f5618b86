"""The diagnosis for a terminal: the clashing rules, the ways out, the files that carry them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.diagnosis import PREFERENCE
from perequa.interpret.sentences import amount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.interpret.tables import Value
    from perequa.running import FinishedRun

SHOWN = 20
"""Causes, and lines of one cause or menu, printed; the tables have them all."""


def diagnosis_text(run: FinishedRun) -> str:
    """Write why there is no plan and what would make one possible."""
    conflicts = list(run.tables["conflicts"].records())
    menus = list(run.tables["menus"].records())
    repairs = list(run.tables["repairs"].records())
    parts = [_causes(conflicts)]
    suspected = [f.message for f in run.findings if f.code == "suspected_unit"]
    if suspected:
        parts.append(
            "\n".join(
                [
                    "Check the units first (each of these alone may be what is wrong):",
                    *(f"  {s}" for s in suspected),
                ]
            )
        )
    parts.append("\n".join(["The cheapest ways out:", *_ways_out(menus, repairs)]))
    return "\n".join(parts)


def _causes(conflicts: Sequence[Mapping[str, Value]]) -> str:
    numbers = sorted({int(row["conflict"] or 0) for row in conflicts})
    count = "One cause" if len(numbers) == 1 else f"{len(numbers)} causes"
    lines = [f"{count}. No plan satisfies its rules together; without any one of them, one does."]
    for k in numbers[:SHOWN]:
        rows = [row for row in conflicts if row["conflict"] == k]
        lines.append(f"  cause {k}")
        lines.extend(f"    {_limit(row)}" for row in rows[:SHOWN])
        lines.extend(_more(len(rows), "rules", "conflicts.csv", "    "))
    lines.extend(_more(len(numbers), "causes", "conflicts.csv", "  "))
    return "\n".join(lines)


def _ways_out(
    menus: Sequence[Mapping[str, Value]], repairs: Sequence[Mapping[str, Value]]
) -> list[str]:
    preferred = _moves([row for row in repairs if row["menu"] == PREFERENCE])
    lines = []
    for menu in menus:
        title = _title(str(menu["menu"]))
        if not menu["possible"]:
            cause = menu["blocked_by"]
            why = "moving them is not enough" if cause is None else f"none is in cause {cause}"
            if menu["menu"] == PREFERENCE:
                why = "no repair exists among the rules that are not protected"
            lines.append(f"  {title}: impossible, {why}")
            continue
        rows = [row for row in repairs if row["menu"] == menu["menu"]]
        if menu["menu"] != PREFERENCE and _moves(rows) == preferred:
            lines.append(f"  {title} ({menu['file']}): the same")
            continue
        lines.append(f"  {title} ({menu['file']}):")
        lines.extend(f"    {_move(row)}" for row in rows[:SHOWN])
        lines.extend(_more(len(rows), "limits", "repairs.csv", "    "))
    return lines


def _moves(rows: Sequence[Mapping[str, Value]]) -> dict[Value, Value]:
    return {row["row"]: row["change"] for row in rows}


def _title(menu: str) -> str:
    if menu == PREFERENCE:
        return "in order of preference: earmarks give way first, then floors, caps, envelopes, law"
    return f"{menu.removesuffix('_only').replace('_', ' ')} rules only"


def _limit(row: Mapping[str, Value]) -> str:
    side = str(row["side"]).replace("_", " ").replace("equals", "exactly")
    return f"{_subject(row)}: {side} {amount(float(row['limit'] or 0.0), str(row['unit']))}"


def _move(row: Mapping[str, Value]) -> str:
    change, unit = float(row["change"] or 0.0), str(row["unit"])
    verb = "raise" if change > 0 else "lower"
    after = amount(float(row["new_limit"] or 0.0), unit)
    return f"{_subject(row)}: {verb} by {amount(abs(change), unit)}, to {after}"


def _subject(row: Mapping[str, Value]) -> str:
    place = row["territory_name"] or row["territory"]
    parts = [str(p) for p in (place, row["measure"], row["year"]) if p]
    return f"{row['rule']} ({', '.join(parts)})" if parts else str(row["rule"])


def _more(count: int, what: str, file: str, indent: str) -> list[str]:
    return [f"{indent}and {count - SHOWN} more {what} in {file}"] if count > SHOWN else []
