"""A folder is written whole, from bytes and from files alike."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from perequa.io.run_folder import MANIFEST, write_folder
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_copied_and_listed_as_bytes_are(tmp_path: Path) -> None:
    large = tmp_path / "elsewhere"
    large.write_bytes(b"large" * 1000)
    place = tmp_path / "run"
    write_folder(place, {"in/small": b"small", "large": large})
    assert (place / "large").read_bytes() == large.read_bytes()
    listed = json.loads((place / MANIFEST).read_bytes())["files"]
    for name in ("in/small", "large"):
        assert listed[name] == hashlib.sha256((place / name).read_bytes()).hexdigest()


def test_a_file_that_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises((UsageError, OSError)):
        write_folder(tmp_path / "run", {"large": tmp_path / "nowhere"})
    assert list(tmp_path.iterdir()) == []
