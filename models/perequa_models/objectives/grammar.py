"""What every objective may state."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from perequa_models.strict import ColumnEquals, Name, Number, Strict, Text, Whole

Weighting = Literal["territory", "population"]


class ObjectiveSpec(Strict):
    """Options common to the objective kinds (scenario reference, section 5)."""

    kind: str
    title: Text | None = None
    source: Text | None = None
    priority: Annotated[Whole, Field(ge=1)] = 1
    weight: Annotated[Number, Field(ge=0)] = 1.0
    level: Text | None = None
    years: Literal["last", "all"] = "last"
    normalise: Literal["initial", "range", "none"] | Annotated[Number, Field(gt=0)] = "initial"
    territories: tuple[Text, ...] | ColumnEquals | None = None


class GapSpec(ObjectiveSpec):
    """An objective on the gap between a rate and its target."""

    indicator: Name
    level: Text
    weighting: Weighting | None = None
    target: Literal["national_initial", "national"] | Number | None = None
