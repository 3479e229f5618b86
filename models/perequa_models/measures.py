"""What is handed out: places of a category for a public, or money."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from perequa_models.rules.grammar import as_list
from perequa_models.strict import ColumnRef, Flag, Name, Number, Strict, Text, Whole


class PerDay(Strict):
    """A full-year cost stated as a daily price times a number of days."""

    per_day: Number
    days: Annotated[Number, Field(gt=0)] = 365.0


Rate = Number | ColumnRef | dict[Whole, Number]
"""A yearly rate: one for all, by territory, or by year."""


Headings = Annotated[tuple[Text, ...], BeforeValidator(as_list), Field(max_length=3)]
"""Where a payment system books a sum: its own names, the widest first."""


class Measure(Strict):
    """What is handed out: places of a category for a public, or money."""

    title: Text | None = None
    unit: Literal["place", "money"] = "place"
    cost: Number | ColumnRef | PerDay | None = None
    opening_months: Annotated[Whole, Field(ge=1, le=12)] = 12
    financed_share: Annotated[Number, Field(gt=0, le=1)] = 1.0
    envelope: Name | None = None
    rate: Rate | None = None
    recurrent: Flag = True
    ring_fenced: Flag = False
    minimum: Annotated[Number, Field(gt=0)] | None = None
    whole: Flag = False
    sub_envelope: Text | None = None
    headings: Headings = ()

    @model_validator(mode="after")
    def _cost_of_places(self) -> Measure:
        if self.unit == "place" and self.cost is None:
            raise ValueError("a measure counted in places needs a cost")
        if self.unit == "money" and self.cost is not None:
            raise ValueError("a measure counted in money has no cost: drop it")
        return self
