"""Runs solved once for the folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from every_study import STUDIES

from perequa.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Solved = Callable[..., Path]
    Studied = Callable[[str], Path]


@pytest.fixture(scope="session")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Solved:
    """Solve a shipped scenario by the command, which alone takes a cascade whole."""
    root, known = tmp_path_factory.mktemp("runs"), {}

    def folder(name: str, *options: str) -> Path:
        if (name, options) not in known:
            place = root / f"{name}-{len(known)}"
            assert main(["solve", name, *options, "-o", str(place)]) == 0
            known[name, options] = place
        return known[name, options]

    return folder


@pytest.fixture(scope="session")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Studied:
    """Make a study of each kind by the command."""
    root, known = tmp_path_factory.mktemp("studies"), {}

    def folder(kind: str) -> Path:
        if kind not in known:
            assert main(["sensitivity", *STUDIES[kind], "-o", str(root / kind)]) == 0
            known[kind] = root / kind
        return known[kind]

    return folder
