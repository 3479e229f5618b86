"""The columns of ``shadow_prices.csv`` on rows that others already state."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perequa.verification.joint import check_joint_proofs, joint_evidence
from perequa.verification.same_rows import Holders, holders_of
from perequa.words import saying

if TYPE_CHECKING:
    from perequa.verification.folder import RunFolder
    from perequa.verification.joint import JointEvidence
    from perequa.verification.orders import Orders
    from perequa.verification.outcome import Notebook
    from perequa.verification.tables import Table

SAME = 1e-11
"""A printed figure is the proven one, rates being computed in another order: relative."""
SIDES = (
    (1, "joint_effect_of_one_more", "joint_holds_up_to"),
    (-1, "joint_effect_of_one_less", "joint_holds_down_to"),
)
ALONE = Holders(rows=(), how="")


def check_same_rows(
    notes: Notebook, folder: RunFolder, table: Table, labels: list[str], orders: Orders
) -> int:
    """Find again which rows others state, and check what is printed of them.

    Parameters
    ----------
    labels
        What each line of the table is called in messages.
    orders
        Orders of rates that the program takes for granted.

    Returns
    -------
    int
        How many joint prices were looked at.
    """
    program = folder.program
    holders = holders_of(program)
    evidence = joint_evidence(folder)
    if evidence is not None:
        check_joint_proofs(notes, evidence, orders)
    served = [str(int(p)) for p in program.arrays["stage_priority"]]
    limits = table.numbers("limit")
    printed = {name: table.numbers(name) for _, *names in SIDES for name in names}
    columns = (table.column(name) for name in ("row", "priority", "same_as", "same_how"))
    seen = 0
    for i, (name, priority, same_as, how) in enumerate(zip(*columns, strict=True)):
        if name not in program.row_at:
            continue
        row = program.row_at[name]
        expected = holders.get(row, ALONE)
        rows = ";".join(program.row_ids[j] for j in expected.rows)
        for column, said, wanted in (
            ("same_as", same_as, rows),
            ("same_how", how, expected.how),
        ):
            if said != wanted:
                notes.wrong(table.file, labels[i], column, said, wanted)
        move = _move_of(evidence, expected, row)
        stage = served.index(priority) if priority in served else -1
        for side, effect, holds in SIDES:
            figures = (printed[effect][i], printed[holds][i])
            if not expected.move or stage < 0:
                for column, found in zip((effect, holds), figures, strict=True):
                    if not math.isnan(found):
                        notes.wrong(table.file, labels[i], column, found, saying("nothing"))
                continue
            seen += 1
            if evidence is None or move is None:
                notes.wrong(table.file, labels[i], saying("{column} has no proof", column=effect))
                continue
            wanted_figures = _proven(evidence, move, (row, side, stage), limits[i])
            pairs = zip((effect, holds), figures, wanted_figures, strict=True)
            for column, found, figure in pairs:
                size = max(abs(figure), abs(limits[i]) if column == holds else 0.0)
                where = (table.file, labels[i], column)
                notes.near(where, found, figure, tolerance=SAME * size)
    return seen


def _move_of(evidence: JointEvidence | None, expected: Holders, row: int) -> int | None:
    """Move of the evidence that moves just what is expected, in the same proportions."""
    if evidence is None or not expected.move:
        return None
    for m, rates in enumerate(evidence.moves):
        if rates.keys() != expected.move.keys() or not rates.get(row):
            continue
        times = rates[row]
        if all(abs(rates[j] - times * r) <= SAME * abs(rates[j]) for j, r in expected.move.items()):
            return m
    return None


def _proven(
    evidence: JointEvidence, move: int, which: tuple[int, int, int], limit: float
) -> tuple[float, float]:
    """Effect and end of the range, for one unit of the row's own limit."""
    row, side, stage = which
    rate = evidence.moves[move][row]
    e = evidence.entry_at.get((move, side, stage))
    if e is None:
        return math.nan, math.nan
    price, reach = float(evidence.arrays["price"][e]), float(evidence.arrays["T"][e])
    return price / rate, limit + side * reach * rate if math.isfinite(price) else limit
