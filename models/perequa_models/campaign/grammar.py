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
    """Where the sum enters the envelope: `base`, `transfers`, `new_money`, `one_off_money`,
    `savings` or `reserve`."""
    amount: Amount
    """The sum, in the currency: a column, or a number for one territory; without `territories`,
    one that all of them have together."""
    title: Text | None = None
    """Name of the line in full."""
    source: Text | None = None
    """Text that states the line."""
    envelope: Name | None = None
    """Name of the envelope that the sum enters; the only one where it is left out."""
    territories: tuple[Text, ...] | None = None
    """Territories of the campaign's level that the line concerns (`level:code`); all where it
    is left out."""
    year: Whole | None = None
    """The one year that the line concerns."""
    years: tuple[Whole, ...] | None = None
    """Years that the line concerns, all of the plan where none is stated; not beside `year`."""
    months: Annotated[Whole, Field(ge=1, le=12)] = 12
    """Months that `new_money` pays in its year, from 1 to 12; the rest follows a year later."""
    from_: Text | None = Field(default=None, alias="from")
    """Where the money of `transfers` comes from; another envelope of the scenario loses as much."""
    because: Text | None = None
    """Why the money moves."""
    both_ways: Flag = False
    """`true`: money may also move back between the two envelopes."""
    sub_envelope: Text | None = None
    """Part of the envelope in which a payment system books the line."""
    headings: Headings = ()
    """Headings under which a payment system books it, the widest first: one, or up to three."""

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
    """Name of the delivery in full."""
    date: Text | None = None
    """When the money is delivered, in words."""
    envelope: Name | None = None
    """Name of the envelope that is delivered; all where it is left out."""
    year: Whole | None = None
    """Year whose envelopes are delivered; the only one where it is left out."""
    lines: Annotated[tuple[Text, ...], BeforeValidator(as_list)] = ()
    """Lines that are delivered: of the construction, measures or lines of the campaign; all
    where it is left out."""
    share: Annotated[Number, Field(ge=0, le=1)] = 1.0
    """Part of these lines that is delivered, from 0 to 1."""
    amount: Amount | None = None
    """Sum delivered, in the currency, instead of `lines` and `share`: a number, or a column."""
    number: Annotated[Whole, Field(ge=1)] | None = None
    """Number of the notification, at least 1; each of an envelope and year has its own."""
    effective: Day | None = None
    """Day from which the delivery counts, written `2004-08-30`."""

    @model_validator(mode="after")
    def _one_size(self) -> Delegation:
        if self.amount is not None and (self.lines or self.share != 1.0):
            raise ValueError("an amount stands alone: drop lines and share, or amount")
        return self


class Campaign(Strict):
    """How the envelopes of the territories of one level are built and delivered."""

    level: Text | None = None
    """Level whose territories have an envelope each; the top where it is left out."""
    lines: dict[Name, CampaignLine] = Field(default_factory=dict)
    """Sums that enter the envelopes beside what measures renew and hand out, by name."""
    delegations: dict[Name, Delegation] = Field(default_factory=dict)
    """The year's deliveries of the envelopes, by name and in order."""
