"""What each delegation notifies each territory, line by line, as payment systems book it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.construction import ONE_YEAR, Builder
from perequa.interpret.tables import Table, Value

if TYPE_CHECKING:
    from perequa.interpret.run import Solved
    from perequa_models.campaign.construction import Item
    from perequa_models.campaign.grammar import CampaignLine
    from perequa_models.measures import Measure
    from perequa_models.scenario import Scenario

LEVELS = 3
"""Headings under which a payment system books a sum."""
COLUMNS = (
    *("scenario", "year", "level", "territory", "territory_name", "envelope", "sub_envelope"),
    *(f"heading_{n}" for n in range(1, LEVELS + 1)),
    *("line", "item", "recurrent", "delegation", "number", "effective", "amount"),
)


def notifications_table(run: Solved) -> Table:
    """List every sum notified: territory by territory, those of nought left out."""
    scenario, figures = run.instance.scenario, run.instance.campaign
    assert scenario.campaign is not None
    assert figures is not None
    rows: list[tuple[Value, ...]] = []
    for envelope in figures.envelopes:
        builder = Builder(run, scenario.campaign, figures, envelope)
        for y, year in enumerate(run.instance.years):
            for r, node in enumerate(figures.nodes):
                who = run.instance.tree.nodes[int(node)]
                for name, amounts in builder.notified(builder.sheet(r, y), r, y).items():
                    spec = scenario.campaign.delegations[name]
                    for item, amount in amounts.items():
                        if amount:
                            named = (run.name, year, who.level, who.code, who.name, envelope)
                            told = (name, spec.number, spec.effective, amount)
                            rows.append((*named, *_booked(scenario, item), *told))
    return Table(COLUMNS, tuple(rows))


def _booked(scenario: Scenario, item: Item) -> tuple[Value, ...]:
    """Where an item is booked; a sum that no line explains says nothing of it."""
    line, name = item
    lines = {} if scenario.campaign is None else scenario.campaign.lines
    entry: Measure | CampaignLine | None = scenario.measures.get(name) or lines.get(name)
    headings: tuple[str, ...] = () if entry is None else entry.headings
    lasts = line not in ONE_YEAR if line else None
    return (
        None if entry is None else entry.sub_envelope,
        *headings,
        *[None] * (LEVELS - len(headings)),
        *(line, name, lasts),
    )
