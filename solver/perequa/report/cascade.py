"""What `solve` prints of a cascade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.tables import cell
from perequa.report.headings import codes
from perequa.report.layout import aligned, figure, headed, measured, word
from perequa.words.terms import unit_named, unit_word

if TYPE_CHECKING:
    from perequa.interpret.tables import Table
    from perequa.words import Words

NATION = "nation"


def steps_text(steps: Table, words: Words) -> str:
    """Write how each step ended, and what became of what it received."""
    header = ["step", "territory_name", "status", "handed_down", "used", "unspent", "unit"]
    coded = codes(words)
    rows = [
        [
            word(r["step"]),
            word(r["territory_name"]),
            coded.get(("status", word(r["status"])), word(r["status"])),
            *(figure(r[name], words) for name in ("handed_down", "used", "unspent")),
            unit_word(word(r["unit"]), words) if r["unit"] else "",
        ]
        for r in steps.records()
    ]
    return aligned(headed(header, words), rows, left=3)


def decided_text(allocation: Table | None, words: Words) -> str:
    """Write what the parts decided; what the nation gave them stands in the steps."""
    if allocation is None:
        return ""
    shown = [
        r for r in allocation.records() if r["step"] != NATION and (r["places"] or r["credits"])
    ]
    if not shown:
        return ""
    header = ["step", "territory", "territory_name", "measure", "year", "places", "credits"]
    rows = [
        [*(word(r[name]) for name in header[:5]), *(figure(r[name], words) for name in header[5:])]
        for r in shown
    ]
    return aligned(headed(header, words), rows, left=5)


def decentralisation_text(table: Table, unkept: Table | None, words: Words) -> str:
    """Say what deciding in steps costs under the objectives of the nation."""
    header = ["objective", "integrated", "cascade", "difference", "unit"]
    rows = [
        [
            word(r["objective"]),
            *(measured(r[name], 6, words) for name in header[1:4]),
            unit_word(word(r["unit"]), words),
        ]
        for r in table.records()
    ]
    lines = [aligned(headed(header, words), rows, left=1)]
    for row in table.records():
        difference, whole = row["difference"], row["integrated"]
        if not isinstance(difference, float) or not isinstance(whole, float):
            continue
        if not row["weight"]:
            continue  # told, and aimed at by nobody
        told = {"objective": row["objective"], "unit": unit_named(word(row["unit"]), words)}
        if abs(difference) <= 1e-9 * max(1.0, abs(whole)):
            lines.append(words.phrase("Deciding in steps costs {objective} nothing.", **told))
        elif difference > 0:
            size = words.number(difference)
            lines.append(
                words.phrase(
                    "Deciding in steps worsens {objective} by {size} ({unit}).", size=size, **told
                )
            )
        else:
            size = words.number(-difference)
            lines.append(
                words.phrase(
                    "Decided in steps, {objective} is better by {size} ({unit}).", size=size, **told
                )
            )
    broken = list(unkept.records()) if unkept is not None else []
    if broken:
        lines.append(
            words.plural(
                "{count} row of the rules of the whole is not kept by the parts together (first "
                "{row}): the two columns are not plans under the same rules. See unkept.csv.",
                "{count} rows of the rules of the whole are not kept by the parts together (first "
                "{row}): the two columns are not plans under the same rules. See unkept.csv.",
                len(broken),
                row=cell(broken[0]["row"]),
            )
        )
    return "\n".join(lines)
