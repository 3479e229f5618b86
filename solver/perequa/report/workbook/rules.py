"""Every row of every rule, and what moving its limit by one would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.project_sentences import one_more_statement
from perequa.interpret.same_rows import full_statement
from perequa.interpret.tables import cell
from perequa.report.headings import codes
from perequa.report.layout import word
from perequa.report.workbook.sheets import Column, Figure, Sheet, by_unit, fits, not_held
from perequa.words.terms import objective_named, rule_kinds, unit_named, unit_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.interpret.tables import Value
    from perequa.report.workbook.reading import WorkbookRun
    from perequa.words import Words

Row = dict[str, "Value"]


def rules(run: WorkbookRun, words: Words) -> Sheet:
    """Lay out ``rules.csv``, each row with the title that the planner gave its rule."""
    rows = list(run.tables["rules"].records())
    held = fits(rows)
    file = "rules.csv"
    note = words.phrase(
        "Every row of every rule ({file}). Slack is the distance to the limit: 0 where it binds.",
        file=file,
    )
    stated = run.scenario.get("rules", {})
    columns = (
        *_row_columns(run, words),
        Column(heading=words.phrase("Limit"), kind="figure"),
        Column(heading=words.phrase("Reached"), kind="figure"),
        Column(heading=words.phrase("Slack"), kind="figure"),
        Column(heading=words.phrase("Binds")),
        Column(heading=words.phrase("In the planner's words"), kind="sentence"),
    )
    return Sheet(
        name=words.term("sheet", "Rules"),
        title=words.phrase("By which rules"),
        notes=(note if held else not_held(len(rows), file, words),),
        columns=columns,
        rows=[
            (
                *_row_cells(run, r, word(r["unit"]), words),
                *(by_unit(r[k], word(r["unit"])) for k in ("limit", "activity", "slack")),
                r["binding"],
                str(stated.get(word(r["rule"]), {}).get("title") or ""),
            )
            for r in (rows if held else ())
        ],
        frozen=2 + _stepped(run),
    )


def prices(run: WorkbookRun, words: Words) -> Sheet:
    """Lay out ``shadow_prices.csv``, rows that bind first, each with its sentence."""
    name, title = words.term("sheet", "Prices"), words.phrase("What one more and one less would do")
    if "shadow_prices" not in run.tables:
        if "one_more" in run.tables:
            return _one_more(run, name, title, words)
        said = words.phrase("The run was solved without prices (--no-prices).")
        return Sheet(name=name, title=title, notes=(said,), columns=(), rows=())
    rows = list(run.tables["shadow_prices"].records())
    binding = {(r.get("step"), r["row"]) for r in run.tables["rules"].records() if r["binding"]}
    rows.sort(key=lambda r: (r.get("step"), r["row"]) not in binding)
    held = fits(rows)
    file = "shadow_prices.csv"
    note = words.phrase(
        "Change of what is made as small as possible when a limit is raised or lowered by one: "
        "negative is an improvement ({file}). ∞: no plan would be left. Prices are those of the "
        "continuous plan.",
        file=file,
    )
    columns = (
        *_row_columns(run, words),
        Column(heading=words.phrase("Limit"), kind="figure"),
        Column(heading=words.phrase("Binds")),
        Column(heading=words.phrase("Priority"), kind="whole"),
        Column(heading=words.phrase("Effect on")),
        Column(heading=words.phrase("Counted in")),
        Column(heading=words.phrase("One more"), kind="figure"),
        Column(heading=words.phrase("Holds up to"), kind="figure"),
        Column(heading=words.phrase("One less"), kind="figure"),
        Column(heading=words.phrase("Holds down to"), kind="figure"),
        Column(heading=words.phrase("100 000 more"), kind="figure"),
        Column(heading=words.phrase("100 000 less"), kind="figure"),
        Column(heading=words.phrase("In words"), kind="sentence"),
        Column(heading=words.phrase("Rows that already state it"), kind="code"),
    )
    return Sheet(
        name=name,
        title=title,
        notes=(note if held else not_held(len(rows), file, words),),
        columns=columns,
        rows=[
            _priced(run, r, words, binds=(r.get("step"), r["row"]) in binding)
            for r in (rows if held else ())
        ],
        frozen=2 + _stepped(run),
    )


def _priced(run: WorkbookRun, row: Row, words: Words, *, binds: bool) -> tuple[Value | Figure, ...]:
    unit = word(row["unit"])
    text = {k: cell(v) for k, v in row.items()}
    return (
        *_row_cells(run, row, unit, words),
        by_unit(row["limit"], unit),
        binds,
        row["priority"],
        "; ".join(_objectives(row, words)),
        unit_named(word(row["objective_unit"]), words),
        row["effect_of_one_more"],
        by_unit(row["holds_up_to"], unit),
        row["effect_of_one_less"],
        by_unit(row["holds_down_to"], unit),
        row["effect_per_100k_more"],
        row["effect_per_100k_less"],
        full_statement(text, words),
        row["same_as"],
    )


def _objectives(row: Row, words: Words) -> list[str]:
    names, kinds = word(row["objective"]).split(";"), word(row["objective_kind"]).split(";")
    return [objective_named(n, k, words) for n, k in zip(names, kinds, strict=True)]


def _one_more(run: WorkbookRun, name: str, title: str, words: Words) -> Sheet:
    """Lay out ``one_more.csv``: whole projects have no price, the scenario was solved again."""
    rows = list(run.tables["one_more"].records())
    columns = (
        *_row_columns(run, words),
        Column(heading=words.phrase("Limit"), kind="figure"),
        Column(heading=words.phrase("Limit moved to"), kind="figure"),
        Column(heading=words.phrase("Possible")),
        Column(heading=words.phrase("Effect on")),
        Column(heading=words.phrase("Counted in")),
        Column(heading=words.phrase("Change"), kind="figure"),
        Column(heading=words.phrase("In words"), kind="sentence"),
    )
    note = words.phrase(
        "Projects are taken whole, so that limits have no price: the scenario was solved again "
        "with each limit moved by one ({file}).",
        file="one_more.csv",
    )
    return Sheet(
        name=name,
        title=title,
        notes=(note,),
        columns=columns,
        rows=[
            (
                *_row_cells(run, r, word(r["unit"]), words),
                *(by_unit(r[k], word(r["unit"])) for k in ("limit", "moved_limit")),
                r["possible"],
                objective_named(word(r["objective"]), word(r["objective_kind"]), words),
                unit_named(word(r["objective_unit"]), words),
                r["change"],
                one_more_statement({k: cell(v) for k, v in r.items()}, words),
            )
            for r in rows
        ],
        frozen=2,
    )


def _stepped(run: WorkbookRun) -> bool:
    return "step" in run.tables["rules"].columns


def _row_columns(run: WorkbookRun, words: Words) -> tuple[Column, ...]:
    """Head what says which row it is."""
    return (
        *((Column(heading=words.phrase("Step"), kind="code"),) if _stepped(run) else ()),
        Column(heading=words.phrase("Rule"), kind="code"),
        Column(heading=words.phrase("Territory")),
        Column(heading=words.phrase("Kind")),
        Column(heading=words.phrase("Level")),
        Column(heading=words.phrase("Code"), kind="code"),
        Column(heading=words.phrase("Measure")),
        Column(heading=words.phrase("Year"), kind="whole"),
        Column(heading=words.phrase("Side")),
        Column(heading=words.phrase("Unit")),
    )


def _row_cells(
    run: WorkbookRun, row: Mapping[str, Value], unit: str, words: Words
) -> tuple[Value, ...]:
    level = word(row["level"])
    return (
        *((row["step"],) if _stepped(run) else ()),
        row["rule"],
        row["territory_name"],
        rule_kinds(words).get(word(row["kind"]), row["kind"]),
        codes(words).get(("level", level), level),
        row["territory"],
        row["measure"],
        row["year"],
        _sides(words).get(word(row["side"]), row["side"]),
        unit_word(unit, words),
    )


def _sides(words: Words) -> Mapping[str, str]:
    return {
        "at_least": words.term("side", "at least"),
        "at_most": words.term("side", "at most"),
        "equals": words.term("side", "exactly"),
        "held_back": words.term("side", "held back"),
    }
