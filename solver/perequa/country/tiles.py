"""A tile for each department and each region of France, laid out as the country lies.

All tiles have one size, so that a small department reads as well as a large one and overseas is as
large as it is populated by figures. Departments stand where their centres do, pushed apart until
each has a tile of its own.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING

from perequa.io.plain_names import plain_name

if TYPE_CHECKING:
    from collections.abc import Mapping

ALIKE = 0.5
"""Share of names from which territories are taken to be those of a grid: codes alone are not
enough, since ``01`` is the first of many lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A territory of a grid: its row from the north, its column from the west."""

    code: str
    name: str
    row: int
    column: int
    overseas: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The tiles of a level, by code; `since` tells the regions of 2016 from those before."""

    level: str
    since: int
    tiles: Mapping[str, Tile]


@cache
def read_grids() -> tuple[Grid, ...]:
    """Read the grids that come with the package: departments, regions since 2016, and before."""
    text = (files("perequa.country") / "tiles.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(
        Grid(
            level=level,
            since=int(since),
            tiles={
                row["code"]: Tile(
                    code=row["code"],
                    name=row["name"],
                    row=int(row["row"]),
                    column=int(row["column"]),
                    overseas=row["overseas"] == "1",
                )
                for row in listed
            },
        )
        for (level, since), listed in groupby(rows, key=lambda r: (r["level"], r["since"]))
    )


def grid_of(level: str, names: Mapping[str, str]) -> Grid | None:
    """Return the grid on which territories stand, None where they are not those of France.

    Parameters
    ----------
    level
        ``department`` or ``region``; other levels have no grid.
    names
        Name of each territory by code. All codes must be in the grid, and half of the names alike.
    """
    for grid in read_grids():
        if grid.level != level or not names or not names.keys() <= grid.tiles.keys():
            continue
        alike = sum(
            plain_name(name) == plain_name(grid.tiles[code].name) for code, name in names.items()
        )
        if alike >= ALIKE * len(names):
            return grid
    return None
