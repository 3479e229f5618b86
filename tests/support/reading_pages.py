"""Reads a page with the standard library, and checks what holds of every page."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise

HOSTILE = (
    "<script>alert(1)</script>",
    "\" onload='alert(1)' x=\"",
    "</style><img src=x onerror=alert(1)>",
    "\u202e\u2067right to left\u200f",
    "=cmd()|' /C calc'!A0",
    "{{ 7 * 7 }}{% raw %}",
    "x" * 500,
)
"""Names that a page must show as they are typed, and nothing else."""

VOID = {"meta", "input", "br", "img", "link"}


class Read(HTMLParser):
    """What a page holds, by `html.parser`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.inside: dict[str, list[str]] = {}
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.inside.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.inside[self.open[-1]][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def check_whole(page: str, lang: str) -> Read:
    read = Read(page)
    (html,) = read.all("html")
    assert html["lang"] == lang
    ids = Counter(a["id"] for _, a in read.tags if a.get("id"))
    assert [name for name, count in ids.items() if count > 1] == []
    for _, attributes in read.tags:
        for key in ("aria-labelledby", "aria-describedby", "for"):
            assert attributes.get(key) is None or attributes[key] in ids
        assert not any(key.startswith("on") or key == "style" for key in attributes)
        for key in ("src", "action", "xlink:href"):
            assert key not in attributes
        assert (attributes.get("href") or "#").startswith("#")
        assert (attributes.get("href") or "#")[1:] in {*ids, ""}
    assert read.all("table")
    assert len(read.all("caption")) == len(read.all("table"))
    assert all(a.get("scope") in ("col", "row") for a in read.all("th"))
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    check_policy(read)
    assert len(page.encode()) < 500_000
    return read


def check_policy(read: Read) -> None:
    (policy,) = (a["content"] for a in read.all("meta") if a.get("http-equiv"))
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (content,) = read.inside[tag]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
        assert "http" not in content
