"""Scenario files read into one mapping, with the origin of every value and all files read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from perequa.io.findings import Finding, InvalidInput
from perequa.io.limits import SCENARIO_BYTES, decode, exists, read_within
from perequa.io.merge import Merged, Overwritten, part_at, part_of
from perequa.io.shipped import SCENARIO_FILE, scenario_path
from perequa.io.table_files import InputFile, TableReader
from perequa.io.yaml_nodes import Document, Origin, read_yaml
from perequa_models.errors import UsageError
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perequa_models.problems import Path as DataPath


@dataclass(frozen=True, slots=True, kw_only=True)
class RawScenario:
    """A scenario as read: merged, not yet checked.

    Attributes
    ----------
    name
        Its own name (that of its folder when it states none).
    column_name
        ``<name>`` or ``<name>-<variant>+<variant>``: the `scenario` column of results.
    variants, sets
        The variants applied, and the ``PATH=VALUE`` changes, in order.
    data
        The merged mapping; every table's ``file`` is an input key.
    origins, keys
        Where each value and each key was stated.
    overwritten
        Every value that something later replaced.
    files
        Every file read, by input key: the posix path from `folder`.
    folder
        Folder of the scenario that is run, as the command line named it.
    main
        Input key of the scenario file that is run.
    findings
        What is wrong with changes and table files; the rest can still be checked.
    """

    name: str
    column_name: str
    variants: tuple[str, ...]
    sets: tuple[str, ...]
    data: dict[Any, Any]
    origins: Mapping[DataPath, Origin]
    keys: Mapping[DataPath, Origin]
    overwritten: tuple[Overwritten, ...]
    files: Mapping[str, InputFile]
    folder: Path
    main: str
    findings: tuple[Finding, ...]

    def shown(self, key: str) -> str:
        """Return the path of a file as the command line would name it."""
        return os.path.normpath(self.folder / key)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPart:
    """Sections of a scenario stated in a file of their own; attributes as of `RawScenario`."""

    data: dict[Any, Any]
    origins: Mapping[DataPath, Origin]
    keys: Mapping[DataPath, Origin]
    overwritten: tuple[Overwritten, ...]
    files: Mapping[str, InputFile]
    findings: tuple[Finding, ...]


def read_scenario(
    source: str, variants: Sequence[str] = (), sets: Sequence[str] = ()
) -> RawScenario:
    """Read a scenario, what it extends, its variants and the tables it names.

    Parameters
    ----------
    source
        Path of a scenario file or folder, or name of a shipped scenario.
    variants
        Names of variants, applied in order.
    sets
        ``PATH=VALUE`` changes, applied last.

    Raises
    ------
    InvalidInput
        When a scenario file cannot be read.
    UsageError
        When a change is not written ``PATH=VALUE``.
    """
    path = scenario_path(source)
    merged, files = _read_chain(path, path.parent)
    for name in variants:
        _apply_variant(merged, name, path.parent, path.name)
    for text in sets:
        _apply_set(merged, text)
    merged.data.pop("extends", None)
    tables = TableReader(path.parent, merged, files)
    tables.read_all()
    name = _name(merged, path)
    return RawScenario(
        name=name,
        column_name=_column_name(name, variants),
        variants=tuple(variants),
        sets=tuple(sets),
        data=merged.data,
        origins=merged.origins,
        keys=merged.keys,
        overwritten=tuple(merged.overwritten),
        files=files,
        folder=path.parent,
        main=path.name,
        findings=tuple(merged.findings),
    )


def read_title(source: str) -> str:
    """Return the title of a scenario (of what it extends when it states none), or nothing."""
    path = scenario_path(source)
    merged, _ = _read_chain(path, path.parent)
    title = merged.data.get("title")
    return title if isinstance(title, str) else ""


def read_column_name(source: str, variants: Sequence[str] = ()) -> str:
    """Return the name of a scenario with its variants, without reading its tables.

    Raises
    ------
    InvalidInput
        When a scenario file cannot be read.
    """
    path = scenario_path(source)
    merged, _ = _read_chain(path, path.parent)
    return _column_name(_name(merged, path), variants)


def _name(merged: Merged, path: Path) -> str:
    stated = merged.data.get("name")
    return stated if isinstance(stated, str) and stated else path.resolve().parent.name


def _column_name(name: str, variants: Sequence[str]) -> str:
    return f"{name}-{'+'.join(variants)}" if variants else name


def read_part(folder: Path, key: str, variants: Sequence[str]) -> RawPart:
    """Read a file that states a part of a scenario, with what it extends and its variants.

    Parameters
    ----------
    folder
        Folder of the scenario that names it.
    key
        Its posix path from there.
    variants
        Those asked of the scenario: the part applies the ones it states too.

    Raises
    ------
    InvalidInput
        When a file cannot be read.
    """
    merged, files = _read_chain(folder / key, folder)
    stated = merged.data.get("variants")
    for name in variants:
        if isinstance(stated, dict) and name in stated:
            _apply_variant(merged, name, folder, key)
    merged.data.pop("extends", None)
    TableReader(folder, merged, files).read_all()
    return RawPart(
        data=merged.data,
        origins=merged.origins,
        keys=merged.keys,
        overwritten=tuple(merged.overwritten),
        files=files,
        findings=tuple(merged.findings),
    )


def _read_chain(path: Path, folder: Path) -> tuple[Merged, dict[str, InputFile]]:
    """Read a file and what it extends, and merge them from the farthest.

    Files are known by their place from `folder`.
    """
    files: dict[str, InputFile] = {}
    documents: list[Document] = []
    seen: list[Path] = []
    root = folder.resolve()
    here: Path | None = path
    while here is not None:
        beside = here == path and path.parent == folder
        key = path.name if beside else _input_key(here, root)
        shown = os.path.normpath(folder / key)
        content = read_within(here, shown, SCENARIO_BYTES)
        document = read_yaml(decode(content, shown), key, shown)
        _check_mapping(document, shown)
        files[key] = InputFile(key=key, path=here, content=content)
        documents.append(document)
        seen.append(here.resolve())
        here = _extended(document, here, shown, seen)
    merged = Merged()
    for document in reversed(documents):
        merged.merge(document)
    return merged, files


def _input_key(path: Path, root: Path) -> str:
    return PurePosixPath(*Path(os.path.relpath(path.resolve(), root)).parts).as_posix()


def _check_mapping(document: Document, shown: str) -> None:
    if isinstance(document.data, dict):
        return
    empty = document.data is None
    raise InvalidInput(
        [
            Finding(
                code="empty_file" if empty else "not_a_mapping",
                message="the scenario file states nothing"
                if empty
                else "a scenario is a mapping of keys",
                file=shown,
                line=1,
                column=1,
                received="nothing" if empty else type(document.data).__name__,
                accepted="key: value lines, starting with format: 1",
                remedy="start from perequa new",
            )
        ]
    )


def _extended(document: Document, here: Path, shown: str, seen: list[Path]) -> Path | None:
    """Return the file that this one extends, if any."""
    stated = document.data.get("extends")
    if stated is None:
        return None
    origin = document.origins["extends",]
    if not isinstance(stated, str) or not stated or not stated.isprintable():
        raise _bad_extends("not_a_path", "extends must be a path", stated, origin, shown)
    target = here.parent / stated
    if exists(target) and target.is_dir():
        target = target / SCENARIO_FILE
    if not (exists(target) and target.is_file()):
        raise _bad_extends("missing_file", "no such file to extend", stated, origin, shown)
    if target.resolve() in seen:
        raise _bad_extends("cyclic_extends", "extends comes back to itself", stated, origin, shown)
    return target


def _bad_extends(
    code: str, message: str, stated: object, origin: Origin, shown: str
) -> InvalidInput:
    return InvalidInput(
        [
            Finding(
                code=code,
                message=message,
                file=shown,
                line=origin.line,
                column=origin.column,
                key="extends",
                received=str(stated),
                accepted="the path of another scenario file, from this file's folder",
                remedy="correct the path, or drop extends",
            )
        ]
    )


def _apply_variant(merged: Merged, name: str, folder: Path, key: str) -> None:
    """Apply the changes of a variant of a file of a folder, in the order of the file."""
    known = merged.data.get("variants")
    variants = known if isinstance(known, dict) else {}
    changes = variants.get(name)
    if name not in variants:
        merged.findings.append(
            Finding(
                code="unknown_variant",
                message=f"the scenario has no variant {name!r}",
                file=str(folder / key),
                key="variants",
                received=name,
                accepted=", ".join(str(v) for v in variants) or "none: it states no variant",
                nearest=nearest(name, variants),
                remedy="name a variant of the scenario",
            )
        )
    if not isinstance(changes, dict):
        return  # a variant without changes; anything else is a finding of the schema
    for dotted, value in list(changes.items()):
        part = part_at(merged, ("variants", name, dotted))
        shown = os.path.normpath(folder / part.origins[()].file)
        merged.change(str(dotted), value, part.under(f"variant {name}"), shown)


def _apply_set(merged: Merged, text: str) -> None:
    """Apply one ``PATH=VALUE``.

    Raises
    ------
    UsageError
        Without an equals sign, or without a path.
    """
    dotted, equals, written = text.partition("=")
    override = f"--set {text}"
    if not equals or not dotted:
        raise UsageError(f"{override}: write --set PATH=VALUE, e.g. --set rules.floor.active=false")
    try:
        document = read_yaml(written, "", override, override)
    except InvalidInput as error:
        merged.findings.extend(error.findings)
        return
    part = part_of(document)
    if not part.origins:  # nothing after the equals sign: null
        part.origins[()] = Origin(file="", line=1, column=1, override=override)
    merged.change(dotted, document.data, part, override)
