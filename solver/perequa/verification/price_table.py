"""The printed prices against the proven ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perequa.verification.common_unit import check_common_unit
from perequa.verification.compare import compare_keys, compare_words
from perequa.verification.orders import orders_of
from perequa.verification.same_table import check_same_rows
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.evidence import Evidence
    from perequa.verification.folder import RunFolder
    from perequa.verification.outcome import Notebook
    from perequa.verification.recompute.model import Model
    from perequa.verification.recompute.rules import ExpectedRow
    from perequa.verification.tables import Table

TABLE = "shadow_prices.csv"
SAME = 1e-12
"""A printed figure is the proven one, to the rounding of its text."""
UNIQUE = 1e-9
IDENTITY = (
    "scenario",
    "rule",
    "kind",
    "level",
    "territory",
    "territory_name",
    "measure",
    "year",
    "unit",
    "side",
)
"""Columns that name a row, the same in ``rules.csv``."""
COLUMNS = (
    "limit",
    "effect_of_one_more",
    "effect_of_one_less",
    "holds_up_to",
    "holds_down_to",
)


def check_price_table(
    notes: Notebook,
    folder: RunFolder,
    levels: list[Evidence],
    model: Model,
    rows: list[ExpectedRow],
) -> int:
    """Compare ``shadow_prices.csv`` with the evidence; return how many prices were looked at."""
    table = folder.table(TABLE)
    names, priorities = table.column("row"), table.column("priority")
    figures = [table.numbers(column) for column in COLUMNS]
    said = table.column("unique")
    limits = {row.id: row.limit for row in rows}
    served = [str(int(p)) for p in folder.program.arrays["stage_priority"]]
    expected = [f"{row.id}, priority {p}" for row in rows for p in served]
    found = [f"{name}, priority {p}" for name, p in zip(names, priorities, strict=True)]
    compare_keys(notes, TABLE, found, expected)
    _check_identity(notes, folder, table, found)
    _check_objectives(notes, folder, table, found)
    check_common_unit(notes, table, found, model, rows)
    joint = check_same_rows(notes, folder, table, found, orders_of(folder.program, model))
    proofs = [_proofs(notes, evidence) for evidence in levels]
    seen = joint
    for i, (name, priority) in enumerate(zip(names, priorities, strict=True)):
        limit, more, less, up, down = (column[i] for column in figures)
        label = found[i]
        if name in limits:
            notes.near(
                (TABLE, label, "limit"), limit, limits[name], tolerance=SAME * max(1.0, abs(limit))
            )
        if priority not in served:
            continue
        level = served.index(priority)
        if level >= len(levels):
            if not (math.isnan(more) and math.isnan(less)):
                notes.wrong(TABLE, label, saying("a price without proof"), more, saying("nothing"))
            continue
        _check_unique(notes, label, more, less, said[i])
        for column, price, to, side in (
            ("effect_of_one_more", more, up, 1.0),
            ("effect_of_one_less", less, down, -1.0),
        ):
            if math.isnan(price):
                notes.wrong(TABLE, label, column, saying("nothing"), saying("a price"))
                continue
            seen += 1
            proof = proofs[level].get((name, side))
            if proof is None:
                notes.wrong(
                    TABLE,
                    label,
                    saying(
                        "{column} has no proof in {file}", column=column, file=levels[level].file
                    ),
                )
                continue
            _check_side(notes, levels[level], (label, column), (price, to, limit, side), proof)
    return seen


def _check_identity(notes: Notebook, folder: RunFolder, table: Table, labels: list[str]) -> None:
    """Compare the words that a sentence is made of with those of the rule's row."""
    rules = folder.table("rules.csv")
    at = {name: i for i, name in enumerate(rules.column("row"))}
    for column in IDENTITY:
        cells = rules.column(column)
        found = table.column(column)
        expected = [
            cells[at[name]] if name in at else cell
            for name, cell in zip(table.column("row"), found, strict=True)
        ]
        compare_words(notes, table, column, expected, labels)


def _check_objectives(notes: Notebook, folder: RunFolder, table: Table, labels: list[str]) -> None:
    """Compare the objectives named at each priority with those of the scenario."""
    served: dict[str, dict[str, str]] = {}
    for name, spec in sorted(folder.scenario["objectives"].items()):
        if float(spec.get("weight", 1.0)) > 0:
            served.setdefault(str(spec.get("priority", 1)), {})[name] = str(spec["kind"])
    listed = [served.get(priority, {}) for priority in table.column("priority")]
    compare_words(notes, table, "objective", [";".join(kinds) for kinds in listed], labels)
    kinds = [";".join(kinds.values()) for kinds in listed]
    compare_words(notes, table, "objective_kind", kinds, labels)


def _proofs(notes: Notebook, evidence: Evidence) -> dict[tuple[str, float], int]:
    proofs: dict[tuple[str, float], int] = {}
    for e, (row, side) in enumerate(zip(evidence.row, evidence.side, strict=True)):
        key = (evidence.program.row_ids[row], float(side))
        if key in proofs:
            notes.wrong(evidence.file, f"{key[0]}, side {side:g}", "proof", "two", "one")
        proofs[key] = e
    return proofs


def _check_side(
    notes: Notebook,
    evidence: Evidence,
    where: tuple[str, str],
    printed: tuple[float, float, float, float],
    proof: int,
) -> None:
    label, column = where
    price, to, limit, side = printed
    proven = float(evidence.price[proof])
    notes.near((TABLE, label, column), price, proven, tolerance=SAME * abs(proven))
    reach = float(evidence.reach[proof])
    # An impossible move holds nowhere: its range ends at the limit itself.
    end = limit + side * reach if math.isfinite(proven) else limit
    holds = "holds_up_to" if side > 0 else "holds_down_to"
    size = max(1.0, abs(limit), abs(end)) if math.isfinite(end) else 1.0
    notes.near((TABLE, label, holds), to, end, tolerance=SAME * size)


def _check_unique(notes: Notebook, label: str, more: float, less: float, said: str) -> None:
    if math.isnan(more) or math.isnan(less):
        return
    size = max(abs(more), abs(less))
    apart = abs(more + less)
    one = math.isfinite(size) and apart <= UNIQUE * size
    # Between these two the verdict hangs on rounding and either is right.
    clear = not math.isfinite(size) or not UNIQUE / 10 * size < apart < UNIQUE * 10 * size
    if clear and said != ("true" if one else "false"):
        notes.wrong(TABLE, label, "unique", said, "true" if one else "false")


def printed_rows(table: Table, priority: str) -> list[int]:
    """Positions of the lines of one priority."""
    return [i for i, p in enumerate(table.column("priority")) if p == priority]
