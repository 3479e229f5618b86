"""One equation per rule of a scenario: rows, where its limit comes from, unit, source."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from perequa.report.document import Display, Heading, Line, Listing, Paragraph, code, maths, say
from perequa.report.equations.symbols import (
    LETTERS,
    Axis,
    Frame,
    column_line,
    counted,
    figure,
    frame,
    maths_figure,
    word,
)
from perequa_models.calendars import closed_each_year
from perequa_models.catalogue import RULE_KINDS
from perequa_models.rules.cap import Cap
from perequa_models.rules.ceiling import Ceiling
from perequa_models.rules.converge import Converge
from perequa_models.rules.deadline import Deadline
from perequa_models.rules.distance import Distance
from perequa_models.rules.grammar import ColumnBound, FileBound
from perequa_models.rules.milestones import Milestones
from perequa_models.rules.pace import Pace
from perequa_models.rules.primitive import YEARLY
from perequa_models.rules.reserve import Overruns, Reserve
from perequa_models.rules.ring_fence import RingFence
from perequa_models.rules.transfer import Transfer
from perequa_models.rules.until_opening import UntilOpening
from perequa_models.rules.withhold import Withhold
from perequa_models.strict import ColumnRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from perequa.report.document import Block
    from perequa_models.instance import Instance, RuleRow, Term
    from perequa_models.keys import Side
    from perequa_models.rules.grammar import Bound, RuleSpec

SIGNS: dict[Side, str] = {"at_least": r"\ge", "at_most": r"\le", "equals": "="}


def rule_blocks(instance: Instance, name: str, price_unit: str) -> list[Block]:
    """Write one rule.

    Parameters
    ----------
    name
        Name of a rule of the scenario, active or not.
    price_unit
        Unit of what the first priority minimises: prices are in it, per unit of the limit.
    """
    spec = instance.scenario.rules[name]
    kind = RULE_KINDS[spec.kind]
    rows = [row for row in instance.rows if row.key.rule == name]
    title = say("Rule {}", code(name)) + (say(": {}", spec.title) if spec.title else ())
    about = say("Kind {}: {} In general: {}.", code(kind.name), kind.words, maths(kind.equation))
    blocks: list[Block] = [Heading(3, title), Paragraph(about)]
    if not spec.active:
        blocks.append(Listing((say("Rows: 0. The rule is not active."), _source(spec))))
        return blocks
    lines: list[Line] = [say("Rows: {}.", figure(len(rows)))]
    if rows:
        where = _frame(instance, name, spec, rows)
        blocks.extend(Display(latex) for latex in _equations(instance, name, spec, rows, where))
        lines.extend(_origins(instance, name, spec, rows, where))
        unit = instance.scenario.currency if rows[0].unit == "money" else rows[0].unit
        priced = say("a price is in {} per {}.", price_unit, unit)
        if instance.projects:
            priced = say("what one more is worth is found by solving again.")
        lines.append((*say("Unit: {}; ", unit), *priced))
        lines.extend(where.notes)
    if isinstance(spec, Withhold):
        lines.append(_withheld(instance, name))
    lines.append(_source(spec))
    blocks.append(Listing(tuple(lines)))
    return blocks


def _source(spec: RuleSpec) -> Line:
    kind = RULE_KINDS[spec.kind]
    stated = spec.source or "none stated by the scenario"
    return say("Source: {}. Of this kind: {}.", stated, kind.source)


def _frame(instance: Instance, name: str, spec: RuleSpec, rows: Sequence[RuleRow]) -> Frame:
    """Find the indices of a rule; a reserve or a transfer has those of the rule it takes from."""
    if isinstance(spec, Reserve | Transfer):
        giving = spec.of if isinstance(spec, Reserve) else spec.from_
        taken_from = [row for row in instance.rows if row.key.rule == giving]
        return _frame(instance, giving, instance.scenario.rules[giving], taken_from)
    if isinstance(spec, Converge):
        fixed = np.array([row.budget_of for row in rows], dtype=np.intp)
        return frame(instance, name, spec, fixed, [row.key.year for row in rows], by_year=True)
    if isinstance(spec, UntilOpening):
        # the measures reserved for; the one-off measure is named in the equation
        terms = [row.terms[-1] for row in rows if len(row.terms) > 1] or [rows[0].terms[0]]
        cells = np.concatenate([term.cells for term in terms])
        return frame(instance, name, spec, cells, [row.key.year for row in rows], by_year=True)
    if spec.at_most == "built":
        # budgets are those of the row's own year, whatever the years of the money in them
        own = np.concatenate([_of_year(instance, row) for row in rows])
        return frame(instance, name, spec, own, [row.key.year for row in rows], by_year=True)
    cells = np.concatenate([term.cells for row in rows for term in _own(row)])
    quantity = _own(rows[0])[0].quantity
    grouped = spec
    if isinstance(spec, RingFence) and spec.of is not None:
        grouped = instance.scenario.rules[spec.of]  # its groups, without the territories fenced in
    if isinstance(spec, Deadline):
        # every year up to the deadline is summed, even where `by` names the year
        grouped = spec.model_copy(update={"by": tuple(item for item in spec.by if item != "year")})
    made = frame(
        instance,
        name,
        grouped,
        cells,
        [row.key.year for row in rows],
        by_year=quantity in YEARLY,
    )
    territories, measures, years = made.axes
    if isinstance(spec, Cap) and spec.cumulative and years.free:
        until = Axis(letter="v", over=r"\mathcal{Y}, v \le y", free="y", runs=years.runs)
        return replace(made, axes=(territories, measures, until))
    return made


def _equations(
    instance: Instance, name: str, spec: RuleSpec, rows: Sequence[RuleRow], where: Frame
) -> list[str]:
    """Write one equation for each side the rule states."""
    if isinstance(spec, Reserve):
        return [_reserve(instance, name, spec, rows, where)]
    if isinstance(spec, Milestones):
        return [_paid_by_then(spec, rows, where)]
    if isinstance(spec, UntilOpening):
        spending = np.concatenate([row.terms[0].cells for row in rows])
        years = [row.key.year for row in rows]
        spent = frame(instance, name, spec, spending, years, by_year=True)
        return [_meanwhile(spec, rows, where, spent)]
    if isinstance(spec, Converge):
        return [f"{where.summed('G')} = {where.of_group('L')}{where.every}"]
    if isinstance(spec, Transfer):
        limit = _limit(spec, "at_most", rows, where)
        return [rf"0 \le {where.of_group(_moved(name))} \le {limit}{where.every}"]
    letter = LETTERS["budget" if spec.at_most == "built" else _own(rows[0])[0].quantity]
    reserves = "".join(dict.fromkeys(_amounts_held(rows, where)))
    reserves += _freed(instance, name)
    if spec.at_most == "built":
        reserves += " + " + where.of_group("D")
    written = []
    for side in dict.fromkeys(row.key.side for row in rows):
        same = [row for row in rows if row.key.side == side]
        if isinstance(spec, Pace):
            left = _growth(letter, spec, side, where)
            limit = "0"
        else:
            left = where.summed(letter) + reserves
            limit = _limit(spec, side, same, where)
        written.append(f"{left} {SIGNS[side]} {limit}{where.every}")
    return written


def _of_year(instance: Instance, row: RuleRow) -> NDArray[np.intp]:
    """Cells of the budgets that a row sums, of its own year."""
    cells = np.concatenate([term.cells for term in row.terms])
    year = instance.years.index(row.key.year) if row.key.year in instance.years else 0
    return np.asarray(cells[cells % len(instance.years) == year], dtype=np.intp)


def _own(row: RuleRow) -> list[Term]:
    """Return what a row sums itself, without the money that convergence frees for it."""
    return [term for term in row.terms if term.quantity != "freed"]


def _freed(instance: Instance, name: str) -> str:
    """Write the money that rules of convergence free for a rule."""
    written = ""
    for other, spec in instance.scenario.rules.items():
        if isinstance(spec, Converge) and spec.active and isinstance(spec.freed, dict):
            share = spec.freed.get(name, 0.0)
            factor = "" if share == 1.0 else rf"{maths_figure(share)} "
            written += rf" - {factor}V^{{{word(other)}}}" if share else ""
    return written


def _amounts_held(rows: Sequence[RuleRow], where: Frame) -> Iterator[str]:
    """Write what reserves and transfers add to a row, and what transfers take off it."""
    for row in rows:
        for key in row.holds:
            symbol = _reserved(key.rule) if key.side == "equals" else _moved(key.rule)
            yield f" + {where.of_group(symbol)}"
        for key in row.receives:
            yield f" - {where.of_group(_moved(key.rule))}"


def _moved(rule: str) -> str:
    return rf"T^{{{word(rule)}}}"


def _reserved(rule: str) -> str:
    return rf"R^{{{word(rule)}}}"


def _reserve(
    instance: Instance, name: str, spec: Reserve, rows: Sequence[RuleRow], where: Frame
) -> str:
    left = where.of_group(_reserved(name))
    if len(rows) > 1:
        amount = where.of_group("L" if spec.share is not None else "A")
        right = amount if spec.share is None else rf"{maths_figure(spec.share)} {amount}"
        return f"{left} = {right}{where.every}"
    if spec.share is None:
        return f"{left} = {maths_figure(rows[0].limit)}"
    taken_from = next(row for row in instance.rows if rows[0].key in row.holds)
    product = rf"{maths_figure(spec.share)} \times {maths_figure(taken_from.stated)}"
    return f"{left} = {product} = {maths_figure(rows[0].stated)}"


def _paid_by_then(spec: Milestones, rows: Sequence[RuleRow], where: Frame) -> str:
    """Write what is paid by the end of a year against its share of the whole award."""
    territories, measures, _ = where.axes
    letter = LETTERS[rows[0].terms[0].quantity]
    over = r"\mathcal{Y}"
    until = Axis(letter="v", over=rf"{over}, v \le y", free="y", runs=over)
    so_far = replace(where, axes=(territories, measures, until))
    award = replace(where, axes=(territories, measures, Axis(letter="v", over=over)))
    share = so_far.of_group("s") if isinstance(spec.paid, ColumnRef) else "s_y"
    return f"{so_far.summed(letter)} - {share} {award.summed(letter)} \\le 0{so_far.every}"


def _meanwhile(spec: UntilOpening, rows: Sequence[RuleRow], where: Frame, spent: Frame) -> str:
    """Write one-off money of a year against what is reserved for places not open by then."""
    territories, measures, years = where.axes
    waiting = Axis(letter="v", over=rf"\mathcal{{Y}}, v \le {years.letter} < \omega_{{tm}}")
    reserved = replace(where, axes=(territories, measures, waiting))
    limit = _limit(spec, "at_most", rows, where)
    return rf"{spent.summed('k')} - {reserved.summed('k')} \le {limit}{where.every}"


def _growth(letter: str, spec: Pace, side: Side, where: Frame) -> str:
    growth = spec.growth_at_least if side == "at_least" else spec.growth_at_most
    factor = maths_figure(1.0 + (growth or 0.0))
    return f"{where.summed(letter)} - {factor} {where.summed(letter, shift='-1')}"


def _limit(spec: RuleSpec, side: Side, rows: Sequence[RuleRow], where: Frame) -> str:
    """Write a limit: its figure when every row has the same, a symbol with indices otherwise."""
    if isinstance(spec, Ceiling) and spec.above == "freeze":
        carried = where.of_group(r"\bar{G}")
        return rf"\max\left({where.of_group('L')}, {carried}\right)"
    if len({row.limit for row in rows}) == 1 and not isinstance(spec, Ceiling):
        return maths_figure(rows[0].limit)
    both = spec.at_least is not None and spec.at_most is not None
    mark = r"^{\min}" if side == "at_least" else r"^{\max}"
    return where.of_group(f"L{mark}" if both else "L")


def _origins(
    instance: Instance, name: str, spec: RuleSpec, rows: Sequence[RuleRow], where: Frame
) -> list[Line]:
    """Say where the limits come from, and between which figures they lie."""
    lines = _read_from(instance, name, spec, where)
    if isinstance(spec, Ceiling):
        lines.append(_ceiling(spec, where))
    limits = [row.limit for row in rows]
    if min(limits) < max(limits):
        lines.append(say("Limits from {} to {}.", figure(min(limits)), figure(max(limits))))
    moved = sum(row.limit != row.stated for row in rows)
    if moved:
        told = counted(moved, "row")
        lines.append(say("{} moved by `adjust`, from the limit stated.", told))
    return lines


def _read_from(instance: Instance, name: str, spec: RuleSpec, where: Frame) -> list[Line]:
    """Say what the limits of a kind are."""
    match spec:
        case Reserve(share=float(share)):
            lines = [say("Limit: {} × the limit of {}.", figure(share), code(spec.of))]
        case Reserve():
            lines = [say("Limit: {}.", _amount(instance, name, spec.amount))]
        case RingFence(set_aside=float(aside)):
            taken = say("Limit: the limit of {} less {}", code(str(spec.of)), figure(aside))
            lines = [(*taken, *say(" (`set_aside`): what the others may take."))]
        case Withhold():
            lines = [say("Limit: {}.", _amount(instance, name, spec.amount))]
        case Pace():
            lines = [_pace(spec, where)]
        case Converge():
            lines = _converge(instance, name, spec)
        case Distance():
            lines = [_distance(instance, spec)]
        case Milestones():
            lines = [_milestones(instance, spec)]
        case UntilOpening():
            lines = [_until_opening(instance, spec)]
        case _:
            lines = [
                say("Limit ({}): {}.", code(side), _bound(instance, bound))
                for side, bound in _bounds(spec)
            ]
    return lines


def _bounds(spec: RuleSpec) -> list[tuple[Side, Bound]]:
    stated: list[tuple[Side, Bound | None]] = [
        ("at_least", spec.at_least),
        ("at_most", spec.at_most),
        ("equals", spec.equals),
    ]
    return [(side, bound) for side, bound in stated if bound is not None]


def _bound(instance: Instance, bound: Bound) -> Line:
    """Say what a limit is read from: a number, a column with its factor, or a table."""
    if isinstance(bound, ColumnBound):
        line = column_line(instance, bound.column)
        if bound.times != 1.0:
            line = (*say("{} × ", figure(bound.times)), *line)
        if bound.plus != 0.0:
            line = (*line, *say(" + {}", figure(bound.plus)))
        if bound.missing == "skip":
            line = (*line, *say(", no row where it states nothing"))
        return line
    if isinstance(bound, FileBound):
        sheet = say(", sheet {}", bound.sheet) if bound.sheet else ()
        return (*say("column `limit` of {}", code(bound.file)), *sheet)
    if bound == "built":
        return say(
            "the envelope that the lines of the campaign build; $D$ is what no measure carries"
        )
    return say("the number {}", figure(bound))


def _amount(instance: Instance, name: str, amount: float | ColumnRef | Overruns | None) -> Line:
    if isinstance(amount, Overruns):
        told = "$A$, what establishments exceed {} by without justification, each of them once"
        return say(f"{told}, at most the limit it is taken from", code(amount.overruns))
    if isinstance(amount, ColumnRef):
        return (*say("$A$, "), *column_line(instance, amount.column))
    return say("the number {} ({})", figure(amount or 0.0), code(f"rules.{name}.amount"))


def _pace(spec: Pace, where: Frame) -> Line:
    stated = [
        say("{}: {}", code(key), figure(growth))
        for key, growth in (
            ("growth_at_least", spec.growth_at_least),
            ("growth_at_most", spec.growth_at_most),
        )
        if growth is not None
    ]
    told = stated[0] if len(stated) == 1 else (*stated[0], *say(", "), *stated[1])
    before = say("; the year before {} is the start of the plan.", where.axes[2].letter)
    first = before if where.axes[2].letter != "y" else say("; before the first year, the start.")
    return (*say("Limit: 0, with "), *told, *first)


def _distance(instance: Instance, spec: Distance) -> Line:
    """Say what the limit is: a share of what the rate's target makes of the population."""
    stated = instance.scenario.indicators[spec.indicator]
    target = (
        column_line(instance, spec.target.column)
        if isinstance(spec.target, ColumnRef)
        else say("{}", figure(spec.target))
        if isinstance(spec.target, float)
        else say("the national rate before the plan")
        if spec.target == "national_initial"
        else say("{}", figure(instance.indicators[spec.indicator].target))
    )
    said = say("Limit: {} × the target of {} (", figure(1.0 - spec.at_most), code(spec.indicator))
    people = say(") × {} / {}", code(stated.population), figure(stated.per))
    counts = () if stated.counts == "installed" else say(", counted from {}", code(stated.counts))
    return (*said, *target, *people, *counts, *say("."))


def _ceiling(spec: Ceiling, where: Frame) -> Line:
    carried = maths(where.of_group(r"\bar{G}"))
    line = (
        say("{}: the base carried to the year; who is above the ceiling is frozen there", carried)
        if spec.above == "freeze"
        else say("`above: forbid`: a base above its ceiling leaves no plan")
    )
    if spec.exceptions is None:
        return (*line, *say("."))
    line = (*line, *say("; in column {}, `clapet` puts ", code(spec.exceptions.column)))
    line = (*line, *say("the limit at the base carried"))
    if spec.exceptions.amount is not None:
        amount = code(spec.exceptions.amount.column)
        line = (*line, *say(" and `mecanique` at the base carried plus column {}", amount))
    return (*line, *say("."))


def _converge(instance: Instance, name: str, spec: Converge) -> list[Line]:
    """Say what each limit is: a ceiling, and what the calendar leaves of the gap above it."""
    assert spec.at_most is not None
    parts = closed_each_year(spec.calendar, instance.years)
    told = ", ".join(
        f"{year}: {part:.6g}" for year, part in zip(instance.years, parts, strict=True)
    )
    gap = "the gap before the plan" if spec.of == "initial" else "the gap of the year before"
    freed = spec.freed if isinstance(spec.freed, dict) else {}
    where = ", ".join(f"{share:g} to {rule}" for rule, share in freed.items())
    return [
        say(
            "Limit: the ceiling ({}) plus what is left of {}.", _bound(instance, spec.at_most), gap
        ),
        say("Part of the gap still open that each year closes: {}.", told),
        say("In convergence: a base above the ceiling by more than {} of it.", figure(spec.band)),
        say(
            "{} is what is freed in the group and year: {}; the rest goes back to the nation.",
            maths(rf"V^{{{word(name)}}}"),
            where or "nothing is handed over",
        ),
    ]


def _milestones(instance: Instance, spec: Milestones) -> Line:
    if isinstance(spec.paid, ColumnRef):
        return say("$s_y$: {}.", column_line(instance, spec.paid.column))
    told = ", ".join(f"{year}: {share:g}" for year, share in spec.paid.items())
    return say("$s_y$: {}; a year that is not named keeps the share before it.", told)


def _until_opening(instance: Instance, spec: UntilOpening) -> Line:
    opens = column_line(instance, spec.opens.column)
    reserved = say("0") if spec.at_most is None else _bound(instance, spec.at_most)
    said = say(r"$\omega_{tm}$, the year of opening: {}; $o$: {}", opens, code(spec.one_off))
    return (*said, *say("; $L_{gy}$, reserved by earlier plans: {}.", reserved))


def _withheld(instance: Instance, name: str) -> Line:
    groups = [listed for listed in instance.withheld if listed.key.rule == name]
    cells = sum(len(listed.cells) for listed in groups)
    said = say("Shared out and not delivered: the credits of {}", counted(cells, "decision"))
    return (*said, *say(" ({} in `rules.csv`, side `held_back`).", counted(len(groups), "line")))
