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
    divided_by: Text | None = None
    level: Text | None = None


class Prefer(Strict):
    """At equal merit, as many as can be of the first word of a column, then of the next."""

    column: Text
    order: Annotated[tuple[Text, ...], Field(min_length=1)]


class ProjectsTable(Strict):
    """The projects put forward, and the order of service among them.

    Without `merit` every project counts for one.
    """

    file: Text
    sheet: Text | None = None
    level: Text | None = None
    merit: ColumnRef | RatioMerit | None = None
    first: ColumnRef | None = None
    prefer: Annotated[tuple[Prefer, ...], BeforeValidator(as_list)] = ()
