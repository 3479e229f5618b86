"""What every objective may state."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from perequa_models.strict import ColumnEquals, Name, Number, Strict, Text, Whole

Weighting = Literal["territory", "population"]


class ObjectiveSpec(Strict):
    """Options common to the objective kinds (scenario reference, section 5)."""

    kind: str
    """What is minimised."""
    title: Text | None = None
    """Name of the objective in full."""
    source: Text | None = None
    """Text that states the aim."""
    priority: Annotated[Whole, Field(ge=1)] = 1
    """Order of service, 1 first: a later priority chooses among the plans that are best for the
    earlier ones."""
    weight: Annotated[Number, Field(ge=0)] = 1.0
    """Weight among the objectives of the same priority, 0 or more; with 0 it is reported and
    not optimised."""
    level: Text | None = None
    """Level whose territories are compared, not finer than the level that decides."""
    years: Literal["last", "all"] = "last"
    """Which years count: the `last`, or `all`, their mean."""
    normalise: Literal["initial", "range", "none"] | Annotated[Number, Field(gt=0)] = "initial"
    """What the objective is divided by among those of its priority: `initial`, its value before
    the plan, `range`, that less its own best, `none`, or a number above 0."""
    territories: tuple[Text, ...] | ColumnEquals | None = None
    """Territories that are compared: a list of `level:code`, or those where a column holds a
    value; all where it is left out."""


class GapSpec(ObjectiveSpec):
    """An objective on the gap between a rate and its target."""

    indicator: Name
    """Name of the indicator whose rates are compared."""
    level: Text
    weighting: Weighting | None = None
    """What a territory weighs: `territory`, each the same, or `population`; by kind where it is
    left out."""
    target: Literal["national_initial", "national"] | Number | None = None
    """Rate that is aimed at: `national_initial`, `national` (that of the plan itself) or a
    number; that of the indicator where it is left out."""
