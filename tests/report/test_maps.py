"""Maps: every territory where it belongs, every figure beside its shade, files of borders read."""

from __future__ import annotations

import copy
import json
import os
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from perequa.cli import main
from perequa.country import read_country
from perequa.country.tiles import grid_of, read_grids
from perequa.io.boundaries import features_by_code, read_boundaries
from perequa.report.page.blocks import Caption
from perequa.report.page.borders import laid_out
from perequa.report.page.page import TEMPLATES
from perequa.report.page.shades import NOTHING, amounts, differences, shown_decimals
from perequa.report.page.territory_map import territory_map
from perequa.words import words_in
from perequa_models.errors import InvalidScenario

if TYPE_CHECKING:
    from collections.abc import Callable

    Solved = Callable[[str], Path]

DATA = os.environ.get("PEREQUA_DATA", "")
ENGLISH = words_in("en")
CAPTION = Caption(key="map", title="Map", behind="table")


def test_every_department_and_region_has_a_tile_of_its_own() -> None:
    country, grids = read_country(), read_grids()
    assert [(g.level, len(g.tiles)) for g in grids] == [
        ("department", 101), ("region", 18), ("region", 27)
    ]  # fmt: skip
    for grid in grids:
        places = {(t.row, t.column) for t in grid.tiles.values()}
        assert len(places) == len(grid.tiles)
        apart = {t.column for t in grid.tiles.values() if t.overseas}
        assert len(apart) == 1
        assert len([t for t in grid.tiles.values() if t.overseas]) == 5
    assert {c: t.name for c, t in grids[0].tiles.items()} == dict(
        zip(country.codes, country.names, strict=True)
    )
    assert {c: t.name for c, t in grids[1].tiles.items()} == country.region_names


def test_neighbours_stand_near_one_another() -> None:
    tiles = read_grids()[0].tiles
    # from the shapes of the departments: pairs that share a border, and points of the compass
    for one, other in (("29", "56"), ("2A", "2B"), ("75", "92"), ("67", "68"), ("64", "65")):
        a, b = tiles[one], tiles[other]
        assert abs(a.row - b.row) + abs(a.column - b.column) <= 2
    assert tiles["59"].row < tiles["75"].row < tiles["87"].row < tiles["66"].row
    assert tiles["29"].column < tiles["75"].column < tiles["67"].column


@pytest.mark.parametrize(
    ("level", "names", "since"),
    [
        ("region", {"11": "Île-de-France", "84": "Auvergne-Rhône-Alpes"}, 2016),
        ("region", {"11": "ILE DE FRANCE", "82": "Rhone-Alpes"}, 1970),
        ("department", {"2A": "Corse-du-Sud"}, 2016),
        ("department", {"01": "North", "02": "South"}, None),
        ("region", {"01": "Ain"}, None),
        ("zone", {"01": "Guadeloupe"}, None),
        ("region", {"S": "Synthetic region"}, None),
        ("region", {}, None),
    ],
)
def test_only_territories_of_france_stand_on_its_grid(
    level: str, names: dict[str, str], since: int | None
) -> None:
    found = grid_of(level, names)
    assert (found.since if found else None) == since


def test_nothing_is_a_class_and_breaks_that_fall_together_are_one() -> None:
    scale = amounts([0.0, 0.0, 0.04, 5.0, 5.0, 5.0, 5.0, 9.0], 1, ENGLISH)
    assert [(s.style, s.told) for s in scale.shades] == [
        (NOTHING, "0.0"), ("s1", "5.0"), ("s2", "9.0")
    ]  # fmt: skip
    assert scale.style(0.04) == NOTHING
    spread = amounts([float(i) for i in range(1, 101)], 0, ENGLISH)
    assert [s.told for s in spread.shades] == [
        "1 to 20", "21 to 40", "41 to 60", "61 to 80", "81 to 100"
    ]  # fmt: skip
    assert amounts([], 0, ENGLISH).shades == ()


def test_differences_have_a_class_for_nothing_and_as_many_on_each_side() -> None:
    scale = differences([-30.0, -20.0, -10.0, 4e-13, 1.0, 2.0, 300.0], 1, ENGLISH)
    assert [(s.style, s.told) for s in scale.shades] == [
        ("n3", "-30.0"), ("n2", "-20.0"), ("n1", "-10.0"), (NOTHING, "0.0"),
        ("p1", "+1.0"), ("p2", "+2.0"), ("p3", "+300.0"),
    ]  # fmt: skip
    assert [scale.style(v) for v in (-20.0, -0.0, 300.0)] == ["n2", NOTHING, "p3"]


def colours(theme: str = "light") -> dict[str, np.ndarray]:
    light, _, dark = (TEMPLATES / "page.css").read_text(encoding="utf-8").partition("@media screen")
    sheet = light if theme == "light" else light + dark
    found = dict(re.findall(r"\.([csnp]\d) \{ fill: (#[0-9a-f]+);", sheet))
    wide = {k: v if len(v) == 7 else "#" + "".join(c * 2 for c in v[1:]) for k, v in found.items()}
    return {k: np.array([int(v[i : i + 2], 16) for i in (1, 3, 5)]) / 255 for k, v in wide.items()}


def linear(rgb: np.ndarray) -> np.ndarray:
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def luminance(rgb: np.ndarray) -> float:
    return float(linear(rgb) @ [0.2126, 0.7152, 0.0722])


def inks(theme: str) -> dict[str, np.ndarray]:
    """Variables of the style sheet in a theme."""
    light, _, dark = (TEMPLATES / "page.css").read_text(encoding="utf-8").partition("@media screen")
    found = dict(re.findall(r"--(\w+): #([0-9a-f]+)", light if theme == "light" else light + dark))
    wide = {k: v if len(v) == 6 else "".join(c * 2 for c in v) for k, v in found.items()}
    return {k: np.array([int(v[i : i + 2], 16) for i in (0, 2, 4)]) / 255 for k, v in wide.items()}


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    more, less = sorted((luminance(one), luminance(other)), reverse=True)
    return (more + 0.05) / (less + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_and_lines_stand_out_in_both_themes(theme: str) -> None:
    seen = inks(theme)
    # axe does not look at the words of pictures
    for ink in ("ink", "soft", "accent"):
        assert contrast(seen[ink], seen["paper"]) >= 4.5
    assert contrast(seen["second"], seen["paper"]) >= 3
    # what is nothing has the ink of the theme on it, other shades their own
    assert contrast(colours(theme)["c0"], seen["ink"]) >= 4.5
    assert {k: v.tolist() for k, v in colours(theme).items() if k != "c0"} == {
        k: v.tolist() for k, v in colours().items() if k != "c0"
    }


def test_figures_can_be_read_on_every_shade() -> None:
    sheet = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    (white,) = re.findall(r"(.*) \{ fill: #fff; \}", sheet.replace(".c0 { fill: #fff; }", ""))
    light = set(re.findall(r"\.([snp]\d)", white))
    ink = luminance(np.array([0x1B] * 3) / 255)
    assert len(colours()) == 12
    for style, rgb in colours().items():
        below = luminance(rgb)
        text = 1.0 if style in light else ink
        ratio = (max(text, below) + 0.05) / (min(text, below) + 0.05)
        assert ratio >= 4.5, (style, ratio)


def test_shades_are_told_apart_without_red_and_green() -> None:
    # Viénot, Brettel and Mollon (1999): what protanopes and deuteranopes see, on linear RGB
    seen = {
        "protanope": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
        "deuteranope": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
    }
    shades = colours()
    for matrix in (np.eye(3), *map(np.array, seen.values())):
        as_seen = {k: np.clip(matrix @ linear(v), 0, 1) ** (1 / 2.2) for k, v in shades.items()}
        # darker from one class to the next
        for arm in (["c0", "s1", "s2", "s3", "s4", "s5"], ["c0", "n1", "n2", "n3"],
                    ["c0", "p1", "p2", "p3"]):  # fmt: skip
            steps = [float(linear(as_seen[k]) @ [0.2126, 0.7152, 0.0722]) for k in arm]
            assert all(b < a for a, b in pairwise(steps)), arm
        # losing is yellower than winning, at every step: their blue differs against the others
        for step in "123":
            less, more = as_seen[f"n{step}"], as_seen[f"p{step}"]
            assert (less[0] - less[2]) - (more[0] - more[2]) > 0.15


SQUARE = [[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]]


def geojson(**codes: list[list[float]]) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"insee": code.strip("_"), "rank": 1.5},
             "geometry": {"type": "Polygon", "coordinates": [ring]}}
            for code, ring in codes.items()
        ],
    }  # fmt: skip


# two unit squares side by side that share an arc: 1, walked backwards by the second
TOPOLOGY = {
    "type": "Topology",
    "transform": {"scale": [0.5, 0.5], "translate": [10.0, 20.0]},
    "arcs": [
        [[2, 0], [-2, 0], [0, 2], [2, 0]],
        [[2, 2], [0, -2]],
        [[2, 2], [2, 0], [0, -2], [-2, 0]],
    ],
    "objects": {
        "departements": {
            "type": "GeometryCollection",
            "geometries": [
                {"type": "Polygon", "arcs": [[0, 1]], "properties": {"code": "A"}},
                {"type": "MultiPolygon", "arcs": [[[2, -2]]], "properties": {"code": "B"}},
                {"type": None, "properties": {"code": "C"}},
            ],
        }
    },
}


def moved(ring: np.ndarray, x: float, y: float) -> np.ndarray:
    return ring + np.array([x, y])


def written(path: Path, data: Any) -> Path:
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def test_shared_arcs_are_walked_both_ways(tmp_path: Path) -> None:
    layers = read_boundaries(written(tmp_path / "t.json", TOPOLOGY))
    found, missing = features_by_code(layers, {"A": "", "B": "", "Z": ""})
    assert missing == ["Z"]
    assert {tuple(p) for p in found["A"].rings[0]} == {(11, 20), (10, 20), (10, 21), (11, 21)}
    assert {tuple(p) for p in found["B"].rings[0]} == {(11, 21), (12, 21), (12, 20), (11, 20)}
    for feature in found.values():
        assert (feature.rings[0][0] == feature.rings[0][-1]).all()
    shapes = laid_out({c: f.rings for c, f in found.items()}, "k").shapes
    # east of one another, 489 units wide each at that latitude; labels in the middle
    assert shapes["A"].x + shapes["A"].wide == pytest.approx(shapes["B"].x, abs=0.2)
    assert shapes["A"].y == shapes["B"].y


def test_the_property_that_knows_most_codes_is_taken(tmp_path: Path) -> None:
    data = geojson(_01=SQUARE, _2A=SQUARE)
    for feature in data["features"]:
        feature["properties"]["region"] = "2A"
    layers = read_boundaries(written(tmp_path / "g.json", data))
    found, missing = features_by_code(layers, {"01": "", "2A": ""})
    assert (sorted(found), missing) == (["01", "2A"], [])


def test_regions_are_not_the_departments_of_the_same_codes(tmp_path: Path) -> None:
    # four departments, two regions named among their properties, by the code of a department
    data = geojson(_01=SQUARE, _02=SQUARE, _11=SQUARE, _75=SQUARE, _84=SQUARE)
    layers = read_boundaries(written(tmp_path / "g.json", data))
    regions = {"01": "Guadeloupe", "11": "Ile-de-France"}
    assert features_by_code(layers, regions) == ({}, ["01", "11"])
    for feature, region in zip(data["features"], ["84", "32", "76", "11", "84"], strict=True):
        feature["properties"]["reg"] = region
        feature["properties"]["nom"] = {"01": "AIN", "11": "Aude"}.get(
            feature["properties"]["insee"], ""
        )
    layers = read_boundaries(written(tmp_path / "g.json", data))
    found, missing = features_by_code(layers, {"11": "\u00cele-de-France", "84": "Rh\u00f4ne"})
    assert missing == []
    assert {code: len(f.rings) for code, f in found.items()} == {"11": 1, "84": 2}
    # a few departments of many are told by their names
    found, missing = features_by_code(layers, {"01": "Ain", "11": "Aude"})
    assert missing == []
    assert found["01"].properties["nom"] == "AIN"


def test_what_lies_far_away_has_a_box_of_its_own() -> None:
    near = np.array(SQUARE, dtype=float)
    rings = {"a": [moved(near, 2, 47)], "b": [moved(near, 3, 47)], "c": [moved(near, 55, -21)]}
    drawn = laid_out(rings, "k")
    assert len(drawn.insets) == 1
    x, y, wide, high = drawn.insets[0]
    assert x <= drawn.shapes["c"].x <= x + wide
    assert y <= drawn.shapes["c"].y <= y + high
    # a degree east is cos 47.5° of a degree north, where they lie
    assert drawn.shapes["a"].wide / drawn.shapes["a"].high == pytest.approx(0.6756, abs=1e-3)
    assert drawn.shapes["c"].wide / drawn.shapes["c"].high == pytest.approx(0.9373, abs=1e-3)


def test_north_is_above() -> None:
    ring = np.array(SQUARE, dtype=float)
    for far, low in (([2, 47], [2, 46]), ([6e5, 6.8e6], [6e5, 6.7e6])):
        wide = 1.0 if far[0] < 100 else 1e5
        drawn = laid_out({"n": [ring * wide + far], "s": [ring * wide + low]}, "k").shapes
        assert drawn["n"].y < drawn["s"].y
    # a plane of a few hundred units is a screen, which counts downwards
    drawn = laid_out({"n": [ring * 100], "s": [ring * 100 + [0, 100]]}, "k").shapes
    assert drawn["n"].y < drawn["s"].y


def test_a_border_of_a_million_points_makes_a_small_page() -> None:
    angles = np.linspace(0, 2 * np.pi, 200_000)
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    shape = laid_out({"a": [ring], "b": [moved(ring, 2, 0)]}, "k").shapes["a"]
    assert len(shape.path) < 20_000
    speck = laid_out({"a": [ring], "b": [ring * 1e-6 + [1.5, 0]]}, "k").shapes["b"]
    assert speck.path.endswith("h4v4h-4z")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "neither GeoJSON nor TopoJSON"),
        ({"type": "Feature"}, "neither GeoJSON nor TopoJSON"),
        ({"type": "FeatureCollection"}, "malformed"),
        ({"type": "FeatureCollection", "features": []}, "holds no polygon"),
        ({"type": "FeatureCollection", "features": [3]}, "malformed"),
        (geojson(a=[]), "malformed"),
        (geojson(a=[[0, "x"]]), "malformed"),
        (geojson(a=[[0, float("nan")]]), "malformed"),
        (TOPOLOGY | {"arcs": []}, "malformed"),
        (TOPOLOGY | {"transform": {}}, "malformed"),
    ],
)
def test_a_file_that_is_no_map_is_refused(tmp_path: Path, data: Any, told: str) -> None:
    with pytest.raises(InvalidScenario, match=told) as caught:
        read_boundaries(written(tmp_path / "bad.json", copy.deepcopy(data)))
    (problem,) = caught.value.problems
    assert "bad.json" in problem.message
    assert problem.accepted
    assert problem.remedy


def test_a_name_without_room_is_cut_and_its_figure_told() -> None:
    ring = np.array(SQUARE, dtype=float)
    rings = {"a": [ring * 100], "b": [ring + 200.0]}
    drawn = territory_map(
        {"a": 1234.0, "b": 5.0},
        {"a": "Large", "b": "Small"},
        amounts([1234.0, 5.0], 0, ENGLISH),
        ENGLISH,
        level="department",
        borders={"department": laid_out(rings, "k")},
        caption=CAPTION,
    )
    assert drawn is not None
    assert [a.shown for a in drawn.areas] == [True, False]
    assert drawn.small == "Without room on the map: Small 5."


def test_borders_reach_the_page_and_others_are_refused(
    solved: Solved, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = solved("ehpad-2004-rule")
    codes = [*read_grids()[1].tiles]
    squares = {f"_{code}": [[x + i, y] for x, y in SQUARE] for i, code in enumerate(codes)}
    file = written(tmp_path / "regions.geojson", geojson(**squares))
    page = tmp_path / "page.html"
    assert main(["report", str(run), "-o", str(page), "--boundaries", str(file)]) == 0
    assert page.read_text(encoding="utf-8").count('<use href="#shape-1-') == 2 * 18
    page.unlink()
    del squares["_11"]
    written(file, geojson(**squares))
    capsys.readouterr()
    assert main(["report", str(run), "-o", str(page), "--boundaries", str(file)]) == 3
    told = capsys.readouterr().err
    assert "region: 11" in told
    assert "insee" in told
    assert not page.exists()
    assert main(["report", str(run), "--boundaries", str(tmp_path / "none.json")]) == 3


@pytest.mark.skipif(not DATA, reason="PEREQUA_DATA does not name a folder with public borders")
@pytest.mark.parametrize(("name", "apart"), [("wgs84", 5), ("layout", 0)])
def test_real_borders_are_laid_out(name: str, apart: int) -> None:
    layers = read_boundaries(Path(DATA) / "geo" / f"france_{name}.topojson")
    for grid, count in zip(read_grids()[:2], (101, 18), strict=True):
        found, missing = features_by_code(layers, {c: t.name for c, t in grid.tiles.items()})
        assert (len(found), missing) == (count, [])
        drawn = laid_out({code: f.rings for code, f in found.items()}, "k")
        # the layout has its overseas in boxes of its own already
        assert len(drawn.insets) == apart
        assert sum(len(shape.path) for shape in drawn.shapes.values()) < 80_000
        if grid.level == "department":
            at = drawn.shapes
            assert at["59"].y < at["75"].y < at["66"].y
            assert at["29"].x < at["75"].x < at["67"].x


def test_few_figures_have_a_class_each() -> None:
    # quantiles would put the five lower ones with the many above
    scale = amounts([22.89] * 5 + [26.5] * 21, 2, ENGLISH)
    assert [(s.style, s.told) for s in scale.shades] == [("s1", "22.89"), ("s2", "26.50")]
    assert shown_decimals([0.0, 1.0, 3.0]) == 0
    assert shown_decimals([0.0, 1.5]) == 1
