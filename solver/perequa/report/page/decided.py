"""What was decided: how the run ended, what was shared out, what each objective came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.hands import change_of_hands
from perequa.report.layout import word
from perequa.report.page.blocks import (
    Cell,
    Facts,
    PageTable,
    Paragraph,
    Section,
    amount_cell,
    amount_of,
    dense,
    measured_cell,
    table_of,
    text_cell,
    text_of,
    whole_cell,
    without_noise,
)
from perequa.report.page.names import (
    code_name,
    measure_name,
    measures_said,
    objective_title,
    served,
    stated_objective,
    stated_rule,
    step_names,
)
from perequa.words.terms import unit_word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perequa.interpret.tables import Value
    from perequa.report.page.blocks import Block
    from perequa.report.page.reading import PageRun
    from perequa.words import Words

    Row = Mapping[str, Value]

SHARED = ("places", "credits", "withheld", "due_after")
NATION, FIRST_STEP = "nation", "nation"
ABOVE = (NATION, "zone")
"""Levels of ``totals.csv`` that stand under a table; those between have a table of their own."""
NOT_HANDED_OUT = ("reserve", "undistributed", "withheld")
LEAST = 0.005
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
        (words.phrase("Decided by"), code_name("level", level, words)),
        (words.phrase("Years"), ", ".join(map(str, run.scenario.get("years", ())))),
        (words.phrase("Measures"), measures_said(run.scenario, words)),
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


def total_name(row: Row, words: Words) -> str:
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


def line_name(row: Row, run: PageRun, words: Words) -> str:
    """Name a line of ``totals.csv``, a rule with its kind, the whole of a step by who decides."""
    if row["territory"] in NOT_HANDED_OUT:
        rule = stated_rule(run.scenario, row["territory_name"], words)
        return total_name({**row, "territory_name": rule}, words)
    if row["level"] == NATION and not is_first(row, run):
        return step_names(run, words).get(word(row["step"]), word(row["step"]))
    return total_name(row, words)


def is_first(row: Row, run: PageRun) -> bool:
    """Whether a line is of the step that shares out the whole: all lines, without a cascade."""
    return "cascade" not in run.tables or row["step"] == FIRST_STEP


def says_something(row: Row, run: PageRun) -> bool:
    """Whether a line of ``totals.csv`` holds a figure, or tells that nothing of the whole is left.

    A measure of which nothing is shared out in a year has lines of nothing.
    """
    # less is the rounding of a solve
    if any(isinstance(v := row[k], float) and abs(v) > LEAST for k in SHARED):
        return True
    return row["territory"] in NOT_HANDED_OUT and is_first(row, run)


def _shared_out(run: PageRun, words: Words) -> PageTable:
    heads = {
        "places": words.phrase("Places"),
        "credits": words.phrase("Credits"),
        "withheld": words.phrase("Withheld"),
        "due_after": words.phrase("Due after the last year"),
    }
    rows = [
        r for r in run.tables["totals"].records() if r["level"] in ABOVE and says_something(r, run)
    ]
    kept = [k for k in SHARED if any(r[k] for r in rows)]
    stepped, named = "step" in run.tables["totals"].columns, step_names(run, words)
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
                text_cell(line_name(r, run, words)),
                *((text_cell(named.get(word(r["step"]))),) if stepped else ()),
                text_cell(measure_name(run.scenario, r["measure"])),
                whole_cell(r["year"]),
                *(amount_cell(r[k], words) for k in kept),
            )
            for r in rows
        ),
    )


def _steps(run: PageRun, words: Words) -> PageTable:
    named = step_names(run, words)

    def ended(status: Value) -> str:
        return code_name("status", status, words)

    rows = list(run.tables["cascade"].records())
    several = len({row["above"] for row in rows if row["above"]}) > 1
    return table_of(
        rows,
        [
            (words.phrase("Step"), lambda r: text_cell(named[word(r["step"])])),
            # of two steps the nation alone hands down
            (
                words.phrase("Handed down by"),
                lambda r: text_cell(named.get(word(r["above"])) if several else ""),
            ),
            (words.phrase("Code"), text_of("territory")),
            (
                words.phrase("How it ended"),
                lambda r: text_cell(code_name("status", r["status"], words)),
            ),
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

    def measured(name: str) -> Callable[[Row], Cell]:
        return lambda row: measured_cell(row[name], words, VALUE_DIGITS)

    def said(objective: Value) -> str:
        return stated_objective(run.scenario, objective, words)

    return table_of(
        rows,
        [
            (words.phrase("Objective"), lambda r: text_cell(said(r["objective"]))),
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
    named = step_names(run, words)
    return dense(
        PageTable(
            key="objectives",
            caption=words.phrase("What the plan makes small; priorities are served in order"),
            columns=columns,
            rows=tuple(
                _objective(r, stated.get(word(r["objective"]), {}), named, words, stepped=stepped)
                for r in served(table.records(), [*named])
            ),
        )
    )


def _objective(
    row: Row,
    spec: Mapping[str, object],
    steps: Mapping[str, str],
    words: Words,
    *,
    stepped: bool,
) -> tuple[Cell, ...]:
    return (
        text_cell(objective_title(word(row["objective"]), word(row["kind"]), words)),
        *((text_cell(steps.get(word(row["step"]))),) if stepped else ()),
        text_cell(str(spec.get("title") or "")),
        whole_cell(row["priority"]),
        measured_cell(row["weight"], words, VALUE_DIGITS),
        *(
            measured_cell(v, words, VALUE_DIGITS)
            for v in without_noise([row["initial_value"], row["value"], row["optimum_alone"]])
        ),
        text_cell(unit_word(word(row["unit"]), words)),
    )
