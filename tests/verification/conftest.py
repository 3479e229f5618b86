"""The hand-made run folder, for every test of `verify`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture(scope="session")
def tiny() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "tiny_run", Path(__file__).with_name("tiny_run.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(tiny: Any, tmp_path: Path) -> Path:
    folder: Path = tiny.write_run(tmp_path / "run")
    return folder


@pytest.fixture
def staged_run(tiny: Any, tmp_path: Path) -> Path:
    folder: Path = tiny.write_run(tmp_path / "run", stages=2)
    return folder
