"""Runs solved once for the folder, and a browser where there is one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from perequa.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    Solved = Callable[[str], Path]

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Solved:
    """Solve a shipped scenario by the command, which alone takes a cascade whole."""
    root, known = tmp_path_factory.mktemp("runs"), {}

    def folder(name: str) -> Path:
        if name not in known:
            assert main(["solve", name, "-o", str(root / name)]) == 0
            known[name] = root / name
        return known[name]

    return folder


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
