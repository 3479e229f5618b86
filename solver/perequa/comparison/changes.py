"""Differences gathered into changes: what a planner would call one decision.

A change is a named element of the scenario (a rule, a weight, a figure of a measure, the reference,
a column of a table) or, where a variant closes one point the source leaves open, everything that
variant states: the *choice*. What is so tangled that it cannot be told apart is one change.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from perequa.checks.plain import NAMED
from perequa.comparison.differences import ABSENT, Item, items_between, value_at

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from perequa.checks.plain import Plain, Sheet
    from perequa_models.problems import Path

IDLE_SECTIONS = frozenset({"title", "sources", "choices", "sensitivity"})
"""Sections that no figure depends on."""
IDLE_OPTIONS = frozenset({"title", "source"})
"""Options of an element that no figure depends on."""
BETWEEN = " + "


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change from a scenario to another.

    Attributes
    ----------
    name
        Elements it consists of, e.g. ``rules.floor`` or ``choices.numerator``.
    items
        What differs.
    idle
        Whether nothing can depend on it: words, a choice that nothing else follows.
    """

    name: str
    items: tuple[Item, ...]
    idle: bool


def changes_between(first: Plain, other: Plain) -> tuple[Change, ...]:
    """Return the changes that lead from one scenario to another, in the order of the file.

    Notes
    -----
    What the scenario file states comes first, then each variant as it was applied, then ``--set``;
    inside each of them the order is that of the lines.
    """
    items = items_between(first, other)
    elements = _linked({item: _elements(item, first, other) for item in items}, first, other)
    made = []
    for group in _joined(elements):
        names = {name for item in group for name in elements[item]}
        chosen = sorted(name for name in names if name.startswith("choices."))
        name = BETWEEN.join(chosen or sorted(names))
        idle = all(_is_idle(item) for item in group)
        made.append(Change(name=name, items=tuple(group), idle=idle))
    return tuple(sorted(made, key=lambda change: _place(change, first, other)))


def mixed(first: Plain, other: Plain, changes: Collection[Change]) -> Plain:
    """Return the first scenario with some of the changes that lead to the other."""
    data = copy.deepcopy(first.data)
    sheets = dict(first.sheets)
    for item in (item for change in changes for item in change.items):
        if item.of == "value":
            _put(data, item.path, value_at(other.data, item.path))
            continue
        name = str(item.path[0])
        if item.of == "column":
            sheets[name] = _with_column(sheets[name], other.sheets[name], str(item.path[1]))
        elif name in other.sheets:
            sheets[name] = other.sheets[name]
        else:
            del sheets[name]
    return replace(first, data=data, sheets=sheets, limits={**other.limits, **first.limits})


def _put(data: Any, path: Path, value: Any) -> None:  # noqa: ANN401 - plain data
    for step in path[:-1]:
        data = data[step]
    if value is ABSENT:
        del data[path[-1]]
    else:
        data[path[-1]] = copy.deepcopy(value)


def _with_column(sheet: Sheet, other: Sheet, column: str) -> Sheet:
    columns = {name: cells for name, cells in sheet.columns.items() if name != column}
    if column in other.columns:
        cells = other.cells(column)
        columns[column] = tuple(cells[key] for key in sheet.rows)
    return replace(sheet, columns=columns)


def _elements(item: Item, first: Plain, other: Plain) -> tuple[str, ...]:
    """Return the elements a difference belongs to: the choices that claim it, else its own."""
    claims = {
        f"choices.{choice}"
        for scenario in (first, other)
        for choice, stated in _chosen(scenario)
        if any(_overlap(item, path) for path in stated)
    }
    return tuple(sorted(claims)) or (_element(item, first, other),)


def _linked(
    elements: dict[Item, tuple[str, ...]], first: Plain, other: Plain
) -> dict[Item, tuple[str, ...]]:
    """Tie a reference shared out by amounts to the rule it hands out: neither is valid alone."""
    handed = {
        ("rules", str(block.get("of")))
        for scenario in (first, other)
        for block in _blocks(scenario.data.get("reference"))
        if any("amount" in part for part in block.get("parts") or ())
    }
    with_rule = tuple(
        name for item, names in elements.items() if item.path[:2] in handed for name in names
    )
    return {
        item: (*names, *with_rule) if item.path[0] == "reference" else names
        for item, names in elements.items()
    }


def _blocks(reference: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - plain data
    listed = reference if isinstance(reference, list) else [reference]
    return [block for block in listed if isinstance(block, dict)]


def _chosen(scenario: Plain) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Yield each choice closed by a variant applied, with the paths that variant states.

    A variant that closes several choices, or none, says nothing of what goes with which.
    """
    stated = scenario.data.get("variants") or {}
    for name in scenario.raw.variants:
        paths = [tuple(str(dotted).split(".")) for dotted in stated.get(name) or {}]
        choices = {path[1] for path in paths if path[0] == "choices" and len(path) > 1}
        if len(choices) == 1:
            yield choices.pop(), [path for path in paths if path[0] != "choices"]


def _overlap(item: Item, stated: tuple[str, ...]) -> bool:
    """Whether what a variant states and a difference are one inside the other."""
    if item.of != "value":
        sheet = str(item.path[0]).partition(".")[0]
        return stated[0] == sheet and stated[1:] in ((), ("file",), ("sheet",))
    path = tuple(str(step) for step in item.path)
    shorter = min(len(path), len(stated))
    return path[:shorter] == stated[:shorter]


def _element(item: Item, first: Plain, other: Plain) -> str:
    path = item.path
    if item.of == "table" or str(path[0]).startswith("columns."):
        return str(path[0])
    if item.of == "column":
        return f"{path[0]}.{path[1]}"
    section = str(path[0])
    if section not in NAMED or len(path) == 1:
        return section
    name = f"{section}.{path[1]}"
    if len(path) == 2 or not (section == "measures" or path[2:] == ("weight",)):
        return name
    both = all(value_at(s.data, path[:2]) is not ABSENT for s in (first, other))
    return f"{name}.{path[2]}" if both else name


def _joined(elements: dict[Item, tuple[str, ...]]) -> list[list[Item]]:
    """Gather the items that share an element, directly or through others."""
    groups: list[tuple[set[str], list[Item]]] = []
    for item, names in elements.items():
        own = (set(names), [item])
        apart = []
        for group in groups:
            if group[0] & own[0]:
                own = (group[0] | own[0], [*group[1], *own[1]])
            else:
                apart.append(group)
        groups = [*apart, own]
    return [items for _, items in groups]


def _is_idle(item: Item) -> bool:
    if item.of != "value":
        return item.path == ("territories", "name")
    section, options = str(item.path[0]), item.path[2:3]
    return section in IDLE_SECTIONS or (section in NAMED and bool(IDLE_OPTIONS & {*options}))


def _place(change: Change, first: Plain, other: Plain) -> tuple[object, ...]:
    """Order of a change: the earliest place where the other scenario (or the first) states it."""
    return min(
        _origin(item, other) or _origin(item, first) or (9, 0, 0, "") for item in change.items
    )


def _origin(item: Item, scenario: Plain) -> tuple[int, int, int, str] | None:
    raw = scenario.raw
    path = (str(item.path[0]).partition(".")[0],) if item.of != "value" else item.path
    if item.of == "value" and value_at(scenario.data, path) is ABSENT:
        return None
    for length in range(len(path), 0, -1):
        origin = raw.origins.get(path[:length])
        if origin is None:
            continue
        word, _, name = origin.override.partition(" ")
        if word == "variant" and name in raw.variants:
            return (1, raw.variants.index(name), origin.line, str(item))
        if word == "--set" and name in raw.sets:
            return (2, raw.sets.index(name), origin.line, str(item))
        return (2 if origin.override else 0, 0, origin.line, str(item))
    return None
