"""What holds for every test."""

from __future__ import annotations

import math

import pytest
from browsing import browser

from perequa.cli import progress

__all__ = ["browser"]  # one for all folders: Playwright refuses a second


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a command may last: what it says of that would stand among its output."""
    monkeypatch.setattr(progress, "PATIENCE", math.inf)
