"""Which rules give way first when they cannot all be kept: earmarks first, law last.

The order is that of whoever can change the rule: an earmark is a choice of the plan itself, a
floor or a cap a choice of the circular, an envelope is voted, a tariff ceiling or a legal calendar
is written in the code (CASF R.314-36 and following). A scenario that sees it otherwise protects
the rules it will not move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from perequa_models.keys import Side

RuleClass = Literal["law", "envelope", "cap", "floor", "earmark"]

CLASSES: tuple[RuleClass, ...] = ("law", "envelope", "cap", "floor", "earmark")
"""From the last to give way to the first."""

PREFERENCE = "preference"
"""The menu of repairs in which every rule may move, the law last, earmarks first."""

_CLASS_OF: dict[str, RuleClass] = {
    "ceiling": "law",
    "converge": "law",
    "deadline": "law",
    "contingent": "envelope",
    "envelope": "envelope",
    "transfer": "envelope",
    "cap": "cap",
    "selection": "cap",
    "milestones": "cap",
    "until_opening": "envelope",
    "floor": "floor",
    "distance": "floor",
    "reserve": "earmark",
    "ring_fence": "earmark",
    "withhold": "earmark",
}


def class_of(kind: str, side: Side) -> RuleClass:
    """Class of a rule row.

    Parameters
    ----------
    kind, side
        Kind of its rule, and which bound it states. A pace is a floor where growth is required
        and a cap where it is limited.
    """
    if kind == "pace":
        return "floor" if side == "at_least" else "cap"
    return _CLASS_OF[kind]
