"""Borders laid out for a picture: projected, apart where they lie far away, and simplified.

Points are rounded to whole units of the picture, so that a border two territories share stays
shared, and a file of any precision makes a page of about one size.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Ring = NDArray[np.float64]
    Box = tuple[float, float, float, float]

WIDTH, HEIGHT, INSET, MARGIN = 1000.0, 900.0, 130.0, 10.0
"""Units: the picture at most, a box of what lies far away, the room around."""
FAR = 15.0
"""Degrees from the middle of the others from which a territory is drawn in a box of its own."""
SCREEN = 20_000.0
"""Planar coordinates below count downwards, as a screen does; those above are metres northwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A territory: its identifier in the page, its path, middle and size of its largest part."""

    key: str
    path: str
    x: float
    y: float
    wide: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Borders:
    """The shapes of a level by code, on a picture of a size, with boxes around what lies apart."""

    shapes: Mapping[str, Shape]
    width: float
    height: float
    insets: tuple[Box, ...]


def laid_out(rings: Mapping[str, Sequence[Ring]], key: str) -> Borders:
    """Lay out territories.

    Parameters
    ----------
    rings
        Rings of each territory by code, longitude and latitude in degrees or planar.
    key
        Beginning of the identifiers of their shapes.
    """
    apart = _apart(rings)
    main = [code for code in rings if code not in apart]
    left = INSET + 2 * MARGIN if apart else 0.0
    flat = _flattened(rings, main)
    width, height = _fitted_size(flat, WIDTH - left - 2 * MARGIN, HEIGHT - 2 * MARGIN)
    size = min(INSET, height / max(1, len(apart)) - MARGIN)
    drawn = _placed(flat, (left + MARGIN, MARGIN, width, height))
    insets = []
    for i, code in enumerate(apart):
        box = (MARGIN, MARGIN + i * (size + MARGIN), size, size)
        insets.append(box)
        x, y = box[0] + MARGIN / 2, box[1] + MARGIN / 2
        drawn |= _placed(_flattened(rings, [code]), (x, y, size - MARGIN, size - MARGIN))
    return Borders(
        shapes={code: _shape(f"{key}-{i}", drawn[code]) for i, code in enumerate(sorted(drawn), 1)},
        width=left + width + 2 * MARGIN,
        height=height + 2 * MARGIN,
        insets=tuple(insets),
    )


def _apart(rings: Mapping[str, Sequence[Ring]]) -> list[str]:
    """Name the territories that lie far from the others, on a globe."""
    if not _on_globe(rings):
        return []
    middles = {code: _middle(_largest(held)) for code, held in rings.items()}
    centre = np.median(np.array(list(middles.values())), axis=0)
    return sorted(c for c, at in middles.items() if np.abs(at - centre).max() > FAR)


def _on_globe(rings: Mapping[str, Sequence[Ring]]) -> bool:
    return all(
        np.abs(ring[:, 0]).max() <= 180.0 and np.abs(ring[:, 1]).max() <= 90.0
        for held in rings.values()
        for ring in held
    )


def _flattened(rings: Mapping[str, Sequence[Ring]], codes: Sequence[str]) -> dict[str, list[Ring]]:
    """Project some territories, downwards as a screen does; a degree east shrinks with latitude."""
    everything = np.concatenate([ring for code in codes for ring in rings[code]])
    if _on_globe(rings):
        middle = (everything[:, 1].min() + everything[:, 1].max()) / 2
        factor = np.array([np.cos(np.radians(middle)), -1.0])
    else:
        factor = np.array([1.0, 1.0 if np.abs(everything).max() < SCREEN else -1.0])
    return {code: [ring * factor for ring in rings[code]] for code in codes}


def _bounds(flat: Mapping[str, Sequence[Ring]]) -> tuple[Ring, Ring]:
    everything = np.concatenate([ring for held in flat.values() for ring in held])
    low = everything.min(axis=0)
    return low, np.maximum(everything.max(axis=0) - low, 1e-9)


def _fitted_size(
    flat: Mapping[str, Sequence[Ring]], wide: float, high: float
) -> tuple[float, float]:
    _, size = _bounds(flat)
    width, height = (float(v) for v in size * min(wide / size[0], high / size[1]))
    return width, height


def _placed(flat: Mapping[str, Sequence[Ring]], box: Box) -> dict[str, list[Ring]]:
    """Scale territories into a box, in its middle."""
    low, size = _bounds(flat)
    room = np.array(box[2:])
    scale = float((room / size).min())
    corner = np.array(box[:2]) + (room - size * scale) / 2
    return {code: [(ring - low) * scale + corner for ring in held] for code, held in flat.items()}


def _shape(key: str, rings: Sequence[Ring]) -> Shape:
    largest = _largest(rings)
    x, y = _middle(largest)
    wide, high = largest.max(axis=0) - largest.min(axis=0)
    return Shape(
        key=key,
        path=_path(rings, largest),
        x=round(float(x), 1),
        y=round(float(y), 1),
        wide=float(wide),
        high=float(high),
    )


def _largest(rings: Sequence[Ring]) -> Ring:
    return max(rings, key=lambda ring: abs(_area(ring)))


def _area(ring: Ring) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def _middle(ring: Ring) -> Ring:
    """Return the centre of gravity of a ring; of its points where it has no area."""
    area = _area(ring)
    if abs(area) < 1e-12:
        return np.asarray(ring.mean(axis=0))
    # about its first point, far from which digits would be lost
    near = ring - ring[0]
    after = np.roll(near, -1, axis=0)
    cross = near[:, 0] * after[:, 1] - after[:, 0] * near[:, 1]
    return np.asarray(ring[0] + ((near + after) * cross[:, None]).sum(axis=0) / (6 * area))


def _path(rings: Sequence[Ring], largest: Ring) -> str:
    """Write rings as a path; parts too small to be seen are left out, the largest never."""
    parts = []
    for ring in rings:
        whole = np.rint(ring).astype(int)
        kept = [whole[0], *(b for a, b in pairwise(whole) if (a != b).any())]
        if len({(int(x), int(y)) for x, y in kept}) < 3:
            if ring is largest:
                parts.append(f"M{whole[0][0] - 2} {whole[0][1] - 2}h4v4h-4z")
            continue
        steps = " ".join(f"{b[0] - a[0]} {b[1] - a[1]}" for a, b in pairwise(kept))
        parts.append(f"M{kept[0][0]} {kept[0][1]}l{steps.replace(' -', '-')}z")
    return "".join(parts)
