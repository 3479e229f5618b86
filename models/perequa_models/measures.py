"""What is handed out: places of a category for a public, or money."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from perequa_models.rules.grammar import as_list
from perequa_models.strict import ColumnRef, Flag, Name, Number, Strict, Text, Whole


class PerDay(Strict):
    """A full-year cost stated as a daily price times a number of days."""

    per_day: Number
    """Price of a day, in the currency."""
    days: Annotated[Number, Field(gt=0)] = 365.0
    """Days paid in a full year, above 0."""


Rate = Number | ColumnRef | dict[Whole, Number]
"""A yearly rate: one for all, by territory, or by year."""


Headings = Annotated[tuple[Text, ...], BeforeValidator(as_list), Field(max_length=3)]
"""Where a payment system books a sum: its own names, the widest first."""


class Measure(Strict):
    """What is handed out: places of a category for a public, or money."""

    title: Text | None = None
    """Name of the measure in full."""
    unit: Literal["place", "money"] = "place"
    """What is handed out: `place`, or `money`, a yearly amount of credits."""
    cost: Number | ColumnRef | PerDay | None = None
    """Cost of one place over a full year, in the currency: a number, a column, or `per_day` and
    `days`; required for places, refused for money."""
    opening_months: Annotated[Whole, Field(ge=1, le=12)] = 12
    """Months paid in the year in which a place opens, from 1 to 12."""
    financed_share: Annotated[Number, Field(gt=0, le=1)] = 1.0
    """Part of the cost that the envelope pays, above 0 and at most 1."""
    envelope: Name | None = None
    """Name of the closed total that the measure belongs to."""
    rate: Rate | None = None
    """Yearly rate of the renewed budget, 0.01 for 1 %: a number, a column, or a number by year;
    that of the envelope where it is left out."""
    recurrent: Flag = True
    """`false`: one-off credits, which are not renewed the next year."""
    ring_fenced: Flag = False
    """`true`: the measure's money may go nowhere else and is no part of the regional margin."""
    minimum: Annotated[Number, Field(gt=0)] | None = None
    """Least number of places of an opening, above 0; only plans of whole places keep it."""
    whole: Flag = False
    """`true`: places of this measure are also planned whole; no effect on money."""
    sub_envelope: Text | None = None
    """Part of the envelope in which a payment system books the measure."""
    headings: Headings = ()
    """Headings under which a payment system books it, the widest first: one, or up to three."""

    @model_validator(mode="after")
    def _cost_of_places(self) -> Measure:
        if self.unit == "place" and self.cost is None:
            raise ValueError("a measure counted in places needs a cost")
        if self.unit == "money" and self.cost is not None:
            raise ValueError("a measure counted in money has no cost: drop it")
        return self
