"""What is asked of a run, and whether it can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a run.

    Attributes
    ----------
    territory, measure, year
        Which rows of the rules, or which territory alone; empty and None for all.
    rules
        Rules whose limits move.
    by
        How far they move, natural units: one figure for all, or one for each rule.
    linked
        Whether limits computed from the rule's move with it.
    """

    territory: str = ""
    rules: tuple[str, ...] = ()
    measure: str = ""
    year: int | None = None
    by: tuple[float, ...] = ()
    linked: bool = False


def check_question(asked: Question) -> None:
    """Refuse a question that contradicts itself, before anything is read.

    Raises
    ------
    UsageError
        With what is accepted.
    """
    if asked.by and not asked.rules:
        raise UsageError("--by moves limits: say which with --rule NAME")
    if (asked.measure or asked.year is not None) and not asked.rules:
        raise UsageError("--measure and --year choose rows of a rule: say which with --rule NAME")
    if len(set(asked.rules)) < len(asked.rules):
        raise UsageError(f"--rule {_twice(asked.rules)} is given twice: once is enough")
    if asked.by and len(asked.by) not in (1, len(asked.rules)):
        raise UsageError(
            f"{len(asked.by)} --by for {len(asked.rules)} --rule: give one for all, or one for each"
        )
    for amount in asked.by:
        if not np.isfinite(amount) or amount == 0.0:
            raise UsageError(f"--by {amount:g}: a limit moves by a figure that is finite and not 0")
    if asked.linked:
        if len(asked.rules) != 1 or not asked.by:
            raise UsageError("--linked needs one --rule NAME and --by AMOUNT")
        if asked.territory or asked.measure or asked.year is not None:
            raise UsageError(
                "--linked moves the whole rule: leave out --territory, --measure and --year"
            )


def _twice(names: Sequence[str]) -> str:
    return next(name for i, name in enumerate(names) if name in names[:i])
