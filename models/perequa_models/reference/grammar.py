"""The language of ``reference.parts`` (scenario reference, section 7)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from perequa_models.strict import ColumnEquals, ColumnRef, Flag, Name, Number, Strict, Text, Whole


class MixTerm(Strict):
    """One share of a weighted mix; the weight may be negative."""

    column: Text
    weight: Number


class Mix(Strict):
    """A weighted sum of national shares, times a factor (the APA key)."""

    mix: Annotated[tuple[MixTerm, ...], Field(min_length=1)]
    times: Number = 1.0


class OfColumn(Strict):
    """So many times a column: 30 % of what was spent, what was received the year before."""

    column: Text
    times: Annotated[Number, Field(ge=0)] = 1.0


class BelowTarget(Strict):
    """Territories whose rate before the plan is below a target."""

    below: Literal["national_initial"] | Number


class NamedTerritories(Strict):
    """Territories named one by one."""

    territories: tuple[Text, ...]


class Part(Strict):
    """One part of a block: how much, by which key, for whom, within which bounds."""

    name: Name
    share: Annotated[Number, Field(ge=0, le=1)] | None = None
    amount: Annotated[Number, Field(ge=0)] | None = None
    rest: Flag = False
    basis: Literal["missing_places", "inverse_rate", "equal"] | ColumnRef | Mix
    indicator: Name | None = None
    target: Literal["national_initial"] | Number = "national_initial"
    at: Literal["before", "earlier_parts"] = "before"
    eligible: BelowTarget | NamedTerritories | ColumnEquals | None = None
    cap: Number | OfColumn | None = None
    cap_over: Literal["part", "block"] = "part"
    floor: Annotated[Number, Field(ge=0)] | OfColumn | None = None
    financed: Literal["first", "scale"] = "first"
    freed: Literal["same", "next", "keep"] = "same"
    negative: Literal["zero", "keep"] = "zero"

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
    amount: Annotated[Number, Field(ge=0)] | None = None
    in_: Literal["credits", "places"] | None = Field(default=None, alias="in")
    measure: Name | None = None
    year: Whole | None = None
    level: Text | None = None
    reserve: Literal["before", "after"] = "before"
    parts: Annotated[tuple[Part, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_total(self) -> ReferenceBlock:
        if (self.of is None) == (self.amount is None):
            raise ValueError("state exactly one of of and amount")
        if self.amount is not None and self.in_ is None:
            raise ValueError("amount needs in: credits or in: places")
        return self
