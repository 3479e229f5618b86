"""Safe YAML with JSON-like scalars, and the place of every value.

Only ``true``, ``false``, ``null`` and JSON numbers are read as such: ``01``, ``2A``, ``NO``,
``12:30`` and dates stay text, so that a territory's code is never turned into something else.
The parser's events are read one by one with our own stack, never PyYAML's recursive composer: a
file nested a thousand levels deep is a finding, not a crash.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack

import yaml
from yaml import events
from yaml.reader import ReaderError

from perequa.io.findings import Details, Finding, InvalidInput
from perequa.io.limits import NESTING

if TYPE_CHECKING:
    from perequa_models.problems import Path

MOST_FINDINGS = 100
"""A file that holds more refused values than this is not read further."""
_READ_OTHERWISE = re.compile(r"[\t\ufeff?]")
"""What libyaml does not read as PyYAML does: tabs, byte order marks, question marks."""
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z")
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a value was stated.

    Attributes
    ----------
    file
        Input key of the file: its path from the folder of the scenario that is run.
    line, column
        From 1.
    override
        ``variant NAME`` or ``--set PATH=VALUE`` when such a change stated it, else empty.
    """

    file: str
    line: int
    column: int
    override: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a file holds: plain data, the origin of every value and of every key."""

    data: Any
    origins: dict[Path, Origin]
    keys: dict[Path, Origin]


@dataclass(slots=True)
class _Open:
    """A mapping or sequence being read."""

    value: dict[Any, Any] | list[Any]
    path: Path
    key: str | int | None = None
    skipping: bool = False


@dataclass(slots=True)
class _Reader:
    """Builds data from events, noting what is refused."""

    file: str
    shown: str
    override: str
    data: Any = None
    origins: dict[Path, Origin] = field(default_factory=dict)
    keys: dict[Path, Origin] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    documents: int = 0

    def note(
        self,
        mark: Any,  # noqa: ANN401 - PyYAML has no types
        code: str,
        message: str,
        **details: Unpack[Details],
    ) -> None:
        """Note an error at a mark of the parser."""
        self.findings.append(
            Finding(
                code=code,
                message=message,
                file=self.shown,
                line=mark.line + 1,
                column=mark.column + 1,
                key=".".join(str(part) for part in (self.stack[-1].path if self.stack else ())),
                **details,
            )
        )

    def take(self, event: events.Event) -> bool:
        """Read one event; return whether reading goes on."""
        if isinstance(event, events.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.note(
                    event.start_mark,
                    "several_documents",
                    "the file holds several YAML documents",
                    received="---",
                    accepted="one document",
                    remedy="keep one document a file",
                )
            return self.documents == 1
        if isinstance(event, events.AliasEvent):
            self._refuse(event, "yaml_alias", "YAML aliases are refused", f"*{event.anchor}")
            self._place(None, event)
        elif isinstance(event, events.ScalarEvent):
            self._check_node(event)
            self._scalar(event)
        elif isinstance(event, events.CollectionStartEvent):
            self._check_node(event)
            return self._open(event)
        elif isinstance(event, events.CollectionEndEvent):
            self.stack.pop()
        return True

    def _check_node(self, event: events.ScalarEvent | events.CollectionStartEvent) -> None:
        if event.anchor is not None:
            self._refuse(event, "yaml_anchor", "YAML anchors are refused", f"&{event.anchor}")
        if event.tag is not None:
            self._refuse(event, "yaml_tag", "YAML tags are refused", str(event.tag))

    def _refuse(self, event: events.Event, code: str, message: str, received: str) -> None:
        self.note(
            event.start_mark,
            code,
            message,
            received=received,
            accepted="plain values",
            remedy="write the value out",
        )

    def _scalar(self, event: events.ScalarEvent) -> None:
        plain = not event.style  # None from PyYAML's own parser, empty from libyaml's
        text = event.value
        if any((c < " " and c not in "\n\t") or "\ud800" <= c <= "\udfff" for c in text):
            self.note(
                event.start_mark,
                "bad_character",
                "the text holds a control character",
                received=ascii(text),
                accepted="printable text",
                remedy="remove the character",
            )
            text = ""
        if self._awaits_key():
            self._key(text, event, plain=plain)
            return
        value = scalar(text) if plain else text
        if isinstance(value, float) and not math.isfinite(value):
            self.note(
                event.start_mark,
                "number_too_large",
                "the number cannot be held",
                received=text,
                accepted="a finite number",
                remedy="correct the figure",
            )
            value = None
        self._place(value, event)

    def _awaits_key(self) -> bool:
        top = self.stack[-1] if self.stack else None
        return top is not None and isinstance(top.value, dict) and top.key is None

    def _key(self, text: str, event: events.ScalarEvent, *, plain: bool) -> None:
        top = self.stack[-1]
        assert isinstance(top.value, dict)
        # only whole numbers (years) are read as numbers: no key is true, null or 1.5
        key = int(text) if plain and _WHOLE.match(text) and len(text) < 20 else text
        top.key = key
        top.skipping = key in top.value
        if plain and text == "<<":
            self._refuse(event, "yaml_merge_key", "YAML merge keys are refused", "<<")
        elif top.skipping:
            first = self.keys[*top.path, key]
            self.note(
                event.start_mark,
                "duplicate_key",
                f"the key {text!r} is stated twice in this mapping",
                received=text,
                accepted=f"one value (the first stands on line {first.line})",
                remedy="keep one of the two",
            )
        else:
            self.keys[*top.path, key] = self._origin(event)

    def _open(self, event: events.CollectionStartEvent) -> bool:
        if self._awaits_key():
            self.note(
                event.start_mark,
                "key_not_text",
                "a key must be plain text",
                received="a mapping or a list as key",
                accepted="text",
                remedy="put quotes around the key, or mind the brackets",
            )
            return False
        if len(self.stack) >= NESTING:
            self.note(
                event.start_mark,
                "nested_too_deep",
                "the file is nested too deep",
                received=f"more than {NESTING} levels",
                accepted=f"at most {NESTING} levels",
                remedy="flatten the mapping",
            )
            return False
        value: dict[Any, Any] | list[Any] = (
            {} if isinstance(event, events.MappingStartEvent) else []
        )
        path = self._place(value, event)
        self.stack.append(_Open(value, path))
        return True

    def _place(self, value: Any, event: events.Event) -> Path:  # noqa: ANN401 - plain data
        """Put a value where it belongs and note its origin."""
        if not self.stack:
            self.data = value
            self.origins[()] = self._origin(event)
            return ()
        top = self.stack[-1]
        if isinstance(top.value, list):
            path: Path = (*top.path, len(top.value))
            top.value.append(value)
        elif top.key is None:  # an alias as key, already noted
            top.key = ""
            return top.path
        else:
            path = (*top.path, top.key)
            skipped = top.skipping
            if not skipped:
                top.value[top.key] = value
            top.key, top.skipping = None, False
            if skipped:
                return path
        if isinstance(value, dict | list) and path in self.keys:
            # a section is found at its name, not at its first line
            self.origins[path] = self.keys[path]
        else:
            self.origins[path] = self._origin(event)
        return path

    def _origin(self, event: events.Event) -> Origin:
        mark: Any = event.start_mark
        return Origin(
            file=self.file, line=mark.line + 1, column=mark.column + 1, override=self.override
        )


def scalar(text: str) -> bool | int | float | str | None:
    """Read a plain scalar: true, false, null, a JSON number, otherwise text.

    Examples
    --------
    >>> [scalar(t) for t in ("01", "2A", "NO", "12:30", "nan", "1.5e8", "-3", "true")]
    ['01', '2A', 'NO', '12:30', 'nan', 150000000.0, -3, True]
    """
    if text in _WORDS:
        return _WORDS[text]
    if not _NUMBER.match(text):
        return text
    as_float = float(text)
    return int(text) if _WHOLE.match(text) and math.isfinite(as_float) else as_float


def read_yaml(text: str, file: str, shown: str, override: str = "") -> Document:
    """Read one YAML document.

    Parameters
    ----------
    text
        The document.
    file
        Written in the origins.
    shown
        Written in the findings.
    override
        What stated it, when it is a change given on the command line.

    Raises
    ------
    InvalidInput
        With everything that is refused: syntax, duplicate keys, anchors, aliases, merge keys,
        tags, several documents, nesting over the limit.
    """
    for loader in _loaders(text):
        reader = _Reader(file, shown, override)
        try:
            for event in yaml.parse(text, Loader=loader):
                if not reader.take(event) or len(reader.findings) >= MOST_FINDINGS:
                    break
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # ValueError and OverflowError: escapes and version numbers PyYAML does not check
            reader.findings.append(_syntax(error, text, shown))
        if not reader.findings:
            return Document(data=reader.data, origins=reader.origins, keys=reader.keys)
    raise InvalidInput(reader.findings)


def _loaders(text: str) -> list[Any]:
    """Parsers to try: libyaml's is ten times as fast, and PyYAML's own tells what is refused."""
    fast = yaml.__with_libyaml__ and not _READ_OTHERWISE.search(text)
    return [yaml.CSafeLoader, yaml.SafeLoader] if fast else [yaml.SafeLoader]


def _syntax(error: Exception, text: str, shown: str) -> Finding:
    line, column, what = 1, 1, "it cannot be read as YAML"
    if isinstance(error, ReaderError):
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        what = "a character is not allowed in YAML"
    elif isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        if mark is not None:
            line, column = mark.line + 1, mark.column + 1
        what = f"YAML syntax: {error.problem or error.context}"
    elif not isinstance(error, yaml.YAMLError):
        what = "YAML syntax: an escape or number out of range"
    return Finding(
        code="yaml_syntax",
        message=what,
        file=shown,
        line=line,
        column=column,
        accepted="YAML: key: value, lists, text",
        remedy="correct the line (indentation, quotes, brackets)",
    )
