"""The grammar common to all rules: selectors, bounds, groups."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from perequa_models.strict import ColumnEquals, ColumnRef, Flag, Number, Strict, Text, Whole

Quantity = Literal[
    "places", "credits", "full_year_credits", "stock", "budget", "projects", "freed_places"
]
"""What a row sums: x, k, f, S or G of the scenario reference, section 2; projects taken; or the
places that they free elsewhere."""


class ColumnBound(Strict):
    """A limit read from a column: value times `times` plus `plus`."""

    column: Text
    times: Number = 1.0
    plus: Number = 0.0
    missing: Literal["error", "skip"] = "error"


class FileBound(Strict):
    """A limit read from a table whose columns are the group's keys and ``limit``."""

    file: Text
    sheet: Text | None = None


Bound = Number | ColumnBound | FileBound | Literal["built"]
"""A number, a column, a table; `built`: the envelope as the lines of the campaign build it."""


class Adjust(Strict):
    """Moves the limit of single rows by `plus`; absent keys match every row.

    `side` tells apart the two rows of a group that has a floor and a cap in one rule.
    """

    territory: Text | None = None
    measure: Text | None = None
    year: Whole | None = None
    side: Literal["at_least", "at_most", "equals"] | None = None
    plus: Number


class IndicatorCondition(Strict):
    """Territories whose rate before the plan is below (or above) a target."""

    indicator: Text
    below: Literal["national_initial"] | Number | None = None
    above: Literal["national_initial"] | Number | None = None

    @model_validator(mode="after")
    def _one_side(self) -> IndicatorCondition:
        if (self.below is None) == (self.above is None):
            raise ValueError("state exactly one of below and above")
        return self


def as_list(value: Any) -> Any:  # noqa: ANN401 - whatever the scenario holds
    """Read a single item as a list of one."""
    return value if isinstance(value, list | tuple) or value is None else [value]


By = Annotated[tuple[Text | ColumnRef, ...], BeforeValidator(as_list)]


class RuleSpec(Strict):
    """What every rule may state; the kinds add their own options.

    A row is written for each group of `by` and each bound stated.
    """

    kind: str
    active: Flag = True
    title: Text | None = None
    source: Text | None = None
    at_least: Bound | None = None
    at_most: Bound | None = None
    equals: Bound | None = None
    territories: tuple[Text, ...] | ColumnEquals | None = None
    measure: Text | None = None
    measures: tuple[Text, ...] | None = None
    envelope: Text | None = None
    year: Whole | None = None
    years: tuple[Whole, ...] | None = None
    where: IndicatorCondition | ColumnEquals | None = None
    by: By = ()
    in_: Quantity | None = Field(default=None, alias="in")
    adjust: tuple[Adjust, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> RuleSpec:
        if self.measure is not None and self.measures is not None:
            raise ValueError("state measure or measures, not both")
        if self.year is not None and self.years is not None:
            raise ValueError("state year or years, not both")
        if self.equals is not None and (self.at_least is not None or self.at_most is not None):
            raise ValueError("equals stands alone: drop at_least and at_most, or equals")
        return self
