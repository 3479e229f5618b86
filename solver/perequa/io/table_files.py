"""The files of tables that a scenario names: where they may lie, and their bytes."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perequa.io.findings import Finding, InvalidInput
from perequa.io.limits import TABLE_BYTES, exists, read_within
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perequa.io.merge import Merged
    from perequa_models.problems import Path as DataPath

BOUNDS = ("at_least", "at_most", "equals")


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file as read.

    Attributes
    ----------
    key
        Its posix path from the folder of the scenario that is run.
    path
        Where it was read.
    content
        Its bytes.
    """

    key: str
    path: Path
    content: bytes


def table_mentions(data: dict[Any, Any]) -> Iterator[DataPath]:
    """Yield the path of every mapping of a scenario that names a table by its ``file``."""
    for section in ("territories", "supply", "projects"):
        if _names_a_file(data.get(section)):
            yield (section,)
    columns = data.get("columns")
    for i, entry in enumerate(columns if isinstance(columns, list) else ()):
        if _names_a_file(entry):
            yield ("columns", i)
    rules = data.get("rules")
    for name, rule in (rules if isinstance(rules, dict) else {}).items():
        for side in BOUNDS:
            if isinstance(rule, dict) and _names_a_file(rule.get(side)):
                yield ("rules", name, side)


def _names_a_file(value: Any) -> bool:  # noqa: ANN401 - plain data
    return isinstance(value, dict) and isinstance(value.get("file"), str)


@dataclass(frozen=True, slots=True)
class TableReader:
    """Reads the tables that merged data name, and rewrites each ``file`` to its input key."""

    folder: Path
    merged: Merged
    files: dict[str, InputFile]

    def read_all(self) -> None:
        """Read every table once; what is wrong is noted in the merged scenario's findings."""
        for path in list(table_mentions(self.merged.data)):
            entry: Any = self.merged.data
            for step in path:
                entry = entry[step]
            key = self._key(entry["file"], (*path, "file"))
            if key is not None:
                entry["file"] = key
                if key not in self.files:
                    self._read(key, (*path, "file"))

    def _key(self, written: str, path: DataPath) -> str | None:
        """Return the input key of a table, None (with a finding) when it lies elsewhere."""
        origin = self.merged.origins[path]
        base = "" if origin.override else posixpath.dirname(origin.file)
        if not written or not written.isprintable() or "\\" in written:
            self._note(path, "not_a_path", "the table's path cannot be read", written)
            return None
        drive, _ = os.path.splitdrive(written)
        if drive or posixpath.isabs(written) or ".." in written.split("/"):
            self._note(path, "outside_folder", "the table lies outside the folder", written)
            return None
        key = posixpath.normpath(posixpath.join(base, written))
        home = (self.folder / base).resolve()
        if not (self.folder / key).resolve().is_relative_to(home):
            self._note(path, "outside_folder", "a link leads outside the folder", written)
            return None
        return key

    def _read(self, key: str, path: DataPath) -> None:
        place = self.folder / key
        if exists(place) and place.is_file():
            try:
                content = read_within(place, os.path.normpath(place), TABLE_BYTES)
            except InvalidInput as error:
                self.merged.findings.extend(error.findings)
            else:
                self.files[key] = InputFile(key=key, path=place, content=content)
            return
        beside = place.parent
        listed = exists(beside) and beside.is_dir()
        names = [p.name for p in beside.iterdir() if p.is_file()] if listed else []
        code, message = "missing_file", "no such table"
        if exists(place) and place.is_dir():
            code, message = "is_a_directory", "a directory stands there, a table is needed"
        self._note(path, code, message, key, nearest(place.name, names))

    def _note(
        self, path: DataPath, code: str, message: str, received: str, close: str = ""
    ) -> None:
        origin = self.merged.origins[path]
        from_set = origin.override.startswith("--set")
        self.merged.findings.append(
            Finding(
                code=code,
                message=message,
                file=origin.override if from_set else os.path.normpath(self.folder / origin.file),
                line=None if from_set else origin.line,
                column=None if from_set else origin.column,
                key=".".join(str(step) for step in path),
                received=received,
                accepted="a file in the folder of the scenario that names it, or below",
                nearest=close,
                remedy="correct the path (with /), or copy the table beside the scenario",
            )
        )
