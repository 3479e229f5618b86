"""Runs of the shipped scenarios, solved once for all the explanations asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perequa.running import run_scenario

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Give the run folder of a shipped scenario and variants."""
    root, known = tmp_path_factory.mktemp("runs"), {}

    def solved(name: str, *variants: str) -> Path:
        if (name, variants) not in known:
            run = run_scenario(name, lambda column: root / column, variants=variants)
            assert run.folder is not None, run.message
            known[name, variants] = run.folder
        return known[name, variants]

    return solved
