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


KINDS = {
    "run": {"run.json": b"{}"},
    "diagnose": {"run.json": b'{"study": "diagnose"}', "study.json": b'{"study": "diagnose"}'},
    "compare": {"study.json": b'{"study": "compare"}'},
    "margins": {"study.json": b'{"study": "margins"}'},
    "broken": {"run.json": b"{", "study.json": b"["},
    "": {"anything": b"0"},
}


@pytest.mark.parametrize("held", list(KINDS))
@pytest.mark.parametrize("kind", ["run", "diagnose", "compare", "margins", "limit"])
def test_only_the_same_kind_is_replaced(held: str, kind: str, tmp_path: Path) -> None:
    place = tmp_path / "folder"
    write_folder(place, KINDS[held], held or "run")
    before = sorted(p.name for p in place.iterdir())
    # a diagnosis stands for what there would be; a run may turn out to have no plan
    replaced = held in {kind, "diagnose", ""} or (held in {"run", "broken"} and kind == "diagnose")
    replaced |= held == "broken" and kind == "run"
    if replaced:
        write_folder(place, {"new": b"1"}, kind)
        assert (place / "new").exists()
    else:
        with pytest.raises(UsageError, match="something else than"):
            write_folder(place, {"new": b"1"}, kind)
        assert sorted(p.name for p in place.iterdir()) == before
