"""The circular's own formula part by part: ``reference_parts.csv`` and ``reference_freed.csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perequa.verification.compare import compare_column, compare_keys, compare_words
from perequa.verification.recompute.reference import reference_parts
from perequa.words import saying

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perequa.verification.outcome import Notebook
    from perequa.verification.plan import Published
    from perequa.verification.recompute.model import Model
    from perequa.verification.recompute.reference import Block, PartGiven
    from perequa.verification.tables import Table

PARTS, FREED = "reference_parts.csv", "reference_freed.csv"
CLOSE = 1e-9
"""Share of a block under which what caps stop is rounding; who sits on a floor or a cap."""


def check_reference(notes: Notebook, published: Published) -> str:
    """Recompute what each part gives every territory, and what its caps stop."""
    blocks = reference_parts(published.model)
    parts = published.folder.table(PARTS)
    _check_parts(notes, parts, published.model, blocks)
    freed = {
        (i, str(part.spec["name"]), goes_to): (amount * block.kept, block)
        for i, (block, given) in enumerate(blocks)
        for part, after in zip(given, [*given[1:], None], strict=True)
        for goes_to, amount in _freed(part, after)
        if amount > CLOSE * max(1.0, block.amount)
    }
    if freed or published.folder.has(FREED):
        _check_freed(notes, published.folder.table(FREED), freed)
    return saying("{rows} amounts of the reference", rows=len(parts.rows) + len(freed))


def _freed(part: PartGiven, after: PartGiven | None) -> list[tuple[str, float]]:
    """Who takes what the caps of a part stop, and how much."""
    way = part.spec.get("freed", "same")
    if way == "next" and after is not None:
        return [(str(after.spec["name"]), part.left)]
    return [("same", part.stopped - part.left if way == "same" else 0.0), ("nobody", part.left)]


def _check_freed(
    notes: Notebook, table: Table, wanted: dict[tuple[int, str, str], tuple[float, Block]]
) -> None:
    expected = {_key(*key): found for key, found in wanted.items()}
    keys = _keys(table, "block", "part", "goes_to")
    if not compare_keys(notes, table.file, keys, list(expected)):
        return
    amounts = np.array([expected[key][0] for key in keys])
    scale = np.array([max(1.0, expected[key][1].amount) for key in keys])
    compare_column(notes, table, "amount", amounts, keys, scale=scale)
    compare_words(notes, table, "unit", [_unit(expected[key][1]) for key in keys], keys)


def _check_parts(
    notes: Notebook, table: Table, model: Model, blocks: list[tuple[Block, list[PartGiven]]]
) -> None:
    expected = {
        key: row
        for i, (block, given) in enumerate(blocks)
        for part in given
        for key, row in _rows(model, i, block, part)
    }
    keys = _keys(table, "block", "part", "level", "territory", "measure", "year")
    if not compare_keys(notes, table.file, keys, list(expected)):
        return
    rows = [expected[key] for key in keys]
    basis = np.array([row.basis for row in rows])
    size = np.maximum(1.0, np.abs(np.nan_to_num(basis)))
    compare_column(notes, table, "basis", basis, keys, scale=size)
    amounts = np.array([row.amount for row in rows])
    compare_column(notes, table, "amount", amounts, keys, scale=np.array([r.size for r in rows]))
    for name in ("unit", "eligible", "at_floor", "at_cap"):
        compare_words(notes, table, name, [getattr(row, name) for row in rows], keys)


class _Row(NamedTuple):
    """What one part gives one territory, as the table says it."""

    basis: float
    amount: float
    size: float
    unit: str
    eligible: str
    at_floor: str
    at_cap: str


def _rows(model: Model, i: int, block: Block, part: PartGiven) -> Iterator[tuple[str, _Row]]:
    concerned = np.isin(np.arange(len(part.basis)), part.eligible)
    low = concerned & (part.floors > 0) & (part.amounts <= part.floors * (1 + CLOSE))
    high = concerned & (part.amounts >= part.caps * (1 - CLOSE) - CLOSE)
    when = (model.measures[block.measure], model.years[block.year])
    for t, node in enumerate(model.tree.at(block.level)):
        yield (
            _key(i, part.spec["name"], *model.tree.key[int(node)], *when),
            _Row(
                basis=float(part.basis[t]) if concerned[t] else np.nan,
                amount=float(part.amounts[t] * block.kept),
                size=max(1.0, block.amount),
                unit=_unit(block),
                eligible=_yes(concerned[t]),
                at_floor=_yes(low[t]),
                at_cap=_yes(high[t]),
            ),
        )


def _keys(table: Table, *names: str) -> list[str]:
    return [_key(*row) for row in zip(*(table.column(name) for name in names), strict=True)]


def _key(*parts: object) -> str:
    return "/".join(map(str, parts))


def _unit(block: Block) -> str:
    return "places" if block.in_places else "credits"


def _yes(told: object) -> str:
    return "true" if told else "false"
