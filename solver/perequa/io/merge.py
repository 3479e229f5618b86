"""Merging scenario files: ``extends``, then the file, then variants, then ``--set``.

Mappings merge key by key, anything else replaces, ``null`` removes (scenario reference,
section 14). The origin of every value follows it, and every value overwritten is kept.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from perequa.io.findings import Finding
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from perequa.io.yaml_nodes import Document, Origin
    from perequa_models.problems import Path

FIXED = ("format", "name", "extends", "variants")
"""Keys that a variant or ``--set`` cannot change."""
OPTIONAL_SECTIONS = (
    "choices", "derive", "envelopes", "indicators", "rules", "sensitivity", "tie_break",
)  # fmt: skip
"""Mappings that a change may write into although the file does not state them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overwritten:
    """A value that something later replaced or removed."""

    path: Path
    value: Any
    origin: Origin


@dataclass(slots=True)
class Merged:
    """Data merged so far, with the origin of every value and key."""

    data: dict[Any, Any] = field(default_factory=dict)
    origins: dict[Path, Origin] = field(default_factory=dict)
    keys: dict[Path, Origin] = field(default_factory=dict)
    overwritten: list[Overwritten] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def merge(self, document: Document) -> None:
        """Merge a whole file over what is there."""
        self._merge_mapping(self.data, (), document.data, Part(document.origins, document.keys))

    def change(self, dotted: str, value: Any, part: Part, shown: str) -> None:  # noqa: ANN401
        """Set one dotted path; an unknown prefix is noted.

        Parameters
        ----------
        dotted
            E.g. ``rules.floor.active`` or ``reference.parts.0.share``.
        value
            Plain data; null removes.
        part
            Origins of the value, whose paths start at the value itself.
        shown
            File written in findings.
        """
        target, path, problem = self._walk(dotted)
        if problem is None and value is None and not _holds(target, path[-1]):
            problem = self._unknown(path[-1], target, "there is nothing to remove")
        if problem is not None:
            origin = part.origins[()]
            self.findings.append(
                replace(
                    problem,
                    file=shown,
                    line=origin.line if not shown.startswith("--set") else None,
                    column=origin.column if not shown.startswith("--set") else None,
                    key=dotted,
                )
            )
            return
        self._put(target, path, value, part)

    def _walk(self, dotted: str) -> tuple[Any, Path, Finding | None]:
        """Follow a dotted path down to the mapping or list that holds its last step."""
        steps = dotted.split(".")
        if steps[0] in FIXED:
            refused = Finding(
                code="fixed_key",
                message=f"{steps[0]} cannot be changed by a variant or --set",
                received=dotted,
                accepted="any other key",
                remedy="write another scenario file that extends this one",
            )
            return self.data, (), refused
        target: Any = self.data
        if len(steps) > 1 and steps[0] in OPTIONAL_SECTIONS:
            self.data.setdefault(steps[0], {})
        path: Path = ()
        for i, written in enumerate(steps):
            step = _step(target, written)
            last = i == len(steps) - 1
            if step is None or not (_holds(target, step) or (last and isinstance(target, dict))):
                where = ".".join(steps[:i]) or "the scenario"
                return target, path, self._unknown(written, target, f"{where} has no {written!r}")
            path = (*path, step)
            if not last:
                target = target[step]
        return target, path, None

    @staticmethod
    def _unknown(step: str | int, target: Any, message: str) -> Finding:  # noqa: ANN401
        known = (
            [str(key) for key in target]
            if isinstance(target, dict)
            else [str(i) for i in range(len(target))]
            if isinstance(target, list)
            else []
        )
        return Finding(
            code="unknown_path",
            message=message,
            received=str(step),
            accepted=", ".join(known) or "a key of a mapping",
            nearest=nearest(str(step), known),
            remedy="name a path of this scenario",
        )

    def _merge_mapping(
        self, target: dict[Any, Any], path: Path, new: dict[Any, Any], part: Part
    ) -> None:
        if path not in self.origins:
            self.origins[path] = part.origins[()]
        entries = part.by_key()
        for key, value in new.items():
            self._put(target, (*path, key), value, entries[key])

    def _put(self, target: Any, path: Path, value: Any, part: Part) -> None:  # noqa: ANN401
        key = path[-1]
        held = target[key] if _holds(target, key) else None
        if isinstance(held, dict) and isinstance(value, dict):
            self._merge_mapping(held, path, value, part)
            return
        if _holds(target, key):
            self._forget(path, held)
        if value is None and held is not None:
            del target[key]
            return
        target[key] = copy.deepcopy(value)
        for below, origin in part.origins.items():
            self.origins[path + below] = origin
        for below, origin in part.keys.items():
            self.keys[path + below] = origin

    def _forget(self, path: Path, held: Any) -> None:  # noqa: ANN401 - plain data
        if path in self.origins:
            self.overwritten.append(
                Overwritten(path=path, value=copy.deepcopy(held), origin=self.origins[path])
            )
        for places in (self.origins, self.keys):
            if isinstance(held, dict | list):
                for known in [p for p in places if p[: len(path)] == path]:
                    del places[known]
            else:
                places.pop(path, None)


@dataclass(frozen=True, slots=True)
class Part:
    """Origins of a value, by the path that starts at the value."""

    origins: dict[Path, Origin]
    keys: dict[Path, Origin]

    def by_key(self) -> dict[str | int, Part]:
        """Origins of each entry of a mapping."""
        entries: dict[str | int, Part] = {}
        for path, origin in self.origins.items():
            if path:
                entries.setdefault(path[0], Part({}, {})).origins[path[1:]] = origin
        for path, origin in self.keys.items():
            if path:
                entries[path[0]].keys[path[1:]] = origin
        return entries

    def under(self, override: str) -> Part:
        """Return the same origins marked with the change that states them."""
        return Part(
            {path: replace(o, override=override) for path, o in self.origins.items()},
            {path: replace(o, override=override) for path, o in self.keys.items()},
        )


def part_at(merged: Merged, path: Path) -> Part:
    """Return the origins of the value at a path of the merged data."""
    n = len(path)
    return Part(
        {p[n:]: o for p, o in merged.origins.items() if p[:n] == path},
        {p[n:]: o for p, o in merged.keys.items() if p[:n] == path},
    )


def part_of(document: Document) -> Part:
    """Return the origins of a whole document."""
    return Part(document.origins, document.keys)


def _step(target: Any, written: str) -> str | int | None:  # noqa: ANN401 - plain data
    """Read one step of a dotted path: an item of a list, or a key (whole numbers included)."""
    if isinstance(target, list):
        return int(written) if written.isdecimal() and len(written) < 6 else None
    if isinstance(target, dict):
        number = int(written) if written.isdecimal() and len(written) < 20 else None
        return number if number in target else written
    return None


def _holds(target: Any, step: str | int) -> bool:  # noqa: ANN401 - plain data
    if isinstance(target, list):
        return isinstance(step, int) and 0 <= step < len(target)
    return isinstance(target, dict) and step in target
