"""What was decided: how the run ended, what was shared out, what each objective came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.hands import change_of_hands
from perequa.report.headings import codes
from perequa.report.layout import word
from perequa.report.page.blocks import (
    Cell,
    Facts,
    PageTable,
    Paragraph,
    Section,
    amount_cell,
    amount_of,
    measured_cell,
    table_of,
    text_cell,
    text_of,
    whole_cell,
    without_noise,
)
from perequa.words.terms import objective_named, unit_word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perequa.interpret.tables import Value
    from perequa.report.page.blocks import Block
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

SHARED = ("places", "credits", "withheld", "due_after")
ABOVE = ("nation", "zone")
"""Levels of ``totals.csv`` that stand under a table; those between have a table of their own."""
VALUE_DIGITS = 6


def decided(run: PageRun, words: Words) -> Section:
    """Say how the run ended, and what it shares out in all."""
    blocks: list[Block] = [Facts(pairs=_facts(run, words))]
    hands = change_of_hands(run.tables["allocation"], words)
    if hands:
        blocks.append(Paragraph(text=hands))
    blocks.append(_shared_out(run, words))
    if "cascade" in run.tables:
        blocks += [_steps(run, words), _decentralised(run, words)]
    blocks.append(_objectives(run, words))
    return Section(key="decided", title=words.phrase("What was decided"), blocks=blocks)


def _facts(run: PageRun, words: Words) -> tuple[tuple[str, str], ...]:
    level = str(run.scenario.get("decide_at", ""))
    ended = words.phrase("optimal, with a proof that can be checked")
    if run.record["status"] != "optimal":
        ended = words.phrase("the whole plan keeps every rule, but is not proven to be the nearest")
    pairs = [
        (words.phrase("Run"), run.name),
        (words.phrase("How it ended"), ended),
        (words.phrase("Decided by"), codes(words).get(("level", level), level)),
        (words.phrase("Years"), ", ".join(map(str, run.scenario.get("years", ())))),
        (words.phrase("Variants"), ", ".join(map(str, run.record.get("variants", ())))),
        (words.phrase("Values changed"), ", ".join(map(str, run.record.get("sets", ())))),
        (words.phrase("Fingerprint"), run.fingerprint),
    ]
    return tuple((name, value) for name, value in pairs if value)


def zone_names(words: Words) -> dict[str, str]:
    """Name the two parts of the country."""
    return {
        "metropolitan": words.phrase("Metropolitan France"),
        "overseas": words.phrase("Overseas"),
    }


def total_name(row: Mapping[str, Value], words: Words) -> str:
    """Name a line of ``totals.csv``: the nation, a zone, or what is not handed out."""
    lines = {
        **zone_names(words),
        "reserve": words.phrase("held back by {rule}", rule=row["territory_name"]),
        "undistributed": words.phrase("left by {rule}", rule=row["territory_name"]),
        "withheld": words.phrase("withheld by {rule}", rule=row["territory_name"]),
    }
    if row["level"] not in ABOVE:
        return word(row["territory_name"]) or word(row["territory"])
    return lines.get(word(row["territory"])) or word(row["territory_name"])


def _shared_out(run: PageRun, words: Words) -> PageTable:
    heads = {
        "places": words.phrase("Places"),
        "credits": words.phrase("Credits"),
        "withheld": words.phrase("Withheld"),
        "due_after": words.phrase("Due after the last year"),
    }
    rows = [r for r in run.tables["totals"].records() if r["level"] in ABOVE]
    kept = [k for k in SHARED if any(r[k] for r in rows)]
    stepped = "step" in run.tables["totals"].columns
    columns = (
        words.phrase("Of"),
        *((words.phrase("Step"),) if stepped else ()),
        words.phrase("Measure"),
        words.phrase("Year"),
        *(heads[k] for k in kept),
    )
    return PageTable(
        key="shared-out",
        caption=words.phrase("What is shared out in all, and what is not"),
        columns=columns,
        rows=tuple(
            (
                text_cell(total_name(r, words)),
                *((text_cell(r["step"]),) if stepped else ()),
                text_cell(r["measure"]),
                whole_cell(r["year"]),
                *(amount_cell(r[k], words) for k in kept),
            )
            for r in rows
        ),
    )


def _steps(run: PageRun, words: Words) -> PageTable:
    return table_of(
        run.tables["cascade"].records(),
        [
            (words.phrase("Step"), text_of("step")),
            (words.phrase("Territory"), text_of("territory_name")),
            (words.phrase("How it ended"), text_of("status")),
            (words.phrase("Unit"), lambda r: text_cell(unit_word(word(r["unit"]), words))),
            (words.phrase("Handed down"), amount_of("handed_down", words)),
            (words.phrase("Used"), amount_of("used", words)),
            (words.phrase("Unspent"), amount_of("unspent", words)),
        ],
        key="steps",
        caption=words.phrase("Who decided, and what each was handed down"),
    )


def _decentralised(run: PageRun, words: Words) -> PageTable:
    figures = ("integrated", "cascade", "difference")
    # a difference of two solves may be their rounding alone
    rows = [
        {**r, **dict(zip(figures, without_noise([r[k] for k in figures]), strict=True))}
        for r in run.tables["decentralisation"].records()
    ]

    def measured(name: str) -> Callable[[Mapping[str, Value]], Cell]:
        return lambda row: measured_cell(row[name], words, VALUE_DIGITS)

    return table_of(
        rows,
        [
            (words.phrase("Objective"), text_of("objective")),
            (words.phrase("Unit"), lambda r: text_cell(unit_word(word(r["unit"]), words))),
            (words.phrase("One plan"), measured("integrated")),
            (words.phrase("In steps"), measured("cascade")),
            (words.phrase("Difference"), measured("difference")),
        ],
        key="decentralised",
        caption=words.phrase("What deciding in steps costs against one plan for all"),
    )


def _objectives(run: PageRun, words: Words) -> PageTable:
    table = run.tables["objectives"]
    stated = run.scenario.get("objectives", {})
    stepped = "step" in table.columns
    columns = (
        words.phrase("Objective, made as small as possible"),
        *((words.phrase("Step"),) if stepped else ()),
        words.phrase("In the planner's words"),
        words.phrase("Priority"),
        words.phrase("Weight"),
        words.phrase("Before"),
        words.phrase("With the plan"),
        words.phrase("Alone, at best"),
        words.phrase("Unit"),
    )
    return PageTable(
        key="objectives",
        caption=words.phrase("What the plan makes small; priorities are served in order"),
        columns=columns,
        rows=tuple(
            _objective(r, stated.get(word(r["objective"]), {}), words, stepped=stepped)
            for r in table.records()
        ),
    )


def _objective(
    row: Mapping[str, Value], spec: Mapping[str, object], words: Words, *, stepped: bool
) -> tuple[Cell, ...]:
    return (
        text_cell(objective_named(word(row["objective"]), word(row["kind"]), words)),
        *((text_cell(row["step"]),) if stepped else ()),
        text_cell(str(spec.get("title") or "")),
        whole_cell(row["priority"]),
        measured_cell(row["weight"], words, VALUE_DIGITS),
        *(
            measured_cell(v, words, VALUE_DIGITS)
            for v in without_noise([row["initial_value"], row["value"], row["optimum_alone"]])
        ),
        text_cell(unit_word(word(row["unit"]), words)),
    )
