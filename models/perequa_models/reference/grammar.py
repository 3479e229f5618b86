"""The language of ``reference.parts`` (scenario reference, section 7)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from perequa_models.strict import ColumnEquals, ColumnRef, Flag, Name, Number, Strict, Text, Whole


class MixTerm(Strict):
    """One share of a weighted mix; the weight may be negative."""

    column: Text
    """Column of quantities; each territory counts for its share of the national sum."""
    weight: Number
    """Weight of that share in the mix; it may be below 0."""


class Mix(Strict):
    """A weighted sum of national shares, times a factor (the APA key)."""

    mix: Annotated[tuple[MixTerm, ...], Field(min_length=1)]
    """Columns and their weights, whose weighted shares are added up."""
    times: Number = 1.0
    """Number that multiplies the sum."""


class OfColumn(Strict):
    """So many times a column: 30 % of what was spent, what was received the year before."""

    column: Text
    """Column of a quantity; values below 0 count as 0."""
    times: Annotated[Number, Field(ge=0)] = 1.0
    """Number that multiplies the column, 0 or more: 0.3 for 30 %."""


class BelowTarget(Strict):
    """Territories whose rate before the plan is below a target."""

    below: Literal["national_initial"] | Number
    """Territories whose rate before the plan is strictly below this take part:
    `national_initial` or a number."""


class NamedTerritories(Strict):
    """Territories named one by one."""

    territories: tuple[Text, ...]
    """Territories that take part (`level:code`), with those below them."""


class Part(Strict):
    """One part of a block: how much, by which key, for whom, within which bounds."""

    name: Name
    """Name of the part in the results."""
    share: Annotated[Number, Field(ge=0, le=1)] | None = None
    """Size of the part as a share of the block, from 0 to 1; exactly one of `share`, `amount`
    and `rest`."""
    amount: Annotated[Number, Field(ge=0)] | None = None
    """Size of the part in the unit of the block, 0 or more; exactly one of `share`, `amount`
    and `rest`."""
    rest: Flag = False
    """`true`: the part is what the others leave; the last part only."""
    basis: Literal["missing_places", "inverse_rate", "equal"] | ColumnRef | Mix
    """What the part is shared in proportion to: `missing_places`, `inverse_rate`, `equal`, a
    column, or a mix of columns."""
    indicator: Name | None = None
    """Name of the indicator whose rate is looked at, by `missing_places`, `inverse_rate` and
    `below`."""
    target: Literal["national_initial"] | Number = "national_initial"
    """Rate that places are missing to, or that is divided by the rate: `national_initial` or a
    number."""
    at: Literal["before", "earlier_parts"] = "before"
    """The rate looked at: `before` the plan, or with what the `earlier_parts` of the block give."""
    eligible: BelowTarget | NamedTerritories | ColumnEquals | None = None
    """Who takes part: territories below a rate, named one by one, or where a column holds a
    value; all where it is left out."""
    cap: Number | OfColumn | None = None
    """Most that a territory may get, in the unit of the block: a number, or so many times a
    column."""
    cap_over: Literal["part", "block"] = "part"
    """What the cap holds for: this `part`, or `block`, this part and the earlier ones together."""
    floor: Annotated[Number, Field(ge=0)] | OfColumn | None = None
    """Least that each eligible territory gets from this part, in the unit of the block: a
    number, or so many times a column."""
    financed: Literal["first", "scale"] = "first"
    """How floors are paid: `first`, before the rest is shared, or `scale`, by those above their
    floor."""
    freed: Literal["same", "next", "keep"] = "same"
    """Where what a cap stops goes: to the `same` part, to the `next` one, or nowhere (`keep`)."""
    negative: Literal["zero", "keep"] = "zero"
    """What a mix below 0 becomes: `zero`, with the others scaled down to the same sum, or
    `keep`."""

    @model_validator(mode="after")
    def _one_size(self) -> Part:
        stated = (self.share is not None) + (self.amount is not None) + self.rest
        if stated != 1:
            raise ValueError("state exactly one of share, amount and rest")
        if self.basis in {"missing_places", "inverse_rate"} and self.indicator is None:
            raise ValueError(f"basis: {self.basis} needs an indicator")
        if self.at == "earlier_parts" and self.indicator is None:
            raise ValueError("at: earlier_parts needs an indicator, whose rate is looked at")
        return self


class ReferenceBlock(Strict):
    """What the circular's formula shares out, and in which parts."""

    of: Name | None = None
    """Name of the rule whose limit is shared out; exactly one of `of` and `amount`."""
    amount: Annotated[Number, Field(ge=0)] | None = None
    """Amount that is shared out, 0 or more, in the unit `in`; exactly one of `of` and `amount`."""
    in_: Literal["credits", "places"] | None = Field(default=None, alias="in")
    """Unit of what is shared out: `credits` or `places`; required beside `amount`."""
    measure: Name | None = None
    """Name of the measure that is shared out; the only one where it is left out."""
    year: Whole | None = None
    """Year in which it is shared out; the only one where it is left out."""
    level: Text | None = None
    """Level between whose territories it is shared out; the level that decides where it is left
    out."""
    reserve: Literal["before", "after"] = "before"
    """When the reserves of `of` are taken off: `before` the parts share, or `after`."""
    parts: Annotated[tuple[Part, ...], Field(min_length=1)]
    """Parts of the block, in order; one at least."""

    @model_validator(mode="after")
    def _one_total(self) -> ReferenceBlock:
        if (self.of is None) == (self.amount is None):
            raise ValueError("state exactly one of of and amount")
        if self.amount is not None and self.in_ is None:
            raise ValueError("amount needs in: credits or in: places")
        return self
