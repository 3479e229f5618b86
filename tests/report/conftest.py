"""Runs of shipped scenarios, solved once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perequa.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    root, known = tmp_path_factory.mktemp("runs"), {}

    def folder(name: str) -> Path:
        if name not in known:
            # by the command: a cascade is several programs, which it alone takes whole
            assert main(["solve", name, "-o", str(root / name)]) == 0
            known[name] = root / name
        return known[name]

    return folder
