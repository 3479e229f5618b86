"""Points of a sweep: drawn at random, laid on a lattice, or read from a table."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from perequa.checks.numbers import ACCEPTED_NUMBERS, parse_number
from perequa.io.findings import InvalidInput
from perequa.io.limits import TABLE_BYTES, read_within
from perequa.io.table_files import InputFile
from perequa.io.tables import read_table
from perequa.studies.sweep.varied import READERS, Varied, read_distribution
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from perequa.io.findings import Finding
    from perequa.io.tables import RawTable

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What is varied, and where.

    Attributes
    ----------
    varied
        What the columns are: weights of objectives, or factors by which figures are multiplied.
    names
        (D,) the objective or the figure of each column.
    points
        (N, D), in the order in which they are numbered; a column chosen is its position.
    choices
        The columns to choose from, by the figure whose place they take.
    """

    varied: Literal["weight", "factor"]
    names: tuple[str, ...]
    points: Floats
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def places(self) -> Floats:
        """Where the points stand, (N, D): the nearer two are, the less a solve has to do.

        Plans change with the ratios of weights, not with their differences: along 20 weights of the
        national benchmark a sixth of the pivots is saved.
        """
        if self.varied == "factor":
            return self.points
        return np.asarray(np.log(self.points / self.points.mean(axis=1, keepdims=True) + LITTLE))


LITTLE = 0.2
"""Share of the mean weight below which a weight hardly differs from none."""


def drawn(names: Sequence[str], count: int, seed: int) -> Design:
    """Draw weightings evenly from all that add up to 1 (Dirichlet with all parameters 1).

    Parameters
    ----------
    names
        The objectives weighted.
    count, seed
        How many; the same seed gives the same weightings, and a longer draw begins with them.
    """
    points = np.random.default_rng(seed).dirichlet(np.ones(len(names)), size=count)
    return Design(varied="weight", names=tuple(names), points=points)


def lattice(names: Sequence[str], most: int) -> Design:
    """Lay the finest regular grid that has at most so many weightings, all corners included.

    Every weight is a multiple of one step, and they add up to 1.

    Raises
    ------
    UsageError
        When there are fewer points than corners.
    """
    size = len(names)
    if most < size:
        message = f"--samples {most}: a lattice over {size} objectives has at least {size} points"
        raise UsageError(message)
    steps = 1
    while math.comb(steps + size, size - 1) <= most:
        steps += 1
    # a weighting is where the bars stand between the steps
    bars = np.array(list(combinations(range(steps + size - 1), size - 1)), dtype=np.float64)
    ends = np.full((len(bars), 1), steps + size - 1.0)
    laid = np.diff(np.hstack([np.full((len(bars), 1), -1.0), bars, ends]), axis=1) - 1.0
    return Design(varied="weight", names=tuple(names), points=laid / steps)


def read_design_file(written: str) -> InputFile:
    """Read the bytes of a design.

    Raises
    ------
    InvalidInput
        When there is no such file.
    """
    path = Path(written)
    return InputFile(key=path.name, path=path, content=read_within(path, str(path), TABLE_BYTES))


def read_design(file: InputFile) -> RawTable:
    """Read the table of a design as text.

    Raises
    ------
    InvalidInput
        With everything wrong with its shape.
    """
    return read_table(file, str(file.path), None, "design")


def distributions_of(table: RawTable) -> tuple[Varied, ...] | None:
    """Read a table that states a distribution for each figure; None where it holds points.

    Raises
    ------
    InvalidInput
        With every distribution that cannot be read.
    """
    if set(table.header) != DISTRIBUTED:
        return None
    named, stated = (table.header.index(column) for column in ("figure", "distribution"))
    found, wrong = [], []
    for i, row in enumerate(table.rows):
        try:
            found.append(
                Varied(
                    figure=row[named],
                    distribution=read_distribution(row[stated], row[named]),
                    written=row[stated],
                )
            )
        except UsageError as error:
            wrong.append(_not_a_distribution(table, i, str(error)))
    if wrong:
        raise InvalidInput(wrong)
    return tuple(found)


def _not_a_distribution(table: RawTable, row: int, message: str) -> Finding:
    return table.finding(
        "not_a_distribution",
        message,
        row,
        "distribution",
        received=table.rows[row][table.header.index("distribution")],
        accepted=", ".join(READERS),
        remedy="correct the cell",
    )


DISTRIBUTED = frozenset({"figure", "distribution"})
"""Columns of a table that states how figures are drawn."""


def design_of(table: RawTable, objectives: Collection[str]) -> Design:
    """Read points: one column for each thing varied and one row for each point.

    Parameters
    ----------
    table
        The design.
    objectives
        Those of the scenario: where a column is named like one, all columns are weights.

    Raises
    ------
    InvalidInput
        With every cell that is not a number ≥ 0.
    """
    figures = [[parse_number(text) for text in row] for row in table.rows]
    wrong = [
        _not_a_number(table, row, column)
        for row, found in enumerate(figures)
        for column, figure in zip(table.header, found, strict=True)
        if figure is None or figure < 0.0
    ]
    if wrong:
        raise InvalidInput(wrong)
    weights = any(name in objectives for name in table.header)
    return Design(
        varied="weight" if weights else "factor",
        names=table.header,
        points=np.array(figures, dtype=np.float64),
    )


def _not_a_number(table: RawTable, row: int, column: str) -> Finding:
    return table.finding(
        "not_a_number",
        f"{column} is not a number ≥ 0",
        row,
        column,
        received=table.rows[row][table.header.index(column)],
        accepted=ACCEPTED_NUMBERS,
        remedy="correct the cell",
    )
