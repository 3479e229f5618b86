"""`compare`: differences, contributions and bands add up, within the tables and between them.

A comparison holds no program: its plans are those of other runs and scenarios, each with its own
proof. What can be told from its folder is that its tables say the same as one another.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.compare import RELATIVE
from perequa.verification.outcome import Notebook
from perequa.words import saying

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa.verification.folder import RunFolder
    from perequa.verification.outcome import Check
    from perequa.verification.tables import Table

KEYS: Mapping[str, tuple[str, ...]] = {
    "shares.csv": ("level", "territory", "measure", "year", "quantity"),
    "equity.csv": ("indicator", "level", "year", "moment", "quantity"),
    "objectives.csv": ("objective", "quantity"),
    "prices.csv": ("row", "priority", "quantity"),
}
"""What names a figure in each table that sets scenarios side by side."""
SUMS = 1e-9
"""Contributions add up to their total, relative to the largest of them."""


def check_differences(folder: RunFolder) -> Check:
    """Compare what each scenario is compared with, and by how much it differs."""
    notes = Notebook(11, "study")
    base = str(folder.run.get("compared_with", ""))
    count = 0
    for file, keys in KEYS.items():
        table = folder.table(file)
        columns = list(zip(*(table.column(name) for name in keys), strict=True))
        names = table.column("scenario")
        value, first, difference = (table.numbers(n) for n in ("value", "first", "difference"))
        own = {key: v for key, name, v in zip(columns, names, value, strict=True) if name == base}
        for key, name, v, f, d in zip(columns, names, value, first, difference, strict=True):
            where = f"{name}, {'/'.join(key)}"
            count += 1
            if not math.isnan(f) and key in own and f != own[key]:
                notes.wrong(file, where, "first", f, own[key])
            if not math.isnan(d):
                notes.near((file, where, "difference"), d, v - f, tolerance=_rounding(v, f))
    _check_attribution(notes, folder)
    _check_bands(notes, folder)
    return notes.close(
        saying(
            "{count} figures against those compared with; sums of changes and bands", count=count
        )
    )


def _check_attribution(notes: Notebook, folder: RunFolder) -> None:
    """Compare contributions with their total, and totals of shares with the differences."""
    table = folder.table("attribution.csv")
    keys = ("scenario", "level", "territory", "measure", "year", "quantity", "of")
    figures = list(zip(*(table.column(name) for name in keys), strict=True))
    parts: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for figure, contribution in zip(figures, table.numbers("contribution"), strict=True):
        parts[figure].append(contribution)
    total = {figure: math.fsum(own) for figure, own in parts.items()}
    for figure, stated in zip(figures, table.numbers("total"), strict=True):
        size = max(1.0, *(abs(part) for part in parts[figure]))
        where = ("attribution.csv", "/".join(figure), "total")
        notes.near(where, stated, total[figure], tolerance=SUMS * size)
    shares = folder.table("shares.csv")
    of = ("scenario", *KEYS["shares.csv"])
    named = zip(*(shares.column(name) for name in of), strict=True)
    for figure, d, v in zip(
        named, shares.numbers("difference"), shares.numbers("value"), strict=True
    ):
        known = total.get((*figure, ""))
        if known is not None and not math.isnan(d):
            # figures nearer than 1e-9 of the largest are one figure to the attribution
            notes.near(("attribution.csv", "/".join(figure), "total"), known, d,
                       tolerance=10 * _rounding(v, v - d))  # fmt: skip


def _check_bands(notes: Notebook, folder: RunFolder) -> None:
    """Compare winners with the difference they stand at, and bands with the winners in them."""
    table = folder.table("winners.csv")
    value, yardstick, difference = (
        table.numbers(name) for name in ("value", "yardstick", "difference")
    )
    names = ("scenario", "against", "measure", "band")
    groups = list(zip(*(table.column(name) for name in names), strict=True))
    within: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, group in enumerate(groups):
        within[group].append(i)
        where = ("winners.csv", f"{'/'.join(group)}, {table.column('territory')[i]}", "difference")
        expected = value[i] - yardstick[i]
        notes.near(where, difference[i], expected, tolerance=_rounding(value[i], yardstick[i]))
    bands = folder.table("bands.csv")
    told = list(zip(*(bands.column(name) for name in names), strict=True))
    if sorted(told) != sorted(within):
        notes.wrong("bands.csv", "", saying("are not the bands of winners.csv"))
        return
    people = table.numbers("population")
    for i, group in enumerate(told):
        own = within[group]
        for name, expected, size in (
            ("territories", float(len(own)), 1.0),
            ("difference", math.fsum(difference[k] for k in own), _size(value, own)),
            ("population", float(np.nansum([people[k] for k in own])), _size(people, own)),
        ):
            found = _at(bands, name, i)
            if not math.isnan(found):
                where = ("bands.csv", "/".join(group), name)
                notes.near(where, found, expected, tolerance=RELATIVE * max(1.0, size))


def _at(table: Table, name: str, i: int) -> float:
    return table.numbers(name)[i]


def _size(figures: Sequence[float], places: Sequence[int]) -> float:
    return math.fsum(abs(figures[k]) for k in places if not math.isnan(figures[k]))


def _rounding(*figures: float) -> float:
    return RELATIVE * max(1.0, *(abs(f) for f in figures if math.isfinite(f)), 1.0)
