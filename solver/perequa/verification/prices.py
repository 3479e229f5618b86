"""Check 6: every printed price of the first priority is proven from both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.verification.by_objective import check_by_objective
from perequa.verification.duals import (
    SIGN,
    allowed_gap,
    multipliers,
    note_signs,
    proven_bound,
)
from perequa.verification.evidence import Evidence
from perequa.verification.folder import evidence_file
from perequa.verification.orders import REVERSED, orders_of
from perequa.verification.outcome import Notebook
from perequa.verification.price_table import check_price_table
from perequa.words import saying

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perequa.verification.folder import RunFolder
    from perequa.verification.orders import Orders
    from perequa.verification.outcome import Check
    from perequa.verification.recompute.model import Model
    from perequa.verification.recompute.rules import ExpectedRow
    from perequa.verification.sparse import Floats

RELATIVE = 1e-9
"""A proof gives the printed price to this share of it."""
ROOM = 1e-8
"""Share of an earlier priority's price by which a later priority's proof may miss it."""
CANCELS = 1e-12
"""Share of the size of a sum that its rounding may reach."""
SIDES = {1.0: "effect_of_one_more", -1.0: "effect_of_one_less"}


def evidence_of(folder: RunFolder, stage: int) -> Evidence:
    """Open the proofs of one priority.

    Raises
    ------
    Unreadable
        When they do not fit together or do not fit the program.
    """
    evidence = Evidence(
        folder.program,
        folder.evidence(stage),
        np.stack([folder.solution["x"][-1], folder.solution["plan"]]),
        stage,
    )
    evidence.validate()
    return evidence


def check_prices(folder: RunFolder, model: Model, rows: list[ExpectedRow]) -> Check:
    """Check each proof at each priority, then that each printed price is one that is proven."""
    notes = Notebook(6, "prices")
    if not folder.has("shadow_prices.csv"):
        return notes.skip(saying("no prices were asked of this run"))
    proven = [p for p in range(len(folder.solution["x"])) if p == 0 or folder.has(evidence_file(p))]
    levels = [evidence_of(folder, p) for p in proven]
    orders = orders_of(folder.program, model)
    used = 0
    for p, evidence in enumerate(levels):
        earlier = _earlier(levels[:p], evidence)
        check_chords(notes, evidence, earlier)
        check_orders_kept(notes, evidence, orders)
        used += check_duals(notes, folder, evidence, earlier)
        check_rays(notes, evidence)
    printed = check_price_table(notes, folder, levels, model, rows)
    check_by_objective(notes, folder, levels)
    proofs = sum(len(evidence.row) for evidence in levels)
    rays = sum(evidence.rays.rows for evidence in levels)
    return notes.close(
        saying(
            "{prices} printed prices at {priorities} priorities, {proofs} proofs by chords, "
            "{duals} distinct duals and {rays} rays",
            prices=printed,
            priorities=len(levels),
            proofs=proofs,
            duals=used,
            rays=rays,
        )
    )


def _earlier(levels: list[Evidence], evidence: Evidence) -> Floats:
    """Price of each entry's move at the earlier priorities, shape (E, p); NaN without proof."""
    found = np.full((len(evidence.row), len(levels)), np.nan)
    for j, level in enumerate(levels):
        pairs = zip(level.row.tolist(), level.side.tolist(), strict=True)
        price = dict(zip(pairs, level.price.tolist(), strict=True))
        for e, key in enumerate(zip(evidence.row.tolist(), evidence.side.tolist(), strict=True)):
            found[e, j] = price.get(key, np.nan)
    return found


def check_chords(notes: Notebook, evidence: Evidence, earlier: Floats) -> None:
    """Check c·Δ = p at this priority and before, and that x + T·Δ keeps every row.

    So the price is at most p, up to T.
    """
    costs = evidence.program.stage_cost
    chords = evidence.chords
    finite = np.isfinite(evidence.price)
    largest = np.zeros(chords.rows)
    np.maximum.at(largest, chords.row_of, np.abs(chords.value))
    for k in range(evidence.stage + 1):
        wanted = evidence.price if k == evidence.stage else earlier[:, k]
        terms = chords.value * costs[k][chords.index]
        change = np.bincount(chords.row_of, terms, chords.rows)
        size = np.bincount(chords.row_of, np.abs(terms), chords.rows)
        # every entry is known to the rounding of the largest, those that cost nothing included
        rounding = CANCELS * np.maximum(size, largest * np.abs(costs[k]).max(initial=0.0))
        # a later priority's program leaves the earlier ones room for rounding
        share = RELATIVE if k == evidence.stage else ROOM
        allowed = share * np.maximum(np.abs(wanted), 0.0 if k == evidence.stage else 1.0)
        allowed = allowed + rounding + (share * size if k < evidence.stage else 0.0)
        with np.errstate(invalid="ignore"):
            off = finite & ~(np.abs(change - wanted) <= allowed)
        for e in np.flatnonzero(off):
            own = saying("price by its chord")
            other = saying("chord at priority {priority}", priority=k + 1)
            what = own if k == evidence.stage else other
            notes.wrong(evidence.file, name_of(evidence, e), what, change[e], wanted[e])
    for e in np.flatnonzero(evidence.leaning_chords()):
        notes.wrong(
            evidence.file,
            name_of(evidence, e),
            saying(
                "the chord leaves the rules before its reach of {reach}",
                reach=float(evidence.reach[e]),
            ),
        )


def check_orders_kept(notes: Notebook, evidence: Evidence, orders: Orders) -> None:
    """Check that no chord reverses two rates whose order the program takes for granted."""
    if not orders.found:
        return
    for e in np.flatnonzero(np.isfinite(evidence.price)):
        index, value = evidence.chords.row(int(e))
        chord = np.zeros(evidence.chords.columns)
        chord[index] = value
        point = evidence.points[int(evidence.base[e])]
        if orders.reversed_along(point, chord, float(evidence.reach[e])):
            notes.wrong(evidence.file, name_of(evidence, e), REVERSED)


def check_duals(notes: Notebook, folder: RunFolder, evidence: Evidence, earlier: Floats) -> int:
    """Check that each dual is optimal for the present limits and gives the price: so it is p."""
    finite = np.isfinite(evidence.price)
    dual = evidence.arrays["dual"]
    for e in np.flatnonzero(finite & (dual < 0)):
        notes.wrong(evidence.file, name_of(evidence, e), saying("has no dual"))
    used = np.unique(dual[finite & (dual >= 0)])
    costs, p = evidence.program.stage_cost, evidence.stage
    values = costs @ evidence.x
    for d in used:
        lam = evidence.lam[int(d), :p]
        y = dual_vector(folder.solution["y"][p], evidence, int(d))
        entries = np.flatnonzero(finite & (dual == d))
        label = f"dual {d} (e.g. {name_of(evidence, entries[0])})"
        carried = costs[p] + lam @ costs[:p]
        value = float(values[p] + lam @ values[:p])
        y_size = _optimal(notes, evidence, y, carried, value, label)
        own = evidence.side[entries] * y[evidence.row[entries]]
        given = own - earlier[entries] @ lam
        price = evidence.price[entries]
        size = np.abs(own) + np.abs(earlier[entries]) @ lam
        allowed = RELATIVE * np.abs(price) + y_size[evidence.row[entries]]
        allowed = allowed + (ROOM * (size + lam.sum()) if p else 0.0)
        for k in np.flatnonzero(~(np.abs(given - price) <= allowed)):
            e = entries[k]
            notes.wrong(
                evidence.file, name_of(evidence, e), saying("price by its dual"), given[k], price[k]
            )
    return len(used)


def dual_vector(y: Floats, evidence: Evidence, d: int) -> Floats:
    """Return one of the distinct duals in full, shape (m,)."""
    index, value = evidence.duals.row(d)
    full = y.copy()
    np.add.at(full, index, value)
    return full


def ray_vector(evidence: Evidence, k: int) -> Floats:
    """Return one of the rays in full, shape (m,)."""
    index, value = evidence.rays.row(k)
    full = np.zeros(evidence.rays.columns)
    np.add.at(full, index, value)
    return full


def _optimal(
    notes: Notebook, evidence: Evidence, y: Floats, cost: Floats, value: float, label: str
) -> Floats:
    """Check signs and value of a dual; return what counts as zero on each row."""
    program = evidence.program
    found = multipliers(program, cost, y)
    note_signs(notes, program, found, (evidence.file, label))
    bound = proven_bound(program, found)
    if not abs(value - bound) <= allowed_gap(program, found, value):
        notes.wrong(evidence.file, label, saying("value of the dual"), bound, value)
    return found.y_size


def check_rays(notes: Notebook, evidence: Evidence) -> None:
    """Check that a ray forbids any move of a limit whose price is infinite."""
    program = evidence.program
    infinite = np.flatnonzero(~np.isfinite(evidence.price))
    low_row = evidence.activity[0] <= program.lower + evidence.tolerance[0]
    high_row = evidence.activity[0] >= program.upper - evidence.tolerance[0]
    margin = RELATIVE * np.maximum(1.0, np.abs(evidence.x))
    low_column = evidence.x <= program.least + margin
    high_column = evidence.x >= program.most - margin
    judged: dict[int, NDArray[np.float64]] = {}
    for e in infinite:
        k = int(evidence.arrays["ray"][e])
        if k < 0 or evidence.price[e] < 0:
            notes.wrong(
                evidence.file,
                name_of(evidence, e),
                saying("an infinite price needs a ray and is above 0"),
            )
            continue
        if k not in judged:
            ray = judged[k] = ray_vector(evidence, k)
            combined = program.matrix.transposed.times(ray)
            zero = SIGN * program.matrix.transposed.size.times(np.abs(ray))
            wrong_row = ((ray > 0) & ~low_row) | ((ray < 0) & ~high_row)
            wrong_column = ((combined > zero) & ~high_column) | ((combined < -zero) & ~low_column)
            for names, bad in ((program.row_ids, wrong_row), (program.col_ids, wrong_column)):
                for i in np.flatnonzero(bad):
                    notes.wrong(
                        evidence.file, f"ray {k}, {names[i]}", saying("pushes where nothing holds")
                    )
        if not evidence.side[e] * judged[k][evidence.row[e]] > 0:
            notes.wrong(
                evidence.file, name_of(evidence, e), saying("the ray does not speak of this limit")
            )


def name_of(evidence: Evidence, e: int | np.intp) -> str:
    """Name an entry: its row, and which way the limit moves."""
    return f"{evidence.program.row_ids[evidence.row[e]]}, {SIDES[float(evidence.side[e])]}"
