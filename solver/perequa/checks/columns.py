"""Tables of figures read as columns over territories, measures and years."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa.checks.numbers import (
    ACCEPTED_NUMBERS,
    LEAST,
    MOST,
    is_in_range,
    is_missing,
    parse_number,
)
from perequa.checks.uses import STOCKS
from perequa_models.columns import Column
from perequa_models.problems import Cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.checks.uses import Uses
    from perequa.io.tables import RawTable
    from perequa_models.problems import Problems

Position = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """A table whose keys are resolved.

    Attributes
    ----------
    table
        The table as text.
    shape
        (N or 1, M or 1, Y or 1): 1 where the table has no such key.
    positions
        Position of each row in `shape`, None for a row whose key is wrong.
    names
        Columns that hold values.
    """

    table: RawTable
    shape: Position
    positions: Sequence[Position | None]
    names: tuple[str, ...]


def columns_of(keyed: Keyed, uses: Uses, problems: Problems, *, figures: bool) -> list[Column]:
    """Read the value columns of a table.

    Parameters
    ----------
    keyed
        The table with its keys resolved.
    uses
        Columns the scenario needs as figures.
    problems
        Grows with cells that are not numbers, and negative figures where none may be.
    figures
        Whether the table holds quantities unless its cells say otherwise (supply): a column whose
        cells are mostly numbers is then read as figures, and the others are errors.
    """
    return [_column(keyed, name, uses, problems, figures=figures) for name in keyed.names]


def _column(keyed: Keyed, name: str, uses: Uses, problems: Problems, *, figures: bool) -> Column:
    position = keyed.table.index(name)
    assert position is not None
    texts = [row[position] for row in keyed.table.rows]
    missing = [is_missing(text) for text in texts]
    numbers = [
        None if none else parse_number(text) for text, none in zip(texts, missing, strict=True)
    ]
    wrong = [i for i, number in enumerate(numbers) if number is None and not missing[i]]
    good = sum(number is not None for number in numbers)
    # a column of words named where figures are needed is told at that name, not at every cell
    needed = name in STOCKS or (name in uses.figures and (good > 0 or not wrong))
    if wrong and not needed and not (figures and good > len(wrong)):
        return _words(keyed, name, texts)
    for i in wrong:
        problems.error(
            "not_a_number",
            f"{name} is not a number",
            cell=Cell(keyed.table.key, i, name),
            received=texts[i],
            accepted=f"{ACCEPTED_NUMBERS}, or nothing",
            remedy="correct the cell, or leave it empty when the value is not known",
        )
    _refuse_figures(keyed, name, numbers, problems, positive=name in uses.positive or figures)
    values = np.full(keyed.shape, np.nan)
    rows = np.full(keyed.shape, -1, dtype=np.intp)
    placed = [i for i, at in enumerate(keyed.positions) if at is not None]
    if placed:
        at = tuple(np.array([keyed.positions[i] for i in placed]).T)
        rows[at] = placed
        values[at] = np.array([numbers[i] for i in placed], dtype=np.float64)
    return Column(name=name, table=keyed.table.key, values=values, rows=rows)


def _words(keyed: Keyed, name: str, texts: list[str]) -> Column:
    words = np.full(keyed.shape, None, dtype=object)
    rows = np.full(keyed.shape, -1, dtype=np.intp)
    for i, at in enumerate(keyed.positions):
        if at is not None:
            rows[at] = i
            words[at] = None if is_missing(texts[i]) else texts[i]
    return Column(name=name, table=keyed.table.key, values=words, rows=rows, is_text=True)


def _refuse_figures(
    keyed: Keyed,
    name: str,
    numbers: list[float | None],
    problems: Problems,
    *,
    positive: bool,
) -> None:
    """Note negative figures where none may be, and figures out of all proportion."""
    for i, number in enumerate(numbers):
        if number is None:
            continue
        if number < 0 and positive:
            problems.error(
                "negative_figure",
                f"{name} cannot be negative",
                cell=Cell(keyed.table.key, i, name),
                received=f"{number:g}",
                accepted="a number of at least 0, or nothing",
                remedy="correct the cell",
            )
        elif not is_in_range(number):
            problems.error(
                "out_of_range",
                f"{name} is out of all proportion",
                cell=Cell(keyed.table.key, i, name),
                received=f"{number:g}",
                accepted=f"0, or between {LEAST:g} and {MOST:g}",
                remedy="correct the cell",
            )
