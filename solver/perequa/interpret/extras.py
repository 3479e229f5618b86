"""Tables that only some scenarios have: reference parts, open choices, conversions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.interpret.tables import Table, Value

if TYPE_CHECKING:
    from perequa.interpret.run import Solved


def parts_table(run: Solved) -> Table:
    """What each part of the circular's formula gives each territory."""
    columns = (
        "scenario",
        "block",
        "part",
        "level",
        "territory",
        "measure",
        "year",
        "basis",
        "amount",
        "unit",
        "eligible",
        "at_floor",
        "at_cap",
    )
    return Table(columns, tuple((run.name, *part) for part in run.reference.parts))


def freed_table(run: Solved) -> Table:
    """What the caps of each part stop, and who takes it."""
    columns = ("scenario", "block", "part", "measure", "year", "amount", "unit", "goes_to")
    return Table(columns, tuple((run.name, *freed) for freed in run.reference.stopped))


def choices_table(run: Solved) -> Table:
    """The points the source leaves open, and how this scenario closes them."""
    rows: list[tuple[Value, ...]] = []
    for name, choice in run.instance.scenario.choices.items():
        others = ";".join(str(a) for a in choice.alternatives)
        rows.append((run.name, name, str(choice.value), others, choice.because))
    return Table(("scenario", "choice", "value", "alternatives", "because"), tuple(rows))


def conversions_table(run: Solved) -> Table:
    """Places that change category, territory by territory, and why."""
    columns = (
        *("scenario", "conversion", "level", "territory", "territory_name", "year"),
        *("from", "to", "places", "because"),
    )
    instance = run.instance
    rows: list[tuple[Value, ...]] = []
    for moved in instance.conversions:
        spec = instance.scenario.conversions[moved.name]
        for territory, places in zip(instance.territories, moved.places.tolist(), strict=True):
            who = (run.name, moved.name, territory.level, territory.code, territory.name)
            ends = (spec.from_, spec.to)
            rows.extend(
                (*who, year, *ends, count, spec.because or "")
                for year, count in zip(instance.years, places, strict=True)
                if count
            )
    return Table(columns, tuple(rows))
