"""What seals a run folder again after a change, so that only the change itself can be found."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

TINY = Path(__file__).parents[1] / "verification" / "tiny_run.py"


@pytest.fixture(scope="module")
def tiny() -> Any:
    spec = importlib.util.spec_from_file_location("tiny_run", TINY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
