"""What a scenario says of its campaign: lines that no measure hands out, and deliveries."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from perequa_models.measures import Headings
from perequa_models.rules.grammar import ColumnBound, as_list
from perequa_models.strict import Flag, Name, Number, Strict, Text, Whole

Enters = Literal["base", "transfers", "new_money", "one_off_money", "savings", "reserve"]
"""Where a line enters the construction of an envelope."""

Amount = Number | ColumnBound
"""A number, or a column of amounts; a territory without a value is skipped where it says so."""


def _day(text: str) -> str:
    """Refuse what is no day of the calendar, written year, month, day."""
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise ValueError("a day is written 2004-08-30: year, month, day")
    return text


Day = Annotated[Text, AfterValidator(_day)]
"""A day of the calendar, ``2004-08-30``."""


class CampaignLine(Strict):
    """A sum that enters the envelopes of the territories, beside what measures hand out.

    `from_` names where money comes from: another envelope of the scenario loses as much.
    """

    enters: Enters
    amount: Amount
    title: Text | None = None
    source: Text | None = None
    envelope: Name | None = None
    territories: tuple[Text, ...] | None = None
    year: Whole | None = None
    years: tuple[Whole, ...] | None = None
    months: Annotated[Whole, Field(ge=1, le=12)] = 12
    from_: Text | None = Field(default=None, alias="from")
    because: Text | None = None
    both_ways: Flag = False
    sub_envelope: Text | None = None
    headings: Headings = ()

    @model_validator(mode="after")
    def _consistent(self) -> CampaignLine:
        if self.year is not None and self.years is not None:
            raise ValueError("state year or years, not both")
        if self.months != 12 and self.enters != "new_money":
            raise ValueError("months are those that new_money pays: drop months")
        return self


class Delegation(Strict):
    """One of the year's deliveries of the envelopes: some of their lines, or an amount."""

    title: Text | None = None
    date: Text | None = None
    envelope: Name | None = None
    year: Whole | None = None
    lines: Annotated[tuple[Text, ...], BeforeValidator(as_list)] = ()
    share: Annotated[Number, Field(ge=0, le=1)] = 1.0
    amount: Amount | None = None
    number: Annotated[Whole, Field(ge=1)] | None = None
    effective: Day | None = None

    @model_validator(mode="after")
    def _one_size(self) -> Delegation:
        if self.amount is not None and (self.lines or self.share != 1.0):
            raise ValueError("an amount stands alone: drop lines and share, or amount")
        return self


class Campaign(Strict):
    """How the envelopes of the territories of one level are built and delivered."""

    level: Text | None = None
    lines: dict[Name, CampaignLine] = Field(default_factory=dict)
    delegations: dict[Name, Delegation] = Field(default_factory=dict)
