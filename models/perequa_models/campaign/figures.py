"""The figures of a campaign: what its lines bring each territory, before anything is handed out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa_models.instance import Flags, Floats
    from perequa_models.tree import Indices


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAmounts:
    """What one line brings one envelope.

    Attributes
    ----------
    name
        The line.
    envelope
        The envelope, empty where the scenario names none.
    amounts
        (R + 1, Y): as stated, in the currency; negative where the money leaves for another
        envelope. The last row is what is granted to all territories together.
    """

    name: str
    envelope: str
    amounts: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFigures:
    """What the construction of the envelopes is made from, beside the figures of the measures.

    Attributes
    ----------
    level, nodes
        Level whose envelopes are built, and its R nodes in order.
    members
        Positions of the decision territories below each node; none for what is granted to all
        territories together, which comes last.
    envelopes
        Names, sorted; the empty name holds measures that belong to none.
    measures
        Positions of the measures of each envelope.
    rates
        (R + 1, Y) yearly rate of each envelope, which lines and new money follow.
    lines
        In the order of the scenario; a line that comes from another envelope stands twice.
    delegations
        (R, Y) amount of each delegation and envelope it speaks of, where it states one.
    returned
        (T, M): share of what convergence frees that goes back to the nation.
    fixed
        (T, M, Y): budgets that convergence fixes, as stated; NaN elsewhere.
    carried, base, rate, recurrent
        Figures of the cells, as in the instance; `recurrent` has shape (M,).
    """

    level: str
    nodes: Indices
    members: tuple[Indices, ...]
    envelopes: tuple[str, ...]
    measures: Mapping[str, Indices]
    rates: Mapping[str, Floats]
    lines: tuple[LineAmounts, ...]
    delegations: Mapping[tuple[str, str], Floats]
    returned: Floats
    fixed: Floats
    base: Floats
    carried: Floats
    rate: Floats
    recurrent: Flags
