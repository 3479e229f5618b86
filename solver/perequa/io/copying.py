"""A scenario copied to a folder where it stands alone."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from perequa.io.findings import InvalidInput
from perequa.io.limits import TABLE_BYTES, read_within
from perequa.io.scenario_files import RawScenario, read_part, read_scenario
from perequa.io.shipped import SCENARIO_FILE
from perequa.io.table_files import table_mentions
from perequa.io.yaml_text import write_yaml
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOT_IN_NAMES = re.compile(r"[^a-z0-9_.-]+")
LONGEST_NAME = 60
"""Characters of the name of a scenario."""
PROVENANCE = "SOURCES.md"
"""Says where the figures come from; copied along."""


def copy_scenario(source: str, folder: Path) -> None:
    """Copy a scenario, merged with what it extends, and all its tables.

    The copy is named as its folder, so that its results are told from those of what it was made
    from; where no scenario may be named so, it keeps its name.

    Parameters
    ----------
    source
        Path of a scenario file or folder, or name of a shipped scenario.
    folder
        Created by this call; written whole or not at all.

    Raises
    ------
    UsageError
        When something stands at `folder`, or it cannot be written.
    InvalidInput
        When the scenario or one of its tables cannot be read.
    """
    check_new(folder)
    raw = read_scenario(source)
    files = standing_alone(raw)
    write_new(folder, files | {SCENARIO_FILE: _named(files[SCENARIO_FILE], raw.name, folder.name)})


def _named(content: bytes, old: str, folder: str) -> bytes:
    """Return a scenario file named as a folder, all else as it is."""
    name = NOT_IN_NAMES.sub("-", folder.lower()).strip("-_.")[:LONGEST_NAME]
    if not name:
        return content
    # what would be read as a number or a truth value is quoted
    written = name if name[0].isalpha() and name not in {"true", "false", "null"} else f'"{name}"'
    stated = re.compile(
        rf"^name:[ \t]*([\"\']?){re.escape(old)}\1(?=[ \t]*(?:#.*)?\r?$)", re.MULTILINE
    )
    return stated.sub(f"name: {written}", content.decode(), count=1).encode()


def standing_alone(raw: RawScenario) -> dict[str, bytes]:
    """Return the files of a copy that stands alone: content by path inside its folder.

    Raises
    ------
    InvalidInput
        When the scenario names what cannot be read.
    """
    return dict(_files(raw))


def check_new(folder: Path) -> None:
    """Refuse a place where something stands.

    Raises
    ------
    UsageError
        When it does.
    """
    if folder.exists() or folder.is_symlink():
        message = f"{folder} exists: name a new folder"
        raise UsageError(message)


def write_new(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder whole or not at all.

    Parameters
    ----------
    folder
        Created by this call.
    files
        Content by path inside it.

    Raises
    ------
    UsageError
        When it cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            fresh.chmod(0o755)
            for name, content in files.items():
                place = fresh / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
            fresh.rename(folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror or error}"
        raise UsageError(message) from error


def _files(raw: RawScenario) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the copy: path inside its folder, and content."""
    if raw.findings:
        raise InvalidInput(raw.findings)
    chain = {origin.file for origin in raw.origins.values()}
    alone = chain == {raw.main}
    names = _table_names(raw)
    for key, name in names.items():
        yield name, raw.files[key].content
    if alone:
        # nothing was merged: the file keeps its comments
        yield SCENARIO_FILE, raw.files[raw.main].content
    else:
        yield SCENARIO_FILE, write_yaml(_renamed(raw, names)).encode()
    yield from _steps(raw)
    for name in _named_by_variants(raw.data.get("variants")):
        place = raw.folder / name
        if name not in names.values() and ".." not in place.parts and place.is_file():
            yield name, read_within(place, str(place), TABLE_BYTES)
    provenance = raw.folder / PROVENANCE
    if provenance.is_file():
        yield PROVENANCE, provenance.read_bytes()


def _steps(raw: RawScenario) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a cascade's steps, with what they extend and their tables, as they are."""
    for key in sorted(step_files(raw.data)):
        if (raw.folder / key).is_file():
            for name, file in read_part(raw.folder, key, ()).files.items():
                if ".." in PurePosixPath(name).parts:
                    message = f"{key} extends {name}, outside the folder: copy the folder by hand"
                    raise UsageError(message)
                yield name, file.content


def step_files(data: dict[Any, Any]) -> set[str]:
    """Files that the steps of a cascade name, as written."""
    cascade = data.get("cascade")
    steps = cascade.get("steps") if isinstance(cascade, dict) else None
    named: set[str] = set()
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, dict):
            own = step.get("own")
            files = [step.get("scenario"), *(own.values() if isinstance(own, dict) else ())]
            named.update(f for f in files if isinstance(f, str) and f)
    return named


def _table_names(raw: RawScenario) -> dict[str, str]:
    """Give each table a path inside the copy; those of other folders come beside the scenario."""
    names: dict[str, str] = {}
    for path in table_mentions(raw.data):
        key = _entry(raw.data, path)["file"]
        if key in names:
            continue
        inside = ".." not in PurePosixPath(key).parts
        name = key if inside else PurePosixPath(key).name
        if name in names.values() or name in {SCENARIO_FILE, PROVENANCE}:
            name = "-".join(part for part in PurePosixPath(key).parts if part != "..")
        names[key] = name
    return names


def _named_by_variants(value: Any) -> Iterator[str]:  # noqa: ANN401 - plain data
    """Yield the tables that variants would name: relative to the scenario that is run."""
    for key, entry in value.items() if isinstance(value, dict) else ():
        if isinstance(entry, str) and str(key).rpartition(".")[2] == "file":
            yield entry
        yield from _named_by_variants(entry)


def _renamed(raw: RawScenario, names: dict[str, str]) -> dict[Any, Any]:
    for path in table_mentions(raw.data):
        entry = _entry(raw.data, path)
        entry["file"] = names[entry["file"]]
    return raw.data


def _entry(data: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - plain data
    for step in path:
        data = data[step]
    return data
