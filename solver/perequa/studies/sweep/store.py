"""Answers kept chunk by chunk beside the destination, so that a sweep cut off goes on."""

from __future__ import annotations

import os
import shutil
import zipfile
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from perequa.studies.sweep.asking import Found
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

MARK = "question.sha256"


class Store:
    """A hidden folder with one file for each chunk answered.

    Parameters
    ----------
    folder
        Where.
    fingerprint
        Of all that decides the answers. Answers to anything else are thrown away.

    Attributes
    ----------
    started_anew
        Whether answers to another question were thrown away.

    Raises
    ------
    UsageError
        When the place cannot be written, or holds something else.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder = folder
        mark = folder / MARK
        try:
            known = mark.read_text(encoding="ascii") if mark.is_file() else ""
            if not known and folder.is_dir() and any(folder.iterdir()):
                message = f"{folder} holds something else than a sweep: move it, or name another -o"
                raise UsageError(message)
            self.started_anew = known not in {"", fingerprint}
            if self.started_anew:
                shutil.rmtree(folder)
            folder.mkdir(parents=True, exist_ok=True)
            mark.write_text(fingerprint, encoding="ascii")
        except OSError as error:
            message = f"{folder} cannot be written: {error.strerror or error}"
            raise UsageError(message) from error

    def keep(self, number: int, found: Found) -> None:
        """Keep the answer to a chunk, whole or not at all."""
        fresh = self.folder / f".{number}.npz"
        with fresh.open("wb") as opened:
            np.savez(opened, **{f.name: getattr(found, f.name) for f in fields(Found)})
        os.replace(fresh, self._place(number))  # noqa: PTH105 - replaces on every system

    def read(self, number: int) -> Found | None:
        """Read the answer to a chunk; None when there is none, or it cannot be read."""
        try:
            # opened here: numpy leaves a file open that it cannot read
            with (
                self._place(number).open("rb") as opened,
                np.load(opened, allow_pickle=False) as arrays,
            ):
                return Found(**{f.name: arrays[f.name] for f in fields(Found)})
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
            return None

    def _place(self, number: int) -> Path:
        return self.folder / f"{number:06d}.npz"
