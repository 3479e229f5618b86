"""The pictures of a page as files: whole, alone, the same as in the page, in three forms."""

from __future__ import annotations

import re
import struct
import sys
from typing import TYPE_CHECKING
from xml.etree.ElementTree import fromstring

import pytest

from perequa import reporting
from perequa.cli import main
from perequa.report.page import page_of
from perequa.report.page.figures import figures_of
from perequa.saved import read_run
from perequa.words import words_in

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

SVG = "{http://www.w3.org/2000/svg}"
PAGE = """\
<style>:root { --ink: #111; }
.map text, .map .code { fill: var(--ink); text-anchor: middle; } .s1 { fill: #eee; }
.key { margin: 1rem; } .unused { fill: red; } .told:hover { fill: red; }
@media print { .s1 { fill: none; } }</style>
<svg><defs><path id="shape-11" d="M0 0h9v9z"/><path id="other" d="M1 1"/></defs></svg>
<figure class="map"><figcaption id="map-1-title">A &lt;b&gt; &amp; “c”</figcaption>
<p class="key"><span><svg class="s1" width="22" height="14" viewBox="0 0 22 14"><rect/></svg> none
</span></p>
<svg class="plot" role="img" aria-labelledby="map-1-title" viewBox="0 0 300 200">
<g class="s1"><use href="#shape-11"/><text class="code">11</text></g></svg>
<p class="behind">No room: Corse 3</p><p class="behind"><a href="#t">table</a></p></figure>
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "run"
    assert main(["solve", "ehpad-2004-rule", "--no-prices", "-o", str(folder)]) == 0
    return folder


def texts(element: Element) -> list[str]:
    return [e.text or "" for e in element.iter() if e.tag.rpartition("}")[2] == "text"]


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_picture_of_the_page_is_a_file_that_stands_alone(
    lang: str, run: Path, tmp_path: Path
) -> None:
    assert main(["figures", str(run), "-o", str(tmp_path), "--lang", lang]) == 0
    page = page_of(read_run(run), words_in(lang))
    pictures = re.findall(r'<svg class="plot.*?</svg>', page, re.DOTALL)
    files = sorted(tmp_path.iterdir())
    names = re.findall(r'<figcaption id="([\w-]+)-title"', page)
    assert [f.name for f in files] == sorted(f"{name}.svg" for name in names)
    for name, picture in zip(names, pictures, strict=True):
        written = (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
        alone = fromstring(written)
        shown = texts(alone)
        assert shown[-len(texts(fromstring(picture))) :] == texts(fromstring(picture))
        assert alone.findtext(f"{SVG}title") == " ".join(
            " ".join(re.findall(rf'id="{name}-title">(.*?)<', page, re.DOTALL)).split()
        )
        assert not re.search(r"var\(|@|url\(|href=", written)
        styles = {name for e in alone.iter() for name in (e.get("class") or "").split()}
        # the frame of a picture is placed by its page alone
        for style in styles - {"plot", "key", "square"}:
            assert style == "figure" or f".{style} " in written, style


def test_the_same_run_gives_the_same_bytes_inside_its_own_folder(run: Path) -> None:
    for _ in range(2):
        assert main(["figures", str(run)]) == 0
        found = {p.name: p.read_bytes() for p in (run / "reports" / "figures-en").iterdir()}
        assert len(found) >= 2
        assert main(["verify", str(run)]) == 0
    assert main(["figures", str(run), "-o", str(run / "elsewhere")]) == 2
    assert not (run / "elsewhere").exists()


def test_a_picture_brings_its_shapes_its_key_and_the_styles_it_uses() -> None:
    (figure,) = figures_of(PAGE)
    assert (figure.key, figure.title) == ("map-1", "A <b> & “c”")
    alone = fromstring(figure.svg)
    assert [e.get("id") for e in alone.iter(f"{SVG}path")] == ["shape-11"]
    assert texts(alone) == ["A <b> & “c”", "none", "11", "No room: Corse 3"]
    style = str(alone.findtext(f"{SVG}style"))
    assert ".map .code { fill: #111; text-anchor: middle; }" in style
    assert ".s1 { fill: #eee; }" in style
    assert "red" not in style
    assert "none" not in style
    # what is drawn in the middle of its place stays apart from the title and the key
    (framed,) = [e for e in alone if e.get("class") == "map"]
    assert texts(framed) == ["11"]


def test_png_and_pdf(run: Path, tmp_path: Path) -> None:
    pytest.importorskip("vl_convert", reason="perequa[figures] is not installed")
    for form in ("svg", "png", "pdf"):
        assert main(["figures", str(run), "-o", str(tmp_path), "--format", form]) == 0
    for drawn in tmp_path.glob("*.svg"):
        size = fromstring(drawn.read_text(encoding="utf-8"))
        png, pdf = drawn.with_suffix(".png").read_bytes(), drawn.with_suffix(".pdf").read_bytes()
        wide, high = struct.unpack(">II", png[16:24])
        assert (wide, high) == (2 * int(size.get("width", "")), 2 * int(size.get("height", "")))
        assert pdf.startswith(b"%PDF-")


def test_without_vl_convert_only_svg_is_written(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    assert main(["figures", str(run), "-o", str(tmp_path / "out"), "--format", "png"]) == 2
    assert "pip install 'perequa[figures]'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(["figures", str(run), "-o", str(tmp_path / "out")]) == 0


def test_a_page_without_a_picture_is_told(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reporting, "page_of", lambda *_: "<html></html>")
    assert main(["figures", str(run), "-o", str(tmp_path / "out")]) == 2
    assert "no picture" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
