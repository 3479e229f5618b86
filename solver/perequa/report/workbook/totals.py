"""What is shared out in all: sums of the plan as formulas, with the figures of the run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from perequa.report.headings import codes
from perequa.report.layout import word
from perequa.report.page.decided import total_name
from perequa.report.workbook.above import ZONE, identifier
from perequa.report.workbook.allocation import (
    amount_columns,
    amounts,
    kept_amounts,
    money_measures,
)
from perequa.report.workbook.sheets import (
    Column,
    Figure,
    Formula,
    Sheet,
    fits,
    letters,
    not_held,
    total,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perequa.interpret.tables import Value
    from perequa.report.workbook.allocation import Row
    from perequa.report.workbook.reading import WorkbookRun
    from perequa.words import Words

NATION = "nation"
CLOSE = 1e-9
"""Share of a figure by which a sum of its parts may differ from it: they are rounded apart."""
UNSAFE = frozenset("*?~<>=")
"""Marks that a condition of a spreadsheet does not take for themselves."""
TRUTHS = frozenset({"true", "false", "vrai", "faux"})

Group = tuple[str, str, str, str, str]
"""Step, level, identifier, measure and year of a sum."""


def totals(run: WorkbookRun, allocation: Sheet, words: Words) -> Sheet:
    """Lay out ``totals.csv``; what adds up lines of the plan is a formula over their sheet.

    Parameters
    ----------
    run
        The run.
    allocation
        The sheet of the plan.
    words
        Language of the sheet.
    """
    table = run.tables["totals"]
    rows = list(table.records())
    held = fits(rows)
    kept = tuple(c.key for c in allocation.columns if c.key in kept_amounts(rows))
    kept += tuple(k for k in kept_amounts(rows) if k not in kept)
    stepped = "step" in table.columns
    columns = (
        *((Column(heading=words.phrase("Step"), kind="code", key="step"),) if stepped else ()),
        Column(heading=words.phrase("Level"), key="level"),
        Column(heading=words.phrase("Of"), key="name"),
        Column(heading=words.phrase("Identifier"), kind="code", key="identifier"),
        Column(heading=words.phrase("Measure"), key="measure"),
        Column(heading=words.phrase("Year"), kind="whole", key="year"),
        *amount_columns(kept, words, summed=False),
    )
    sheet = Sheet(
        name=words.term("sheet", "Totals"),
        title=words.phrase("What is shared out in all, and what is not"),
        notes=(
            words.phrase(
                "Sums of the plan are formulas over the sheet {sheet}; other lines are figures of "
                "{file}. Lines overlap: they do not add up to one another.",
                sheet=allocation.name,
                file="totals.csv",
            )
            if held
            else not_held(len(rows), "totals.csv", words),
        ),
        columns=columns,
        rows=(),
        frozen=len(columns) - len(kept),
    )
    if not held:
        return sheet
    return replace(sheet, rows=list(_Lines(run, allocation, sheet, kept, words).of(rows)))


class _Lines:
    """Writes the lines of the totals.

    Parameters
    ----------
    run, allocation
        The run, and the sheet of its plan.
    sheet
        Where the lines stand.
    kept
        Columns of figures.
    words
        Language of the sheet.
    """

    def __init__(
        self, run: WorkbookRun, allocation: Sheet, sheet: Sheet, kept: Sequence[str], words: Words
    ) -> None:
        self.run, self.allocation, self.sheet, self.kept = run, allocation, sheet, kept
        self.words = words
        self.money = money_measures(run)
        self.stepped = any(column.key == "step" for column in sheet.columns)
        self.levels = [c.key for c in allocation.columns if c.key in (ZONE, *run.above.levels)]
        self.sums = _summed(run, self.levels, kept) if allocation.rows else {}

    def of(self, rows: Sequence[Row]) -> Iterator[list[Value | Figure | Formula]]:
        """Yield the lines, from the first below the headings."""
        coded = codes(self.words)
        for line, row in enumerate(rows, self.sheet.heading_row + 2):
            level = word(row["level"])
            figures = amounts(row, self.kept, self.money)
            yield [
                *((row["step"],) if self.stepped else ()),
                coded.get(("level", level), level),
                total_name(row, self.words),
                "" if level == NATION else identifier(level, word(row["territory"])),
                row["measure"],
                row["year"],
                *(
                    self._figure(row, key, figure, line)
                    for key, figure in zip(self.kept, figures, strict=True)
                ),
            ]

    def _figure(
        self, row: Row, key: str, figure: Value | Figure, line: int
    ) -> Value | Figure | Formula:
        """Write a figure as the sum it is, or as itself where no formula can write that."""
        level, value = word(row["level"]), row[key]
        below = level == NATION and not row["territory"]
        if not isinstance(value, float) or not (below or level in self.levels):
            return figure
        summed = self.sums.get(_group(row, level, identifier(level, word(row["territory"]))))
        if summed is None or key not in summed:
            return figure
        if abs(summed[key] - value) > CLOSE * max(1.0, abs(value)):
            return figure
        return Formula(
            text=self._formula(level, key, line),
            value=value,
            kind=figure.kind if isinstance(figure, Figure) else None,
        )

    def _formula(self, level: str, key: str, line: int) -> str:
        by = {"measure": "measure", "year": "year"}
        if self.stepped:
            by["step"] = "step"
        if level != NATION:
            by[level] = "identifier"
        conditions = ",".join(
            f"{self.allocation.cells_of(there)},${letters(self._at(here))}{line}"
            for there, here in by.items()
        )
        return f"SUMIFS({self.allocation.cells_of(key)},{conditions})"

    def _at(self, key: str) -> int:
        return next(i for i, column in enumerate(self.sheet.columns) if column.key == key)


def _summed(
    run: WorkbookRun, levels: Sequence[str], kept: Sequence[str]
) -> Mapping[Group, Mapping[str, float]]:
    """Add up the plan by every group that a formula can name, as the formula would."""
    held: dict[Group, dict[str, list[Value]]] = defaultdict(lambda: defaultdict(list))
    for row in run.tables["allocation"].records():
        above = run.above.of(word(row["level"]), word(row["territory"]))
        groups = [_group(row, NATION, "")]
        groups += [_group(row, level, above[level][1]) for level in levels if level in above]
        for group in groups:
            if not _misread(group):
                for key in kept:
                    held[group][key].append(row[key])
    return {group: {k: total(v) for k, v in parts.items()} for group, parts in held.items()}


def _group(row: Row, level: str, identified: str) -> Group:
    """Name a group as conditions compare: whatever the case of letters."""
    step = word(row.get("step")).casefold()
    held = "" if level == NATION else identified.casefold()
    return step, level, held, word(row["measure"]).casefold(), word(row["year"])


def _misread(group: Group) -> bool:
    """Whether a spreadsheet takes a name for a pattern, a comparison or a truth value."""
    names = (group[0], group[2], group[3])
    return any(UNSAFE & set(name) or name in TRUTHS for name in names)
