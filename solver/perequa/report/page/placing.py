"""Where the territories of a run lie, in a file of borders that the user names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.io.boundaries import features_by_code, read_boundaries, refuse_unknown
from perequa.report.layout import word
from perequa.report.page.borders import laid_out

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from perequa.interpret.tables import Table
    from perequa.report.page.borders import Borders

ELSEWHERE = ("nation", "zone", "")


def borders_of(path: Path, tables: Iterable[Table]) -> dict[str, Borders]:
    """Read a file of borders, and lay out each level all of whose territories it knows.

    Parameters
    ----------
    path
        A GeoJSON or TopoJSON file.
    tables
        Tables with columns ``level`` and ``territory``, ``territory_name`` in some.

    Raises
    ------
    InvalidScenario
        When the file cannot be read, or knows no level of the tables.
    """
    layers = read_boundaries(path)
    levels: dict[str, dict[str, str]] = {}
    for table in tables:
        for row in table.records():
            if word(row["level"]) not in ELSEWHERE and word(row["territory"]):
                names = levels.setdefault(word(row["level"]), {})
                code, name = word(row["territory"]), word(row.get("territory_name"))
                names[code] = name or names.get(code, "")
    placed: dict[str, Borders] = {}
    missing: dict[str, list[str]] = {}
    for level, names in sorted(levels.items()):
        found, lacking = features_by_code(layers, names)
        if lacking:
            missing[level] = lacking
        else:
            rings = {code: found[code].rings for code in sorted(found)}
            placed[level] = laid_out(rings, key=f"shape-{len(placed) + 1}")
    if not placed:
        refuse_unknown(path, layers, missing)
    return placed
