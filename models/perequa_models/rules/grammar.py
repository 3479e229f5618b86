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
    """Name of the column that is read; summed over the group."""
    times: Number = 1.0
    """Number that multiplies the column."""
    plus: Number = 0.0
    """Number that is added after `times`."""
    missing: Literal["error", "skip"] = "error"
    """What a group without a value is: `error`, or `skip`, which leaves the group out."""


class FileBound(Strict):
    """A limit read from a table whose columns are the group's keys and ``limit``."""

    file: Text
    """Path of a table with the column `limit` and those that name a group (`territory` or a
    level, `measure`, `year`)."""
    sheet: Text | None = None
    """Name of the sheet, where the file is a workbook."""


Bound = Number | ColumnBound | FileBound | Literal["built"]
"""A number, a column, a table; `built`: the envelope as the lines of the campaign build it."""


class Adjust(Strict):
    """Moves the limit of single rows by `plus`; absent keys match every row.

    `side` tells apart the two rows of a group that has a floor and a cap in one rule.
    """

    territory: Text | None = None
    """Territory of the rows that move (`level:code`); every row where it is left out."""
    measure: Text | None = None
    """Measure of the rows that move; every row where it is left out."""
    year: Whole | None = None
    """Year of the rows that move; every row where it is left out."""
    side: Literal["at_least", "at_most", "equals"] | None = None
    """Side of the rows that move, where one rule states a floor and a cap: `at_least`,
    `at_most` or `equals`."""
    plus: Number
    """Number added to the limit, in the unit of the row."""


class IndicatorCondition(Strict):
    """Territories whose rate before the plan is below (or above) a target."""

    indicator: Text
    """Name of the indicator whose rate before the plan is looked at, at the level that decides."""
    below: Literal["national_initial"] | Number | None = None
    """Keeps the territories strictly below this rate: `national_initial` or a number; not
    beside `above`."""
    above: Literal["national_initial"] | Number | None = None
    """Keeps the territories strictly above this rate: `national_initial` or a number; not
    beside `below`."""

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
    """What the rule is."""
    active: Flag = True
    """`false`: the rule is set aside and bounds nothing."""
    title: Text | None = None
    """Name of the rule in full, shown in results."""
    source: Text | None = None
    """Text that states the rule."""
    at_least: Bound | None = None
    """Least that each group may come to: a number in the rule's unit, a column, or a table."""
    at_most: Bound | None = None
    """Most that each group may come to: a number in the rule's unit, a column, a table, or
    `built` for an envelope of the campaign."""
    equals: Bound | None = None
    """What each group must come to exactly: a number in the rule's unit, a column, or a table;
    not beside another limit."""
    territories: tuple[Text, ...] | ColumnEquals | None = None
    """Territories that the rule speaks of: a list of `level:code`, or those where a column
    holds a value; all where it is left out."""
    measure: Text | None = None
    """The one measure that the rule speaks of; all where it is left out."""
    measures: tuple[Text, ...] | None = None
    """Measures that the rule speaks of, all where none is stated; not beside `measure`."""
    envelope: Text | None = None
    """The rule speaks of the measures of this envelope; all where it is left out."""
    year: Whole | None = None
    """The one year that the rule speaks of; all where it is left out."""
    years: tuple[Whole, ...] | None = None
    """Years that the rule speaks of, all where none is stated; not beside `year`."""
    where: IndicatorCondition | ColumnEquals | None = None
    """Keeps the territories that meet a condition before the plan: on an indicator, or on a
    column."""
    by: By = ()
    """One limit for each of these: `territory` or a level, `measure`, `envelope`, `year`, or a
    column alone; one limit for all where it is left out."""
    in_: Quantity | None = Field(default=None, alias="in")
    """What is summed: `places` newly funded, `credits` of the year, `full_year_credits`,
    `stock` of places, `budget`, `projects` taken or `freed_places`; by kind where it is left
    out."""
    adjust: tuple[Adjust, ...] = ()
    """Moves the limits of single rows, to check a price by hand."""

    @model_validator(mode="after")
    def _consistent(self) -> RuleSpec:
        if self.measure is not None and self.measures is not None:
            raise ValueError("state measure or measures, not both")
        if self.year is not None and self.years is not None:
            raise ValueError("state year or years, not both")
        if self.equals is not None and (self.at_least is not None or self.at_most is not None):
            raise ValueError("equals stands alone: drop at_least and at_most, or equals")
        return self
