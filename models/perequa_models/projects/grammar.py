"""The section `projects` of a scenario: where the projects stand, and in which order they serve."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from perequa_models.rules.grammar import as_list
from perequa_models.strict import ColumnRef, Strict, Text

Operation = Literal["extension", "creation", "conversion"]


class RatioMerit(Strict):
    """Merit as a ratio, divided again by a rate: ``{ratio: [A, B], divided_by: RATE}``.

    Each name is a column of figures of the projects, else of the territories; the rate may also be
    an indicator. Figures of territories are those of the project's own, or of its ancestor at
    `level`.
    """

    ratio: Annotated[tuple[Text, ...], Field(min_length=2, max_length=2)]
    """What is divided by what: two columns of the projects, else of the territories."""
    divided_by: Text | None = None
    """Rate that divides the ratio again: a column, or an indicator before the plan."""
    level: Text | None = None
    """Level of the territory above the project whose figures are read; its own where it is left
    out."""


class Prefer(Strict):
    """At equal merit, as many as can be of the first word of a column, then of the next."""

    column: Text
    """Column of the projects that is looked at, or `measure`, `operation` or `group`."""
    order: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Words of the column, the preferred one first; words that are not listed come last."""


class ProjectsTable(Strict):
    """The projects put forward, and the order of service among them.

    Without `merit` every project counts for one.
    """

    file: Text
    """Path of the table of projects, one row each, from the folder of this file."""
    sheet: Text | None = None
    """Name of the sheet, where the file is a workbook."""
    level: Text | None = None
    """Level of the territories whose codes the table holds, where a bare code would be unclear."""
    merit: ColumnRef | RatioMerit | None = None
    """What taking a project is worth: a column, or a ratio; each counts for one where it is
    left out."""
    first: ColumnRef | None = None
    """Column of the classes that are served first: yes or no, or 1, 2 and so on."""
    prefer: Annotated[tuple[Prefer, ...], BeforeValidator(as_list)] = ()
    """What goes first at equal merit, one preference after another."""
