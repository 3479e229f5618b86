"""A run without a plan as a page: which rules clash, what would have to move, the inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.suspicion import suspicion
from perequa.report.diagnosis import impossible, menu_title, moved_limits, same_moves
from perequa.report.layout import word
from perequa.report.page.blocks import (
    Facts,
    Listed,
    Paragraph,
    Section,
    table_of,
    text_cell,
    text_of,
)
from perequa.report.page.names import code_name, measures_said
from perequa.report.page.origins import choices, origins
from perequa.report.page.page import framed
from perequa.words.terms import amount, bound, row_named, rule_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from perequa.interpret.tables import Value
    from perequa.report.page.blocks import Block, Cell, PageTable
    from perequa.report.page.reading import PageFailure, Undecided
    from perequa.words import Words

    Row = Mapping[str, Value]

MOST_CAUSES = 20
"""Causes laid out; the table of the folder has them all."""
MOST_ROWS = 100
"""Lines of one cause or of one way out laid out."""


def failure_page(run: PageFailure, words: Words) -> str:
    """Write a run without a plan as one HTML file, as `page_of` writes one that has a plan.

    Parameters
    ----------
    run
        The run, or the cascade, that found no plan.
    words
        Language of the page.
    """
    title = str(run.scenario.get("title") or run.name)
    sections: list[Section | None] = [_ended(run, words)]
    for i, undecided in enumerate(run.undecided):
        sections += [_why(undecided, i, words), _ways_out(undecided, i, words)]
    sections += [_rules(run, words), choices(run, words), origins(run, words)]
    return framed(title, sections, {}, words)


def ended_said(run: PageFailure, words: Words) -> str:
    """Say how a run without a plan ended."""
    if all(one.proven for one in run.undecided):
        return words.phrase("no plan satisfies every rule: this is proven, and can be checked")
    return words.phrase("a plan satisfies every rule, but none in whole places (not proven)")


def _ended(run: PageFailure, words: Words) -> Section:
    scenario, record = run.scenario, run.record
    pairs = (
        (words.phrase("Run"), run.name),
        (words.phrase("How it ended"), ended_said(run, words)),
        (words.phrase("Decided by"), code_name("level", str(scenario.get("decide_at", "")), words)),
        (words.phrase("Years"), ", ".join(map(str, scenario.get("years", ())))),
        (words.phrase("Measures"), measures_said(scenario, words)),
        (words.phrase("Variants"), ", ".join(map(str, record.get("variants", ())))),
        (words.phrase("Values changed"), ", ".join(map(str, record.get("sets", ())))),
        (words.phrase("Rules that must not move"), _protected(run)),
        (words.phrase("Fingerprint"), run.fingerprint),
    )
    blocks: list[Block] = [
        Paragraph(
            text=words.phrase(
                "Nothing is shared out: this page says why there is no plan, and what would have "
                "to move for there to be one."
            )
        ),
        Facts(pairs=tuple((name, value) for name, value in pairs if value)),
    ]
    if run.steps is not None:
        blocks.append(_steps(run.steps.records(), words))
    return Section(key="ended", title=words.phrase("How it ended"), blocks=blocks)


def _protected(run: PageFailure) -> str:
    held = {str(rule) for one in run.undecided for rule in one.diagnosis.get("protected", ())}
    return ", ".join(sorted(held))


def _steps(rows: Iterable[Row], words: Words) -> PageTable:
    return table_of(
        rows,
        [
            (
                words.phrase("Step"),
                lambda r: text_cell(step_name(word(r["territory_name"] or r["step"]), words)),
            ),
            (words.phrase("Code"), text_of("territory")),
            (
                words.phrase("How it ended"),
                lambda r: text_cell(code_name("status", r["status"], words)),
            ),
        ],
        key="steps",
        caption=words.phrase("Who was to decide"),
    )


def step_name(step: str, words: Words) -> str:
    """Name a step of a cascade by who decides."""
    known = {
        "nation": code_name("level", "nation", words),
        "integrated": words.phrase("one plan for all"),
    }
    return known.get(step, step)


def _why(run: Undecided, at: int, words: Words) -> Section:
    """Lay out the causes, or what the nearest whole plan breaks."""
    rows = list(run.tables["conflicts"].records())
    key, title = f"why-{at}", words.phrase("Which rules clash")
    if not run.proven:
        broken = words.phrase("What the nearest whole plan breaks")
        return Section(key=key, title=broken, blocks=[*_broken(rows, at, words)])
    if run.step:
        step = step_name(run.step, words)
        title = words.phrase("{step}: which rules clash", step=step)
    blocks = [*_causes(rows, at, words)]
    if run.diagnosis.get("every_cause_found") is False:
        more = words.phrase("There may be other causes: the search for them was stopped.")
        blocks.append(Paragraph(text=more))
    suspected = [suspicion(limit, words) for limit in run.diagnosis.get("suspected_limits", ())]
    if suspected:
        head = words.phrase("Check the units first (each of these alone may be what is wrong):")
        blocks += [Paragraph(text=head), Listed(items=tuple(suspected))]
    return Section(key=key, title=title, blocks=blocks)


def _causes(rows: Sequence[Row], at: int, words: Words) -> Iterator[Block]:
    numbers = sorted({int(row["conflict"] or 0) for row in rows})
    said = words.plural(
        "One cause. No plan satisfies its rules together; without any one of them, one does.",
        "{count} causes. No plan satisfies its rules together; without any one of them, one does.",
        len(numbers),
    )
    alone = words.phrase(
        "The last column is read from the proof: where this limit alone moves, there is no plan "
        "until it has moved by so much at least, and it may take more."
    )
    yield Paragraph(text=f"{said} {alone}")
    for k in numbers[:MOST_CAUSES]:
        mine = [row for row in rows if row["conflict"] == k]
        yield _cut(
            mine,
            [
                (words.phrase("Rule"), lambda r: text_cell(row_named(r, words))),
                (words.phrase("Limit"), lambda r: text_cell(limit_said(r, words))),
                (words.phrase("Must move by, alone"), lambda r: text_cell(least_said(r, words))),
            ],
            f"cause-{at}-{k}",
            words.phrase("Cause {number}: rules that clash", number=k),
        )
        yield from _rest(mine, "conflicts.csv", words)
    if len(numbers) > MOST_CAUSES:
        yield Paragraph(
            text=words.plural(
                "and {count} more cause in {file}",
                "and {count} more causes in {file}",
                len(numbers) - MOST_CAUSES,
                file="conflicts.csv",
            )
        )


def _broken(rows: Sequence[Row], at: int, words: Words) -> Iterator[Block]:
    """Say what the search for whole places found, which is not proven."""
    yield Paragraph(
        text=words.phrase(
            "That no whole plan satisfies every rule is the integer solver's word, not proven. In "
            "parts of places there is a plan."
        )
    )
    if not rows:
        none = words.phrase("No whole plan was found in time, even with rules broken.")
        yield Paragraph(text=none)
        return

    def passed(row: Row) -> str:
        return amount(_float(row["passed_by"]), word(row["unit"]), words)

    yield _cut(
        rows,
        [
            (words.phrase("Rule"), lambda r: text_cell(row_named(r, words))),
            (words.phrase("Limit"), lambda r: text_cell(limit_said(r, words))),
            (words.phrase("Broken by"), lambda r: text_cell(passed(r))),
        ],
        f"broken-{at}",
        words.phrase("Rules that the nearest whole plan found breaks"),
    )
    yield from _rest(rows, "conflicts.csv", words)


def _ways_out(run: Undecided, at: int, words: Words) -> Section | None:
    """Lay out each menu; nothing where none was looked for."""
    menus = list(run.tables["menus"].records())
    if not menus:
        return None
    repairs = list(run.tables["repairs"].records())
    blocks: list[Block] = [
        Paragraph(
            text=words.phrase(
                "Each way out below is the cheapest of its kind. The file named solves as it "
                "stands: `perequa solve` on it gives the plan that these moves leave."
            )
        )
    ]
    for i, menu in enumerate(menus):
        title = menu_title(word(menu["menu"]), words)
        if not menu["possible"]:
            blocks.append(Paragraph(text=_opened(impossible(menu, title, words))))
            continue
        file = f"{run.folder}{menu['file']}"
        if same_moves(menu, repairs):
            said = words.phrase("{menu} ({file}): the same", menu=title, file=file)
            blocks.append(Paragraph(text=_opened(said)))
            continue
        rows = moved_limits(menu, repairs)
        named = words.phrase("{menu} ({file})", menu=title, file=file)
        blocks.append(_moves(rows, f"way-{at}-{i}", _opened(named), words))
        blocks += _rest(rows, "repairs.csv", words)
    title = words.phrase("What would make a plan possible")
    if run.step:
        step = step_name(run.step, words)
        title = words.phrase("{step}: what would make a plan possible", step=step)
    return Section(key=f"ways-out-{at}", title=title, blocks=blocks)


def _opened(said: str) -> str:
    """Begin a line with a capital."""
    return said[:1].upper() + said[1:]


def _moves(rows: Sequence[Row], key: str, caption: str, words: Words) -> PageTable:
    def ends(row: Row) -> str:
        return amount(_float(row["new_limit"]), word(row["unit"]), words)

    return _cut(
        rows,
        [
            (words.phrase("Rule"), lambda r: text_cell(row_named(r, words))),
            (words.phrase("Limit"), lambda r: text_cell(limit_said(r, words))),
            (words.phrase("Change"), lambda r: text_cell(change_said(r, words))),
            (words.phrase("New limit"), lambda r: text_cell(ends(r))),
        ],
        key,
        caption,
    )


def _rules(run: PageFailure, words: Words) -> Section:
    """List the rules of the scenario, and in how many causes each takes part."""
    causes: dict[str, set[tuple[str, Value]]] = {}
    for one in run.undecided:
        for row in one.tables["conflicts"].records():
            causes.setdefault(word(row["rule"]), set()).add((one.step, row["conflict"]))
    stated: Mapping[str, Mapping[str, object]] = run.scenario.get("rules", {})

    def takes_part(name: str, spec: Mapping[str, object]) -> str:
        if spec.get("active") is False:
            return words.phrase("out of force")
        return words.phrase("yes") if name in causes else words.phrase("no")

    table = table_of(
        [
            {
                "rule": rule_named(name, str(spec.get("kind") or ""), words),
                "title": str(spec.get("title") or ""),
                "source": str(spec.get("source") or ""),
                "part": takes_part(name, spec),
            }
            for name, spec in stated.items()
        ],
        [
            (words.phrase("Rule"), text_of("rule")),
            (words.phrase("In the planner's words"), text_of("title")),
            (words.phrase("Source"), text_of("source")),
            (words.phrase("Told above"), text_of("part")),
        ],
        key="rules",
        caption=words.phrase("Rules of the scenario, and whether they are told above"),
    )
    return Section(key="by-rules", title=words.phrase("By which rules"), blocks=[table])


def _cut(
    rows: Sequence[Row],
    columns: Sequence[tuple[str, Callable[[Row], Cell]]],
    key: str,
    caption: str,
) -> PageTable:
    return table_of(rows[:MOST_ROWS], columns, key=key, caption=caption)


def _rest(rows: Sequence[Row], file: str, words: Words) -> Iterator[Block]:
    """Say that a table was cut."""
    if len(rows) > MOST_ROWS:
        yield Paragraph(
            text=words.plural(
                "and {count} more rule in {file}",
                "and {count} more rules in {file}",
                len(rows) - MOST_ROWS,
                file=file,
            )
        )


def limit_said(row: Row, words: Words) -> str:
    """Say a limit and on which side it stands."""
    return bound(word(row["side"]), amount(_float(row["limit"]), word(row["unit"]), words), words)


def change_said(row: Row, words: Words) -> str:
    """Say by how much a way out moves a limit."""
    moved = amount(abs(_float(row["change"])), word(row["unit"]), words)
    if _float(row["change"]) > 0:
        return words.phrase("raise by {amount}", amount=moved)
    return words.phrase("lower by {amount}", amount=moved)


def least_said(row: Row, words: Words) -> str:
    """Say which way a limit would have to move alone, and by how much at least."""
    least = amount(_float(row["least_change"]), word(row["unit"]), words)
    if row["side"] == "at_least":
        return words.phrase("lower by {amount} at least", amount=least)
    if row["side"] == "at_most":
        return words.phrase("raise by {amount} at least", amount=least)
    return words.phrase("change by {amount} at least", amount=least)


def _float(value: Value) -> float:
    return float(value) if isinstance(value, float | int) else 0.0
