"""What stood before the plan: places authorised and not funded, funded and not open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa_models.columns import summed_up

if TYPE_CHECKING:
    from perequa_models.instance import Floats, Instance

UNFUNDED, PENDING = "authorised_unfunded", "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Places before the plan, each of shape (T, M).

    Attributes
    ----------
    unfunded, pending
        Authorised and not funded; authorised and funded, not open.
    told
        Whether a table says what is authorised and not funded.
    """

    unfunded: Floats
    pending: Floats
    told: bool


def backlog_of(instance: Instance) -> Backlog:
    """Read the backlog from the columns of these names; nothing where there is none."""
    return Backlog(
        unfunded=_column(instance, UNFUNDED),
        pending=_column(instance, PENDING),
        told=UNFUNDED in instance.columns,
    )


def _column(instance: Instance, name: str) -> Floats:
    pairs = instance.open_pairs.shape
    column = instance.columns.get(name)
    if column is None or column.is_text:
        return np.zeros(pairs)
    values = summed_up(column, instance.tree, 0.0)[instance.nodes][:, :, 0]
    return np.nan_to_num(np.broadcast_to(values, pairs))
