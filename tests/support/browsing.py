"""Chromium without a window, and what axe-core finds in a page it shows."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
REPEATED = "tbody tr:nth-child(n+5), li:nth-child(n+7), svg[role=img] > g:nth-of-type(n+6)"
"""What repeats the markup of those before it: looked at, it would take most of the time."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium without a window."""
    found = next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"none of {', '.join(CHROMIUMS)} is installed: the page is not looked at")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


def found_by_axe(page: Page, *schemes: str) -> list[str]:
    """Name what axe-core finds against WCAG 2.1, levels A and AA, in each theme."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    page.evaluate(f"document.querySelectorAll('{REPEATED}').forEach(e => e.remove())")
    listed = []
    for scheme in schemes or ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = axe.Axe().run(page, options=WCAG).response
        assert len(found["passes"]) > 10
        listed += [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found["violations"]]
    return listed
