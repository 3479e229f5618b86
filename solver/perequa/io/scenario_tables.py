"""The places of a scenario file that name tables, found in its text and rewritten there.

The text is edited, never written anew: comments and the planner's own layout stay.
"""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from perequa.io.table_files import BOUNDS
from perequa.io.yaml_nodes import scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from perequa_models.problems import Path as DataPath

VARIANTS = "variants"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*\Z")
_WORDS = frozenset({"yes", "no", "on", "off", "y", "n", "true", "false", "null"})
"""Words that YAML readers take for truth values."""

Edit = tuple[int, int, str]
"""A piece of text, from its first character to the one behind its last, and what replaces it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A table: its file by the place of the copy, and its sheet."""

    file: str
    sheet: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A place of a scenario file that names a table.

    Attributes
    ----------
    path
        Where it stands.
    base
        Folder that the path of the file starts from.
    section
        Section that the table serves: a workbook's sheet of that name is read where none is named.
    named
        The table.
    pairs, at, sheet_at
        Keys and values of the mapping; which of them name the file and the sheet.
    prefix
        What stands before ``file`` in the key: variants write ``supply.file``.
    flow
        Whether the mapping stands in braces.
    """

    path: DataPath
    base: str
    section: str
    named: Named
    pairs: tuple[tuple[yaml.Node, yaml.Node], ...]
    at: int
    sheet_at: int | None
    prefix: str
    flow: bool

    @property
    def in_variant(self) -> bool:
        """Whether a variant names it."""
        return self.path[:1] == (VARIANTS,)

    @property
    def target(self) -> str:
        """Dotted path, in the scenario, of the mapping that the place is or changes."""
        steps = self.path[2:] if self.in_variant else self.path
        return ".".join([*map(str, steps), *filter(None, [self.prefix.rstrip(".")])])

    @property
    def line(self) -> int:
        """Line where it stands, from 1."""
        line: int = self.pairs[self.at][0].start_mark.line
        return line + 1


def mentions(text: str, name: str) -> tuple[Mention, ...]:
    """Find every place that names a table, in the scenario and in its variants.

    Parameters
    ----------
    text
        A scenario file that `read_yaml` accepts.
    name
        Its place in the folder of the scenario.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return tuple(_below(root, (), posixpath.dirname(name)))


def sheets_alone(text: str) -> tuple[int, ...]:
    """Return the lines of variants that name another sheet and leave the file as it is."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return tuple(_sheets_alone(root, ()))


def rewritten(text: str, others: Iterable[tuple[Mention, Named]]) -> str:
    """Name other tables at some places; a sheet that is not named any more is left out.

    Parameters
    ----------
    text
        The scenario file.
    others
        The table to name at each place; its file is a path from the place's folder.
    """
    edits = sorted(edit for mention, other in others for edit in _edits(text, mention, other))
    for start, end, new in reversed(edits):
        text = text[:start] + new + text[end:]
    return text


def _below(node: yaml.Node | None, path: DataPath, base: str) -> Iterator[Mention]:
    if isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            yield from _below(item, (*path, i), base)
    if not isinstance(node, yaml.MappingNode):
        return
    keys = {key.value: i for i, (key, _) in enumerate(node.value)}
    for key, i in keys.items():
        value = node.value[i][1]
        if _names_a_file(path, key) and isinstance(value, yaml.ScalarNode):
            prefix = key.removesuffix("file")
            sheet_at = keys.get(f"{prefix}sheet")
            in_variant = path[:1] == (VARIANTS,)
            yield Mention(
                path=path,
                # what a variant states is relative to the scenario that is run
                base="" if in_variant else base,
                section=_section(path, key),
                named=Named(
                    file=posixpath.normpath(
                        posixpath.join("" if in_variant else base, value.value)
                    ),
                    sheet=None if sheet_at is None else node.value[sheet_at][1].value,
                ),
                pairs=tuple(node.value),
                at=i,
                sheet_at=sheet_at,
                prefix=prefix,
                flow=bool(node.flow_style),
            )
        yield from _below(value, (*path, key), base)


def _names_a_file(path: DataPath, key: str) -> bool:
    if path[:1] == (VARIANTS,) and len(path) > 1:
        return key == "file" or key.endswith(".file")
    if key != "file":
        return False
    match path:
        case ("territories" | "supply" | "projects",) | ("columns", _):
            return True
        case ("rules", _, side):
            return side in BOUNDS
    return False


def _section(path: DataPath, key: str) -> str:
    """Return the section that a place belongs to; a variant names it in its dotted keys."""
    steps = (*path, key)
    return str(steps[2] if path[:1] == (VARIANTS,) else steps[0]).partition(".")[0]


def _sheets_alone(node: yaml.Node | None, path: DataPath) -> Iterator[int]:
    if isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            yield from _sheets_alone(item, (*path, i))
    if not isinstance(node, yaml.MappingNode):
        return
    keys = {key.value for key, _ in node.value}
    for key, value in node.value:
        name = str(key.value)
        alone = name == "sheet" or name.endswith(".sheet")
        if path[:1] == (VARIANTS,) and alone and f"{name.removesuffix('sheet')}file" not in keys:
            yield key.start_mark.line + 1
        yield from _sheets_alone(value, (*path, name))


def _edits(text: str, mention: Mention, other: Named) -> Iterator[Edit]:
    key, value = mention.pairs[mention.at]
    file = _quoted(posixpath.relpath(other.file, mention.base or "."))
    start, end = value.start_mark.index, value.end_mark.index
    if other.sheet is None:
        yield start, end, file
        if mention.sheet_at is not None:
            yield _removed(text, mention, mention.sheet_at)
    elif mention.sheet_at is not None:
        yield start, end, file
        held = mention.pairs[mention.sheet_at][1]
        yield held.start_mark.index, held.end_mark.index, _quoted(other.sheet)
    else:
        between = ", "
        if not mention.flow:
            between = ("\r\n" if "\r\n" in text else "\n") + " " * key.start_mark.column
        yield start, end, f"{file}{between}{mention.prefix}sheet: {_quoted(other.sheet)}"


def _removed(text: str, mention: Mention, at: int) -> Edit:
    """Take a key and its value away, with the comma or the line break before it."""
    key, value = mention.pairs[at]
    start, end = key.start_mark.index, value.end_mark.index
    if at == 0:
        return start, mention.pairs[1][0].start_mark.index, ""
    before = mention.pairs[at - 1][1].end_mark.index
    # a comment between the two stays, and an empty line with it
    return (before if not text[before:start].strip(" ,\r\n") else start), end, ""


def _quoted(text: str) -> str:
    """Write a text so that YAML reads it as that text."""
    plain = _PLAIN.match(text) and text.casefold() not in _WORDS and scalar(text) == text
    return text if plain else json.dumps(text, ensure_ascii=False)


def same_tables(first: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether two scenarios say the same but for the tables they name."""
    return _bare(first) == _bare(other)


def _bare(value: object) -> object:
    if isinstance(value, dict):
        return {
            key: _bare(held)
            for key, held in value.items()
            if str(key).rpartition(".")[2] not in {"file", "sheet"}
        }
    return [_bare(item) for item in value] if isinstance(value, list) else value
