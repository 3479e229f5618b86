"""A map: a tile for each department or region, or the borders of a file the user names.

Every territory has its figure beside its shade; the table behind the picture has them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from perequa.country.tiles import grid_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.country.tiles import Grid
    from perequa.report.page.blocks import Caption
    from perequa.report.page.borders import Borders
    from perequa.report.page.shades import Scale, Shade
    from perequa.words import Words

    Box = tuple[float, float, float, float]

TILES = {"department": (58.0, 42.0), "region": (126.0, 60.0)}
"""Width and height of a tile, in pixels."""
GAP = 3.0
LETTERS, LINES = 18, 2
"""Most letters of a line of a name on a tile, and most lines."""
LETTER, LETTER_HEIGHT = 7.2, 16.0
"""Width and height of a figure's digit on a map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A territory on the map.

    Attributes
    ----------
    style
        Name of its shade.
    name, figure
        Its name in full, and its figure.
    lines
        What stands above the figure: its code, or its name on a tile that has room.
    x, y
        Middle of the figure.
    tile
        Corner and size of its tile; None where it is a shape.
    shape
        Identifier of its shape; empty where it is a tile.
    shown
        Whether the figure fits on it.
    """

    style: str
    name: str
    figure: str
    lines: tuple[tuple[float, str], ...]
    x: float
    y: float
    tile: Box | None = None
    shape: str = ""
    shown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TerritoryMap:
    """A map ready to draw.

    Attributes
    ----------
    caption
        Its identifier in the page, what it shows, the table behind it.
    width, height
        In pixels.
    areas, shades
        Territories, and classes from the lowest to the highest.
    others
        Tiles of territories that have no figure.
    insets
        Boxes around what is drawn apart.
    small
        Figures for which a territory has no room.
    """

    block: ClassVar[str] = "map"
    caption: Caption
    width: float
    height: float
    areas: tuple[Area, ...]
    shades: tuple[Shade, ...]
    others: tuple[Box, ...] = ()
    insets: tuple[Box, ...] = ()
    small: str = ""

    @property
    def tight(self) -> bool:
        """Whether a tile is narrow for its figure."""
        return any(a.tile and len(a.figure) * LETTER > a.tile[2] for a in self.areas)


def territory_map(
    values: Mapping[str, float],
    names: Mapping[str, str],
    scale: Scale,
    words: Words,
    *,
    level: str,
    borders: Mapping[str, Borders],
    caption: Caption,
) -> TerritoryMap | None:
    """Lay out figures by territory; None where nothing tells where territories lie.

    Parameters
    ----------
    values, names
        Figure and name of each territory, by code.
    scale
        Classes of the figures.
    level
        Level of the territories.
    borders
        Shapes by level, from the user's file; a level that is not there has tiles.
    caption
        As in `TerritoryMap`.
    """
    if not values:
        return None
    if level in borders and values.keys() <= borders[level].shapes.keys():
        return _shapes(values, names, scale, words, borders[level], caption)
    grid = grid_of(level, {code: names.get(code, code) for code in values})
    if grid is None:
        return None
    return _tiles(values, names, scale, grid, caption)


def _tiles(
    values: Mapping[str, float],
    names: Mapping[str, str],
    scale: Scale,
    grid: Grid,
    caption: Caption,
) -> TerritoryMap:
    wide, high = TILES[grid.level]
    areas = []
    places = {
        code: (tile.column * wide + GAP, tile.row * high + GAP, wide - GAP, high - GAP)
        for code, tile in grid.tiles.items()
    }
    for code in sorted(values):
        tile, (left, top, room, _) = grid.tiles[code], places[code]
        above = [code] if grid.level == "department" else _broken(names.get(code, tile.name))
        areas.append(
            Area(
                style=scale.style(values[code]),
                name=names.get(code, tile.name),
                figure=scale.figure(values[code]),
                lines=tuple((round(top + 14 + 13 * i, 1), text) for i, text in enumerate(above)),
                x=round(left + room / 2, 1),
                y=round(top + high - GAP - 8, 1),
                tile=places[code],
            )
        )
    # overseas stands in one column of its own
    overseas = [t for t in grid.tiles.values() if t.overseas]
    left, top = min(t.column for t in overseas), min(t.row for t in overseas)
    box = (left * wide + 0.5, top * high + 0.5, wide + 2.0, high * len(overseas) + 2.0)
    return TerritoryMap(
        caption=caption,
        width=(max(t.column for t in grid.tiles.values()) + 1) * wide + 2 * GAP,
        height=(max(t.row for t in grid.tiles.values()) + 1) * high + 2 * GAP,
        areas=tuple(areas),
        shades=scale.shades,
        others=tuple(place for code, place in places.items() if code not in values),
        insets=(box,),
    )


def _broken(name: str) -> list[str]:
    """Break a name at its spaces and hyphens into lines, cut where they do not hold it."""
    lines = [""]
    for part in name.replace("-", "-\u200b").replace(" ", " \u200b").split("\u200b"):
        if len(lines[-1]) + len(part.rstrip()) > LETTERS and lines[-1]:
            lines.append("")
        lines[-1] += part
    lines = [line.strip() for line in lines]
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], f"{lines[LINES - 1]}…"]
    return [line if len(line) <= LETTERS else f"{line[: LETTERS - 1]}…" for line in lines]


def _shapes(
    values: Mapping[str, float],
    names: Mapping[str, str],
    scale: Scale,
    words: Words,
    borders: Borders,
    caption: Caption,
) -> TerritoryMap:
    areas = []
    for code in sorted(values):
        shape, figure = borders.shapes[code], scale.figure(values[code])
        areas.append(
            Area(
                style=scale.style(values[code]),
                name=names.get(code, code),
                figure=figure,
                lines=(),
                x=shape.x,
                y=shape.y + 4,
                shape=shape.key,
                shown=shape.wide >= LETTER * len(figure) and shape.high >= LETTER_HEIGHT,
            )
        )
    small = "; ".join(f"{a.name} {a.figure}" for a in areas if not a.shown)
    return TerritoryMap(
        caption=caption,
        width=borders.width,
        height=borders.height,
        areas=tuple(areas),
        shades=scale.shades,
        insets=borders.insets,
        small=words.phrase("Without room on the map: {figures}.", figures=small) if small else "",
    )
