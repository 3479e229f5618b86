"""The circular's own formula, block by block and part by part, with its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.document import Display, Heading, Line, Listing, Paragraph, code, joined, say
from perequa.report.equations.symbols import (
    column_line,
    counted,
    figure,
    maths_figure,
    territories_line,
    word,
)
from perequa_models.reference.grammar import BelowTarget, Mix, NamedTerritories, OfColumn
from perequa_models.strict import ColumnRef

if TYPE_CHECKING:
    from perequa.report.document import Block
    from perequa_models.instance import Instance
    from perequa_models.reference.grammar import Part, ReferenceBlock
    from perequa_models.reference.reference import PartRow, Reference


def reference_blocks(instance: Instance, reference: Reference) -> list[Block]:
    """Write the reference of a scenario; nothing when it states none."""
    blocks: list[Block] = []
    for i, block in enumerate(instance.scenario.reference):
        rows = [row for row in reference.parts if row.block == i]
        blocks.append(Heading(3, say("Block {}", str(i + 1))))
        blocks.append(Paragraph(_shared(instance, block, rows[0], reference.amounts[i])))
        for part in block.parts:
            of_part = [row for row in rows if row.part == part.name]
            blocks.extend(_part_blocks(instance, part, of_part))
    return blocks


def _shared(instance: Instance, block: ReferenceBlock, row: PartRow, amount: float) -> Line:
    """Say how much a block shares, of what, and where its reserve is taken."""
    unit = "places" if row.unit == "places" else instance.scenario.currency
    line = say("Shares {} {} of ", figure(amount), unit)
    line = (*line, *say("{} in {}, between territories", code(row.measure), str(row.year)))
    line = (*line, *say(" of level {}", row.level))
    if block.of is None:
        return (*line, *say(" (an amount of the scenario)."))
    line = (*line, *say(": the limit of {}", code(block.of)))
    if not any(rule.holds for rule in instance.rows if rule.key.rule == block.of):
        return (*line, *say("."))
    line = (*line, *say(", less its reserves, "))
    if block.reserve == "before":
        return (*line, *say("taken before the parts."))
    return (
        *line,
        *say("the same share of which is taken off every territory's total, after the parts."),
    )


def _part_blocks(instance: Instance, part: Part, rows: list[PartRow]) -> list[Block]:
    """Write a part: its size, its key, who is eligible, what bounds it, what it could not place."""
    name = word(part.name)
    given = sum(row.amount for row in rows)
    eligible = sum(row.eligible for row in rows)
    lines = [
        say("Size: {}; handed out: {}.", _size(part), figure(given)),
        _basis(instance, part),
        (
            *say("Eligible: {} of {}", figure(eligible), counted(len(rows), "territory")),
            *_who(instance, part),
        ),
    ]
    lines.extend(_bounds(instance, part))
    return [
        Paragraph(say("Part {}:", code(part.name))),
        Display(rf"a^{{{name}}}_t = {_equation(part)}"),
        Listing(tuple(lines)),
    ]


def _size(part: Part) -> str:
    if part.share is not None:
        return f"{figure(part.share)} of the block"
    return "what the other parts leave" if part.rest else figure(part.amount or 0.0)


def _equation(part: Part) -> str:
    """Write what a part gives; λ is such that the part is used up, or every cap is reached."""
    floor = "" if part.floor is None else "F_t"
    if part.floor is not None and not isinstance(part.floor, OfColumn):
        floor = maths_figure(part.floor)
    if not floor and part.cap is None:
        return r"A \, \frac{b_t}{\sum_u b_u}".replace(r"\, ", "")
    rising = r"\lambda b_t"
    if floor:
        joint = part.financed == "scale"
        rising = rf"\max({floor}, \lambda b_t)" if joint else rf"{floor} + \lambda b_t"
    return rising if part.cap is None else rf"\min\left(U_t, {rising}\right)"


def _basis(instance: Instance, part: Part) -> Line:
    """Say what a part shares by."""
    if part.basis == "equal":
        return say("Key: $b_t = 1$.")
    if isinstance(part.basis, ColumnRef):
        return (*say("Key $b_t$: "), *column_line(instance, part.basis.column), *say("."))
    if isinstance(part.basis, Mix):
        terms = [
            (*say("{} × the share of ", figure(term.weight)), *column_line(instance, term.column))
            for term in part.basis.mix
        ]
        kept = "kept" if part.negative == "keep" else "set to 0, the others scaled to the same sum"
        line = (*say("Key $b_t$: {} × (", figure(part.basis.times)), *joined(terms, " + "))
        return (*line, *say("); negative keys are {}.", kept))
    indicator = word(str(part.indicator))
    target = "national initial rate" if isinstance(part.target, str) else figure(part.target)
    counts = rf"S^{{0,{indicator}}}_t"
    if part.at == "earlier_parts":
        counts += r" + a^{\text{earlier}}_t"
    if part.basis == "inverse_rate":
        inverse = rf"b_t = \tau \bigl(p^{{{indicator}}}_t\bigr)^2 / \bigl({counts}\bigr)"
        told = r", people times $\tau$ over the rate, $\tau$ = {}."
        return (*say("Key: "), *say(f"${inverse}$"), *say(told, target))
    missing = rf"b_t = \max\left(0, \tau p^{{{indicator}}}_t - {counts}\right)"
    return (*say("Key: "), *say(f"${missing}$"), *say(r", places missing to $\tau$ = {}.", target))


def _who(instance: Instance, part: Part) -> Line:
    stated = part.eligible
    if stated is None:
        return say(", all that may be funded.")
    if isinstance(stated, BelowTarget):
        bound = "the national rate" if isinstance(stated.below, str) else figure(stated.below)
        when = "before the plan" if part.at == "before" else "with what earlier parts give"
        return say(", whose rate of {} {} is below {}.", code(str(part.indicator)), when, bound)
    if isinstance(stated, NamedTerritories):
        found = [instance.tree.find(written) for written in stated.territories]
        nodes = [node for node in found if isinstance(node, int)]
        return (*say(": "), *territories_line(instance, nodes), *say("."))
    equal = say(" is {}.", str(stated.equals))
    return (*say(", where "), *column_line(instance, stated.column), *equal)


def _bounds(instance: Instance, part: Part) -> list[Line]:
    """Say the floor and the cap of a part, and where what a cap stops goes."""
    lines = []
    if part.floor is not None:
        how = "first, the key shares what remains" if part.financed == "first" else "by the others"
        told = say(" for each eligible territory, paid {}.", how)
        lines.append((*say("Floor: "), *_amount(instance, part.floor), *told))
    if part.cap is not None:
        cap = _amount(instance, part.cap)
        over = "on this part" if part.cap_over == "part" else "on this part and the earlier ones"
        freed = {
            "same": "goes to those below their cap ($\\lambda$ is found with the caps)",
            "next": "joins the next part ($\\lambda$ is found without the caps)",
            "keep": "is not handed out ($\\lambda$ is found without the caps)",
        }[part.freed]
        lines.append((*say("Cap $U_t$: "), *cap, *say(f", {over}; what it stops {freed}.")))
    return lines


def _amount(instance: Instance, stated: float | OfColumn) -> Line:
    """Write a floor or a cap: a figure, or so many times a column."""
    if not isinstance(stated, OfColumn):
        return say("{}", figure(stated))
    times = () if stated.times == 1 else say("{} × ", figure(stated.times))
    return (*times, *column_line(instance, stated.column))
