"""Where scenarios differ: value by value in their files, cell by cell in their tables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

from perequa.checks.plain import same_cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perequa.checks.plain import Plain, Sheet
    from perequa_models.problems import Path


class Absent(Enum):
    """What a scenario says of a value it does not state."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT
NOT_COMPARED = ("format", "name", "extends", "variants")


@dataclass(frozen=True, slots=True)
class Item:
    """The smallest thing that may be taken from one scenario or from the other.

    Attributes
    ----------
    of
        ``value`` of the scenario file, ``column`` of a table, or a whole ``table``.
    path
        Path of the value; ``(sheet, column)``; ``(sheet,)``.
    """

    of: Literal["value", "column", "table"]
    path: Path

    def __str__(self) -> str:
        return ".".join(str(step) for step in self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellKey:
    """Where a cell of a table stands, as its table writes it; empty where it has no such key."""

    level: str = ""
    territory: str = ""
    measure: str = ""
    year: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What one scenario states, and where."""

    value: str | None
    file: str = ""
    line: int | None = None
    override: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value or cell that is not the same everywhere, with what every scenario states."""

    item: Item
    path: str
    cell: CellKey | None
    stated: tuple[Stated, ...]


def items_between(first: Plain, other: Plain) -> tuple[Item, ...]:
    """Return what differs between two scenarios, in pieces that can be mixed."""
    values = [Item("value", path) for path in _paths([first.data, other.data])]
    return (*values, *_table_items(first, other))


def differences(scenarios: Sequence[Plain]) -> tuple[Difference, ...]:
    """Return every value and every cell that differs between any of the scenarios."""
    found = [_value(scenarios, path) for path in _paths([s.data for s in scenarios])]
    for name in dict.fromkeys(name for s in scenarios for name in s.sheets):
        found.extend(_cells(name, [s.sheets.get(name) for s in scenarios]))
    return tuple(found)


def value_at(data: Any, path: Path) -> Any:  # noqa: ANN401 - plain data
    """Return the value at a path through mappings and lists, `ABSENT` where there is none."""
    for step in path:
        held = data if isinstance(data, dict) else dict(enumerate(data))
        if step not in held:
            return ABSENT
        data = held[step]
    return data


def _paths(values: Sequence[Any], path: Path = ()) -> Iterator[Path]:
    """Yield the paths where values differ: as deep as they have the same shape."""
    first = values[0]
    if all(_same(first, other) for other in values[1:]):
        return
    if all(isinstance(value, dict) for value in values) and _one_kind(values):
        keys = dict.fromkeys(key for value in values for key in value)
        for key in keys:
            if path or key not in NOT_COMPARED:
                yield from _paths([value.get(key, ABSENT) for value in values], (*path, key))
    elif all(isinstance(value, list) for value in values) and len({len(v) for v in values}) == 1:
        for i in range(len(first)):
            yield from _paths([value[i] for value in values], (*path, i))
    else:
        yield path


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401 - plain data
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def _one_kind(values: Sequence[dict[Any, Any]]) -> bool:
    """Whether mappings have options in common: rules of different kinds differ as a whole."""
    return len({str(value.get("kind")) for value in values}) == 1


def _table_items(first: Plain, other: Plain) -> Iterator[Item]:
    for name in dict.fromkeys([*first.sheets, *other.sheets]):
        one, two = first.sheets.get(name), other.sheets.get(name)
        if one is None or two is None or not one.aligned(two):
            yield Item("table", (name,))
            continue
        for column in dict.fromkeys([*one.columns, *two.columns]):
            if not _same_columns(one, two, column):
                yield Item("column", (name, column))


def _same_columns(one: Sheet, two: Sheet, column: str) -> bool:
    if (column in one.columns) != (column in two.columns):
        return False
    cells = two.cells(column)
    return all(same_cell(text, cells[key]) for key, text in one.cells(column).items())


def _value(scenarios: Sequence[Plain], path: Path) -> Difference:
    stated = tuple(_stated(scenario, path) for scenario in scenarios)
    item = Item("value", path)
    return Difference(item=item, path=str(item), cell=None, stated=stated)


def _stated(scenario: Plain, path: Path) -> Stated:
    value = value_at(scenario.data, path)
    if value is ABSENT:
        return Stated(value=None)
    raw = scenario.raw
    origin = next(
        (raw.origins[path[:n]] for n in range(len(path), -1, -1) if path[:n] in raw.origins), None
    )
    if isinstance(value, str):
        text = scenario.shown.get(value, value)
    else:
        text = json.dumps(value, ensure_ascii=False)
    if origin is None:
        return Stated(value=text)
    from_set = origin.override.startswith("--set")
    return Stated(
        value=text,
        file="" if from_set else origin.file,
        line=None if from_set else origin.line,
        override=origin.override,
    )


def _cells(name: str, sheets: Sequence[Sheet | None]) -> Iterator[Difference]:
    """Yield the cells of a sheet that differ, row by row, a missing row or column included."""
    held = [sheet for sheet in sheets if sheet is not None]
    whole = len(held) < len(sheets) or not all(held[0].aligned(other) for other in held[1:])
    for column in dict.fromkeys(column for sheet in held for column in sheet.columns):
        item = Item("table", (name,)) if whole else Item("column", (name, column))
        texts = [{} if s is None else _named_cells(s, column) for s in sheets]
        path = name if name.endswith(f".{column}") else f"{name}.{column}"
        for key in dict.fromkeys(key for cells in texts for key in cells):
            found = [cells.get(key, Stated(value=None)) for cells in texts]
            if not _all_same(found):
                yield Difference(item=item, path=path, cell=key, stated=tuple(found))


def _named_cells(sheet: Sheet, column: str) -> dict[CellKey, Stated]:
    cells = {}
    lines = dict(zip(sheet.rows, sheet.lines, strict=True))
    for key, text in sheet.cells(column).items():
        words = dict(zip(sheet.keys, key, strict=True))
        named = CellKey(
            level=words.get("level", "") or sheet.level,
            territory=words.get("territory", words.get("code", "")),
            measure=words.get("measure", ""),
            year=words.get("year", ""),
        )
        cells[named] = Stated(value=text, file=sheet.file, line=lines[key])
    return cells


def _all_same(found: Sequence[Stated]) -> bool:
    texts = [stated.value for stated in found]
    if any(text is None for text in texts):
        return all(text is None for text in texts)
    return all(same_cell(texts[0] or "", text or "") for text in texts[1:])
