"""The merged mapping read as a typed scenario; its errors told in the planner's words.

Pydantic's errors are translated by their type, never by their text.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from perequa.checks.fields import keys_of, models_at
from perequa.checks.wording import Wording, is_mismatch, shown_value, worded
from perequa_models.problems import nearest
from perequa_models.scenario import Scenario

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from perequa_models.problems import Path, Problem, Problems

_KINDED = ("rules", "objectives")
_NOWHERE = object()


class _Placed(NamedTuple):
    """An error of pydantic with its real path and the branch of a union it speaks of."""

    path: Path
    union: Path | None
    branch: str
    error: ErrorDetails


def check_schema(data: dict[Any, Any], problems: Problems) -> Scenario | None:
    """Read a merged mapping as a typed scenario.

    Parameters
    ----------
    data
        The merged mapping.
    problems
        Grows with every key and value that the format does not accept.

    Returns
    -------
    Scenario or None
        None when anything but names of keys is wrong; keys that only look mistyped are read as the
        nearest known ones, so that what else is wrong can be told at once.
    """
    before = len(problems.found)
    try:
        return Scenario.model_validate(data)
    except ValidationError as invalid:
        placed = [_place(error, data) for error in invalid.errors(include_url=False)]
    unions: defaultdict[Path, list[_Placed]] = defaultdict(list)
    for item in placed:
        if item.union is not None:
            unions[item.union].append(item)
    told: set[Path] = set()
    for item in placed:
        if item.union is None:
            if not _is_echo(item, placed):
                _note(item, data, problems)
        elif item.union not in told:
            told.add(item.union)
            _note_union(item.union, unions[item.union], data, problems)
    return _read_as_meant(data, problems.found[before:])


def _read_as_meant(data: dict[Any, Any], noted: list[Problem]) -> Scenario | None:
    """Read a scenario whose only faults are unknown keys, each as the nearest known one."""
    if not noted or any(problem.code != "unknown_key" for problem in noted):
        return None
    meant = copy.deepcopy(data)
    for problem in noted:
        *above, key = problem.path
        mapping: Any = meant
        for step in above:
            mapping = mapping[step]
        value = mapping.pop(key, _NOWHERE)
        if value is not _NOWHERE and problem.nearest and problem.nearest not in mapping:
            mapping[problem.nearest] = value
    try:
        return Scenario.model_validate(meant)
    except ValidationError:
        return None


def _is_echo(item: _Placed, placed: list[_Placed]) -> bool:
    """Whether an error only repeats that an item below is wrong (a list left too short)."""
    below = (p for p in placed if p is not item)
    return item.error["type"] == "too_short" and any(
        p.path[: len(item.path)] == item.path for p in below
    )


def _place(error: ErrorDetails, data: dict[Any, Any]) -> _Placed:
    """Find the real path of an error: `loc` also names kinds and branches of unions."""
    path: list[str | int] = []
    node: Any = data
    union: Path | None = None
    branch = ""
    loc = error["loc"]
    for i, part in enumerate(loc):
        kind_tag = i == 2 and loc[0] in _KINDED and isinstance(node, dict)
        if part == "[key]" or (kind_tag and part == node.get("kind")):
            continue
        inside = _inside(node, part)
        if inside is not _NOWHERE:
            path.append(part)
            node = inside
        elif i == len(loc) - 1 and error["type"] == "missing":
            path.append(part)
        elif isinstance(part, str) and union is None:
            union, branch = tuple(path), part
        # what remains is the 0 of a single item read as a list of one, or an inner branch
    return _Placed(tuple(path), union, branch, error)


def _inside(node: Any, part: str | int) -> Any:  # noqa: ANN401 - plain data
    """Return what stands at a key or position of plain data."""
    if isinstance(node, dict):
        return node.get(part, _NOWHERE)
    if isinstance(node, list) and isinstance(part, int) and part < len(node):
        return node[part]
    return _NOWHERE


def _note(item: _Placed, data: dict[Any, Any], problems: Problems) -> None:
    """Note one error."""
    path, error = item.path, item.error
    key = str(path[-1]) if path else "scenario"
    if error["type"] == "extra_forbidden":
        known = keys_of(_models(item, data))
        problems.error(
            "unknown_key",
            f"unknown key {key!r}",
            path=path,
            received=key,
            accepted=", ".join(known),
            nearest=nearest(key, known),
            remedy="correct the key, or drop it",
        )
        return
    if error["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        _note_kind(path, error, problems)
        return
    told: Wording = worded(error, key)
    problems.error(
        "wrong_key" if error["loc"][-1] == "[key]" else told.code,
        told.message,
        path=path,
        received=key if error["loc"][-1] == "[key]" else _received(error),
        accepted=told.accepted,
        remedy=told.remedy,
    )


def _models(item: _Placed, data: dict[Any, Any]) -> tuple[Any, ...]:
    """Return the models of the mapping that holds a key, of one branch when in a union."""
    models = models_at(item.path[:-1], data)
    named = tuple(m for m in models if m.__name__ in item.branch)
    return named or models


def _note_kind(path: Path, error: ErrorDetails, problems: Problems) -> None:
    """Note an unknown or absent ``kind``."""
    known = [word.strip(" '") for word in error.get("ctx", {}).get("expected_tags", "").split(",")]
    if not known[0]:
        known = keys_of_kinds(str(path[0]))
    stated = error["input"].get("kind") if isinstance(error["input"], dict) else None
    problems.error(
        "unknown_kind" if stated is not None else "missing_key",
        f"unknown kind {shown_value(stated)!r}" if stated is not None else "kind is missing",
        path=(*path, "kind") if stated is not None else path,
        received="nothing" if stated is None else shown_value(stated),
        accepted=", ".join(known),
        nearest=nearest(str(stated), known) if stated is not None else "",
        remedy="name one of these kinds",
    )


def keys_of_kinds(section: str) -> list[str]:
    """Return the kinds of rules, or of objectives, of this version."""
    models = models_at((section, ""), {section: {}})
    return [str(m.model_fields["kind"].annotation.__args__[0]) for m in models]  # type: ignore[union-attr]


def _note_union(path: Path, items: list[_Placed], data: dict[Any, Any], problems: Problems) -> None:
    """Note what is wrong with a value that may be one of several things: once, not for each."""
    branches: defaultdict[str, list[_Placed]] = defaultdict(list)
    for item in items:
        branches[item.branch].append(item)
    fitting = [
        errors
        for errors in branches.values()
        if not any(e.path == path and is_mismatch(e.error["type"]) for e in errors)
    ]
    if fitting:
        for item in min(fitting, key=lambda errors: _distance(errors, data)):
            _note(item, data, problems)
        return
    words = [worded(errors[0].error, str(path[-1])) for errors in branches.values()]
    accepted = list(dict.fromkeys(word.accepted for word in words))
    error = items[0].error
    stated = _received(error)
    # an expected word that is nearly the one stated is what was meant
    known = [w.strip(" '") for word in accepted for w in word.replace(" or ", ",").split(",")]
    problems.error(
        "wrong_value",
        f"{path[-1]} cannot be this",
        path=path,
        received=stated,
        accepted=" or ".join(accepted),
        nearest=nearest(stated, known) if isinstance(error["input"], str) else "",
        remedy="correct the value",
    )


def _distance(errors: list[_Placed], data: dict[Any, Any]) -> tuple[int, int]:
    """Measure how far a mapping is from one branch: keys unlike any of its own, then errors."""
    unlike = 0
    for item in errors:
        if item.error["type"] == "extra_forbidden":
            known = keys_of(_models(item, data))
            unlike += not nearest(str(item.path[-1]), known)
    return unlike, len(errors)


def _received(error: ErrorDetails) -> str:
    return "nothing" if error["type"] == "missing" else shown_value(error["input"])
