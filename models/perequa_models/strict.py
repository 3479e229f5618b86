"""The base of every section of a scenario: frozen, no unknown keys, no silent conversions."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic import Strict as StrictType


class Strict(BaseModel):
    """A frozen mapping that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


Text = Annotated[str, StringConstraints(strict=True, min_length=1)]
"""Text as written; a bare number is refused (codes such as 01 must stay text)."""

Name = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
"""Name of a rule, objective, measure, indicator or variant."""

Number = Annotated[float, StrictType(), Field(allow_inf_nan=False)]
"""A finite number; text and booleans are refused."""

Whole = Annotated[int, StrictType()]
"""A whole number."""

Flag = Annotated[bool, StrictType()]
"""true or false."""


class ColumnRef(Strict):
    """A value read from a column: ``{column: authorised_unfunded}``."""

    column: Text
    """Name of the column that holds the values."""


class ColumnEquals(Strict):
    """Territories where a column holds a value: ``{column: status, equals: public}``."""

    column: Text
    """Name of a column of words or figures; a territory without a value has that of the one
    above."""
    equals: Text | Number | Flag
    """The value that the column must hold: text, a number or a flag."""
