"""A run folder is written whole or not at all: beside its place first, then by renaming."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST = "manifest.json"
RUN, DIAGNOSIS, COMPARISON = "run", "diagnose", "compare"
"""Kinds of folders; that of a study is its name."""


def write_folder(destination: Path, files: Mapping[str, bytes | Path], kind: str = RUN) -> str:
    """Write a folder, replacing an earlier one of its kind at the same place.

    Parameters
    ----------
    destination
        Where it goes.
    files
        Content by path inside the folder, or a file that holds it (too large for memory, it is
        copied piece by piece); the manifest is added.
    kind
        What it holds.

    Returns
    -------
    str
        The fingerprint: SHA-256 of the manifest.

    Raises
    ------
    UsageError
        When something else stands there, or the place cannot be written.
    """
    check_replaceable(destination, kind)
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        prefix = f".{destination.name}.{os.getpid()}-"
        fresh = Path(tempfile.mkdtemp(prefix=prefix, dir=destination.parent))
        try:
            fresh.chmod(0o755)
            # both leave Python to others: what is written is hashed meanwhile
            with ThreadPoolExecutor(max_workers=1) as other:
                hashing = other.submit(_manifest, files)
                for name, content in files.items():
                    place = fresh / name
                    place.parent.mkdir(parents=True, exist_ok=True)
                    _write(place, content)
            manifest = hashing.result()
            _write(fresh / MANIFEST, manifest)
            _swap(fresh, destination)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        message = f"{destination} cannot be written: {error.strerror or error}"
        raise UsageError(message) from error
    return hashlib.sha256(manifest).hexdigest()


def check_replaceable(destination: Path, kind: str = RUN) -> None:
    """Refuse to replace anything but a folder of the same kind, or a diagnosis.

    An earlier run whose replacement was cut off is brought back to its place first, and what that
    replacement had written beside it is taken away.

    Raises
    ------
    UsageError
        When a file, a folder without a manifest, or a folder of another kind stands there.
    """
    _restore(destination)
    _clear(destination)
    if destination.is_dir() and not (destination / MANIFEST).is_file():
        if any(destination.iterdir()):
            message = f"{destination} exists and is not a run folder: name another with -o"
            raise UsageError(message)
    elif destination.exists() and not destination.is_dir():
        message = f"{destination} is a file: name a folder with -o"
        raise UsageError(message)
    elif destination.is_dir() and not _replaces(kind, _kind_of(destination)):
        message = f"{destination} holds something else than {_named(kind)}: name another with -o"
        raise UsageError(message)


def _kind_of(folder: Path) -> str:
    """Say what a folder holds; empty when nothing in it says so."""
    for record, unnamed in (("run.json", RUN), ("study.json", "")):
        if (folder / record).is_file():
            try:
                held = json.loads((folder / record).read_text(encoding="utf-8"))
                return str(held.get("study", unnamed))
            except (OSError, ValueError, AttributeError):
                return unnamed
    return ""


def _replaces(kind: str, held: str) -> bool:
    return held in {kind, DIAGNOSIS, ""} or (kind, held) == (DIAGNOSIS, RUN)


def _named(kind: str) -> str:
    return {
        RUN: "a run",
        DIAGNOSIS: "a run",
        COMPARISON: "a comparison",
        "implied": "a study of implied weights",
    }.get(kind, f"a study of {kind}")


def _previous(destination: Path) -> Path:
    return destination.parent / f".{destination.name}.previous"


def _restore(destination: Path) -> None:
    """Bring back a run whose replacement was cut off between two renames."""
    previous = _previous(destination)
    if previous.is_dir() and not destination.exists():
        previous.rename(destination)


def _clear(destination: Path) -> None:
    """Take away what a process that was killed had begun to write beside the place."""
    begun = re.compile(re.escape(f".{destination.name}.") + r"([0-9]+)-[^.]*\Z")
    for place in destination.parent.glob(f".{glob.escape(destination.name)}.*-*"):
        match = begun.match(place.name)
        if match and not _runs(int(match[1])):
            shutil.rmtree(place, ignore_errors=True)


def _runs(process: int) -> bool:
    """Whether a process of this machine is there; said of all where one cannot ask."""
    if os.name != "posix":
        return True  # there the same call would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OverflowError, PermissionError):
        return True
    return True


def _swap(fresh: Path, destination: Path) -> None:
    previous = _previous(destination)
    shutil.rmtree(previous, ignore_errors=True)
    try:
        if destination.exists():
            destination.rename(previous)
        os.replace(fresh, destination)  # noqa: PTH105 - replaces an empty folder on every system
    finally:
        # interrupted, or refused, between the two: the earlier run goes back to its place
        _restore(destination)
    shutil.rmtree(previous, ignore_errors=True)


def _write(place: Path, content: bytes | Path) -> None:
    if isinstance(content, Path):
        shutil.copyfile(content, place)
    else:
        place.write_bytes(content)


def _digest(content: bytes | Path) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _manifest(files: Mapping[str, bytes | Path]) -> bytes:
    hashes = {name: _digest(files[name]) for name in sorted(files)}
    return (json.dumps({"files": hashes}, indent=1, sort_keys=True) + "\n").encode()
