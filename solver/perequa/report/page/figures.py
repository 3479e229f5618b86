"""The pictures of a page as SVG files that stand alone: title, key and style inside.

They are taken from the page as it is written, so that whatever it draws is a figure. Styles are
written out, since what converts an SVG knows no variables.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SVG = "http://www.w3.org/2000/svg"
MARGIN, TITLE, KEY, LETTER = 12.0, 20.0, 22.0, 7.0
"""Pixels: around the picture, a line of its title, a line of its key, a letter about."""
LONGEST = 90
"""Most letters of a line of the title."""
STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
FIGURE = re.compile(r"<figure.*?</figure>", re.DOTALL)
DRAWS = re.compile(r"\b(fill|stroke|font|text-anchor|paint-order)\b")
"""Properties that an SVG has."""
BLANK = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture that stands alone.

    Attributes
    ----------
    key
        Its identifier in the page, which names its file.
    title
        What it shows.
    svg
        The whole file.
    """

    key: str
    title: str
    svg: str


def figures_of(page: str) -> list[Figure]:
    """Take the pictures out of a page that `page_of` wrote, in their order."""
    found = STYLE.search(page)
    rules = _rules(found[1] if found else "")
    return [_figure(fromstring(drawn), rules, page) for drawn in FIGURE.findall(page)]


def _figure(drawn: Element, rules: Sequence[tuple[str, str]], page: str) -> Figure:
    picture = next(e for e in drawn.iter("svg") if e.get("role") == "img")
    key = str(picture.get("aria-labelledby")).removesuffix("-title")
    title = BLANK.sub(" ", drawn.findtext("figcaption", "")).strip()
    left, top, width, height = (float(v) for v in str(picture.get("viewBox")).split())
    made = Element("svg", xmlns=SVG, role="img")
    SubElement(made, "title").text = title
    style = SubElement(made, "style")
    SubElement(made, "rect", width="100%", height="100%", fill="#fff")
    y = MARGIN
    for line in textwrap.wrap(title, LONGEST):
        _text(made, line, MARGIN, y + TITLE * 0.7, "title")
        y += TITLE
    y = _key(made, drawn, y, width)
    shapes = _shapes(picture, page)
    if shapes:
        SubElement(made, "defs").extend(shapes)
    picture.attrib.clear()
    picture.set("class", "plot")
    place = {"x": MARGIN, "y": y, "width": width, "height": height}
    picture.attrib.update({name: f"{value:g}" for name, value in place.items()})
    picture.set("viewBox", f"{left:g} {top:g} {width:g} {height:g}")
    framed = SubElement(made, "g")
    framed.set("class", drawn.get("class") or "figure")
    framed.append(picture)
    for note in drawn.findall("p"):
        said = BLANK.sub(" ", note.text or "").strip()
        if note.get("class") == "behind" and said:
            _text(made, said, MARGIN, y + height + KEY * 0.7, "note")
            height += KEY
    whole, high = width + 2 * MARGIN, y + height + MARGIN
    made.attrib.update(
        {"width": f"{whole:g}", "height": f"{high:g}", "viewBox": f"0 0 {whole:g} {high:g}"}
    )
    used = {name for element in made.iter() for name in (element.get("class") or "").split()}
    style.text = "\n".join(
        f"{selector} {{ {said} }}"
        for selector, said in rules
        if used.issuperset(re.findall(r"\.([\w-]+)", selector))
    )
    return Figure(key=key, title=title, svg=tostring(made, encoding="unicode") + "\n")


def _key(made: Element, drawn: Element, y: float, width: float) -> float:
    """Lay the key out in lines, and return where the picture begins."""
    group = SubElement(made, "g")
    group.set("class", "key")
    x = MARGIN
    for sign, said in _signs(drawn):
        wide, high = float(sign.get("width", "14")), float(sign.get("height", "14"))
        needed = wide + 6 + LETTER * len(said) + 14
        if x > MARGIN and x + needed > width + MARGIN:
            x, y = MARGIN, y + KEY
        sign.attrib.update({"x": f"{x:g}", "y": f"{y + (KEY - high) / 2:g}"})
        sign.tail = None
        group.append(sign)
        _text(group, said, x + wide + 6, y + KEY * 0.7, "told")
        x += needed
    return y + (KEY if len(group) else 0.0)


def _signs(drawn: Element) -> Iterator[tuple[Element, str]]:
    """Yield the signs of the key, each with the words behind it."""
    for part in drawn.findall("p[@class='key']"):
        for sign in part.iter("svg"):
            yield sign, BLANK.sub(" ", sign.tail or "").strip()


def _text(parent: Element, said: str, x: float, y: float, style: str) -> None:
    text = SubElement(parent, "text", x=f"{x:g}", y=f"{y:g}")
    text.set("class", style)
    text.text = said


def _shapes(picture: Element, page: str) -> list[Element]:
    """Find in the page the shapes that a picture uses."""
    used = dict.fromkeys(str(e.get("href")).removeprefix("#") for e in picture.iter("use"))
    found = (re.search(rf'<path id="{re.escape(name)}"[^>]*/>', page) for name in used)
    return [fromstring(shape[0]) for shape in found if shape is not None]


def _rules(sheet: str) -> list[tuple[str, str]]:
    """Keep of a style sheet what draws, without its variables."""
    screen = sheet.partition("@media")[0]
    values = dict(re.findall(r"(--[\w-]+):\s*([^;]+);", screen))
    ink, soft = values.get("--ink", "#000"), values.get("--soft", "#000")
    face = 'system-ui, "Segoe UI", Arial, sans-serif'
    rules = [
        (".title", f"font: 600 15px {face}; fill: {ink}"),
        (".told", f"font: 13px {face}; fill: {ink}"),
        (".note", f"font: 12px {face}; fill: {soft}"),
    ]
    for selectors, said in re.findall(r"([^{}]+)\{([^{}]*)\}", screen):
        plain = re.sub(r"var\((--[\w-]+)\)", lambda v: values.get(v[1], ""), said).strip()
        if DRAWS.search(plain):
            rules += [(one.strip(), plain) for one in selectors.split(",")]
    return [(one, said) for one, said in rules if one.startswith(".") and ":" not in one]
