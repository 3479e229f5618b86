"""Borders of territories from a GeoJSON or TopoJSON file that the user names.

Only what a picture needs is read: rings of polygons, and the properties among which codes stand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.io.plain_names import plain_name
from perequa_models.errors import InvalidScenario
from perequa_models.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Ring = NDArray[np.float64]

ACCEPTED = "a GeoJSON FeatureCollection or a TopoJSON Topology, with polygons"
AREAS = ("Polygon", "MultiPolygon")
COMMON = 0.5
"""Share of what a property knows that is wanted, or of names alike, from which it is believed."""
NAMED = 8
"""Most codes named in a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A territory of a file.

    Attributes
    ----------
    properties
        Its properties, and its ``id``, as text.
    rings
        Its rings, outer ones and holes alike, (n, 2) each.
    """

    properties: Mapping[str, str]
    rings: tuple[Ring, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Territories that stand together: an object of a TopoJSON file, a GeoJSON file as a whole."""

    name: str
    features: tuple[Feature, ...]


def read_boundaries(path: Path) -> tuple[Layer, ...]:
    """Read the territories of a file.

    Raises
    ------
    InvalidScenario
        When it cannot be read, is not JSON, is of another type, is malformed or has no polygon.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        told = str(error) if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise _wrong(path, f"cannot be read as JSON: {told}", "") from error
    kind = data.get("type") if isinstance(data, dict) else type(data).__name__
    readers = {"FeatureCollection": _geojson, "Topology": _topojson}
    if kind not in readers:
        raise _wrong(path, "is neither GeoJSON nor TopoJSON", f"type {kind}")
    try:
        layers = tuple(readers[kind](data))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        told = f"{type(error).__name__}: {error}"
        raise _wrong(path, f"is malformed {kind}", told) from error
    layers = tuple(layer for layer in layers if layer.features)
    if not layers:
        raise _wrong(path, "holds no polygon", f"{kind} without Polygon or MultiPolygon")
    return layers


def features_by_code(
    layers: Sequence[Layer], names: Mapping[str, str]
) -> tuple[dict[str, Feature], list[str]]:
    """Find the layer and the property that know most of some codes.

    Between two that know as many, the one that knows fewest others: every region of France has the
    code of a department. Where most of what a property knows is others, half of the names must
    stand among the properties of the features.

    Parameters
    ----------
    layers
        What was read of a file.
    names
        Name of each territory by code.

    Returns
    -------
    tuple
        The features by code, and the codes that have none.
    """
    best: tuple[tuple[int, float, float], dict[str, Feature]] = ((0, 0.0, 0.0), {})
    for layer in layers:
        for key in dict.fromkeys(key for f in layer.features for key in f.properties):
            known, found = _known(layer, key, names)
            share = len(found) / len(known)
            if share < COMMON and not _alike(found, names):
                continue
            score = (len(found), share, len(found) / len(layer.features))
            if score > best[0]:
                best = (score, found)
    return best[1], sorted(names.keys() - best[1].keys())


def _known(layer: Layer, key: str, names: Mapping[str, str]) -> tuple[set[str], dict[str, Feature]]:
    """Return all that a property knows, and the features wanted; parts of one code are joined."""
    known: set[str] = set()
    found: dict[str, Feature] = {}
    for feature in layer.features:
        code = feature.properties.get(key, "")
        known.add(code)
        if code in names:
            before = found[code].rings if code in found else ()
            found[code] = Feature(properties=feature.properties, rings=(*before, *feature.rings))
    return known, found


def _alike(found: Mapping[str, Feature], names: Mapping[str, str]) -> bool:
    alike = sum(
        plain_name(names[code]) in map(plain_name, feature.properties.values())
        for code, feature in found.items()
    )
    return alike >= COMMON * len(found)


def refuse_unknown(path: Path, layers: Sequence[Layer], missing: Mapping[str, list[str]]) -> None:
    """Refuse a file that has the borders of no level of a run.

    Parameters
    ----------
    path, layers
        The file and what was read of it.
    missing
        Codes without a border, by level.
    """
    lacking = "; ".join(
        f"{level}: {', '.join(codes[:NAMED])}{' …' if len(codes) > NAMED else ''}"
        for level, codes in missing.items()
    )
    held = "; ".join(
        f"{layer.name}: {', '.join(list(layer.features[0].properties)[:NAMED]) or 'no property'}"
        for layer in layers
    )
    raise InvalidScenario(
        [
            Problem(
                code="boundaries_of_others",
                message=f"{path} lacks borders of the territories of the run ({lacking})",
                received=held,
                accepted="a property that holds the code of every territory of a level",
                remedy="name a file of the same departments or regions, or leave --boundaries out",
            )
        ]
    )


def _wrong(path: Path, why: str, received: str) -> InvalidScenario:
    return InvalidScenario(
        [
            Problem(
                code="boundaries",
                message=f"{path} {why}",
                received=received,
                accepted=ACCEPTED,
                remedy="name such a file with --boundaries, or leave it out: the map has tiles",
            )
        ]
    )


def _geojson(data: Mapping[str, Any]) -> Iterator[Layer]:
    features = []
    for each in data["features"]:
        geometry = each.get("geometry") or {}
        if geometry.get("type") in AREAS:
            polygons = _polygons(geometry["type"], geometry["coordinates"])
            rings = tuple(_ring(ring) for polygon in polygons for ring in polygon)
            features.append(Feature(properties=_properties(each), rings=rings))
    yield Layer(name="features", features=tuple(features))


def _topojson(data: Mapping[str, Any]) -> Iterator[Layer]:
    arcs = [_arc(arc, data.get("transform")) for arc in data["arcs"]]
    for name, held in data["objects"].items():
        listed = held["geometries"] if held["type"] == "GeometryCollection" else [held]
        features = []
        for each in listed:
            if each.get("type") in AREAS:
                polygons = _polygons(each["type"], each["arcs"])
                rings = tuple(_joined(ring, arcs) for polygon in polygons for ring in polygon)
                features.append(Feature(properties=_properties(each), rings=rings))
        yield Layer(name=str(name), features=tuple(features))


def _polygons(kind: str, held: list[Any]) -> list[Any]:
    return held if kind == "MultiPolygon" else [held]


def _properties(feature: Mapping[str, Any]) -> dict[str, str]:
    stated = {**(feature.get("properties") or {})}
    if "id" in feature:
        stated["id"] = feature["id"]
    return {str(k): str(v) for k, v in stated.items() if isinstance(v, str | int)}


def _ring(points: Any) -> Ring:  # noqa: ANN401 - as JSON has it
    """Return x and y of each point; what a point holds more (a height) is left out."""
    ring = np.array([(float(p[0]), float(p[1])) for p in points], dtype=np.float64)
    if not len(ring) or not np.isfinite(ring).all():
        raise ValueError("a ring without points, or a coordinate that is not a finite number")
    return ring


def _arc(points: Any, transform: Mapping[str, Any] | None) -> Ring:  # noqa: ANN401 - as JSON has it
    arc = _ring(points)
    if transform is None:
        return arc
    steps: Ring = np.cumsum(arc, axis=0)
    scaled: Ring = steps * np.array(transform["scale"]) + np.array(transform["translate"])
    return scaled


def _joined(indices: Sequence[int], arcs: Sequence[Ring]) -> Ring:
    """Join arcs end to start; a negative index is an arc walked backwards."""
    if not indices:
        raise ValueError("a ring without arcs")
    pieces = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
    return np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])
