"""The circular's own allocation, worked out again part by part (scenario reference, section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.all_rows import expected_rows
from perequa.verification.recompute.reference_keys import Keys
from perequa.verification.recompute.sharing import share, uncapped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perequa.verification.recompute.model import Model
    from perequa.verification.recompute.rules import ExpectedRow
    from perequa.verification.sparse import Floats, Indices

SIDES = ("equals", "at_most", "at_least")
"""Which limit of a rule says what it hands out, the most telling first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartGiven:
    """What a part gives each territory of its block's level, shape (n,), and what caps stop.

    Attributes
    ----------
    spec
        The part as the scenario states it.
    basis, eligible, amounts
        Key of each, positions of those it concerns, what each gets (before a reserve taken after).
    floors, caps
        Least and most of each; what earlier parts gave already off where the cap is on the block.
    stopped, left
        What the caps stop; what of it none of the part's others takes.
    """

    spec: Mapping[str, Any]
    basis: Floats
    eligible: Indices
    amounts: Floats
    floors: Floats
    caps: Floats
    stopped: float
    left: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of the reference with its defaults settled.

    Attributes
    ----------
    amount, in_places
        What the parts share, and whether it is counted in places.
    kept
        Share of every total that a reserve taken after the parts leaves.
    level, measure, year
        Where it stops; positions of its measure and year.
    """

    amount: float
    in_places: bool
    kept: float
    level: str
    measure: int
    year: int


def reference_places(model: Model) -> Floats | None:
    """Places (or money) of the reference, shape (T, M, Y), NaN where no block speaks.

    None when no block stops at the level that decides.

    Raises
    ------
    Unreadable
        When a block does not say clearly what it shares.
    """
    total = np.full(model.shape, np.nan)
    for block, parts in reference_parts(model):
        if block.level != model.tree.decide_at:
            continue
        amounts = np.sum([part.amounts for part in parts], axis=0) * block.kept
        if not block.in_places and not model.supply.is_money[block.measure]:
            cost = model.supply.cost[:, block.measure, block.year]
            amounts = np.where(amounts == 0, 0.0, amounts / np.where(cost > 0, cost, np.nan))
        own = total[:, block.measure, block.year]
        total[:, block.measure, block.year] = np.where(np.isnan(own), amounts, own + amounts)
    return None if np.isnan(total).all() else total


def reference_parts(model: Model) -> list[tuple[Block, list[PartGiven]]]:
    """Work out every part of every block, whatever its level.

    Raises
    ------
    Unreadable
        When a block does not say clearly what it shares.
    """
    stated = model.scenario.get("reference") or []
    specs = stated if isinstance(stated, list) else [stated]
    rows = expected_rows(model) if any("of" in b and b["of"] for b in specs) else []
    blocks = [_settled(model, spec, rows) for spec in specs]
    return [
        (block, _given(model, block, spec["parts"]))
        for block, spec in zip(blocks, specs, strict=True)
    ]


def _settled(model: Model, spec: Mapping[str, Any], rows: list[ExpectedRow]) -> Block:
    row = _row(model, spec, rows) if spec.get("of") else None
    measure, year = spec.get("measure"), spec.get("year")
    if row is not None:
        held_measures = _measures(model, row)
        measure = measure or (held_measures[0] if len(held_measures) == 1 else None)
        year = row.group.year if year is None else year
    held = [r for r in rows if row is not None and r.id in row.holds and r.side == "equals"]
    reserved = sum(r.written for r in held)
    amount = row.written if row is not None else float(spec["amount"])
    after = spec.get("reserve", "before") == "after"
    return Block(
        amount=amount if after else amount - reserved,
        in_places=row.unit == "place" if row is not None else spec["in"] == "places",
        kept=1 - reserved / amount if after and amount else 1.0,
        level=spec.get("level") or model.tree.decide_at,
        measure=model.measures.index(measure) if measure else _only(model.measures, "measure"),
        year=model.years.index(int(year)) if year is not None else _only(model.years, "year"),
    )


def _only(listed: tuple[Any, ...], what: str) -> int:
    if len(listed) != 1:
        raise Unreadable("run.json", f"a block of the reference does not say which {what}")
    return 0


def _row(model: Model, spec: Mapping[str, Any], rows: list[ExpectedRow]) -> ExpectedRow:
    """Find the one row whose limit a block shares out."""
    found = [
        row
        for row in rows
        if row.rule == spec["of"]
        and spec.get("measure") in (None, *_measures(model, row))
        and spec.get("year") in (None, row.group.year, *_all_years(model, row))
    ]
    side = next((s for s in SIDES if any(row.side == s for row in found)), "")
    found = [row for row in found if row.side == side]
    if len(found) != 1:
        raise Unreadable("run.json", f"reference: rule {spec['of']!r} has {len(found)} rows here")
    return found[0]


def _measures(model: Model, row: ExpectedRow) -> list[str]:
    """Measures of a row: a block may share a row of several for one of them."""
    return [model.measures[m] for m in row.group.measures]


def _all_years(model: Model, row: ExpectedRow) -> list[int]:
    return [] if row.group.year is not None else [model.years[y] for y in row.group.years]


def _given(model: Model, block: Block, parts: list[Mapping[str, Any]]) -> list[PartGiven]:
    """What the parts give every territory of the block's level, one after another."""
    keys = Keys(model, block.level, block.measure, block.year)
    places = _places(model, block)
    given = np.zeros(len(keys.nodes))
    carried = 0.0
    found = []
    for spec, size in zip(parts, _sizes(block.amount, parts), strict=True):
        added = places(given * block.kept)
        caps = keys.caps(spec)
        if spec.get("cap_over") == "block":
            caps = np.maximum(caps - given, 0.0)
        bounds = (keys.floors(spec), caps)
        eligible = keys.eligible(spec, added)
        part = _part(spec, size + carried, keys.basis(spec, added), eligible, bounds)
        given += part.amounts
        carried = part.left if spec.get("freed") == "next" else 0.0
        found.append(part)
    return found


def _places(model: Model, block: Block) -> Callable[[Floats], Floats]:
    """How what a block shares counts in a rate: places, or money of a measure in money."""
    if block.in_places or model.supply.is_money[block.measure]:
        return lambda amounts: amounts
    cost = model.supply.cost[:, block.measure, block.year]
    above = model.tree.above[block.level]
    nodes = model.tree.at(block.level)
    # all places below a territory cost the same, or the part cannot look at its rate
    each = np.array([cost[above == node].max(initial=0.0) for node in nodes])
    return lambda amounts: np.where(amounts > 0, amounts / np.where(each > 0, each, np.inf), 0.0)


def _part(
    spec: Mapping[str, Any],
    amount: float,
    basis: Floats,
    eligible: Indices,
    bounds: tuple[Floats, Floats],
) -> PartGiven:
    """Share one part among the eligible; also what their caps stop."""
    floors, caps = bounds
    more, stopped, left = np.zeros(len(basis)), 0.0, 0.0
    own = basis[eligible]
    if spec.get("negative") == "keep" and (own < 0).any():
        more[eligible] = amount * own / own.sum()
    else:
        scaled, floor, cap = spec.get("financed") == "scale", floors[eligible], caps[eligible]
        again = spec.get("freed", "same") == "same"
        more[eligible] = share(amount, own, floor=floor, scaled=scaled, caps=cap, again=again)
        alone = uncapped(amount, own, floor=floor, scaled=scaled)
        stopped = float(np.maximum(alone - cap, 0.0).sum())
        left = amount - float(more.sum())
    return PartGiven(
        spec=spec,
        basis=basis,
        eligible=eligible,
        amounts=more,
        floors=floors,
        caps=caps,
        stopped=stopped,
        left=left,
    )


def _sizes(amount: float, parts: list[Mapping[str, Any]]) -> list[float]:
    sizes = [
        amount * float(p["share"]) if p.get("share") is not None else float(p.get("amount") or 0.0)
        for p in parts
    ]
    if parts[-1].get("rest"):
        sizes[-1] = amount - sum(sizes[:-1])
    return sizes
