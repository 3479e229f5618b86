"""The circulars' own formulas: ``reference`` computed from the instance (semantics, section 7).

No solver, no iteration: each part is a key, a floor and caps, and `sharing` solves it in closed
form. Sources of the formulas it must express: circular DAS/RV 2 no. 98-199 of 27 March 1998, III A
(half by need, half first below the national rate within the authorised-unfunded places, 10 %
reserve); circular of 30 August 2004, 2 (14.1 M€ by places missing, 10 M€ by declared needs with
100 000 € guaranteed) and 3 B (60/40); CASF, annexe 2-10 (mix with a negative weight and a cap).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from perequa_models.figures.arrays import Source
from perequa_models.reference.blocks import Resolved, block_path, resolve
from perequa_models.reference.keys import Keys
from perequa_models.reference.reference import (
    LevelTable,
    PartRow,
    Reference,
    Stopped,
    Unplaced,
)
from perequa_models.reference.sharing import Shared, share_out, share_signed

if TYPE_CHECKING:
    from perequa_models.instance import Instance
    from perequa_models.problems import Path, Problems
    from perequa_models.reference.grammar import Part
    from perequa_models.reference.sharing import Flags, Floats

_CLOSE = 1e-9
"""Relative distance within which parts add up to their block."""


def reference_allocation(instance: Instance, problems: Problems) -> Reference:
    """Compute the circular's own allocation.

    Parameters
    ----------
    instance
        The scenario with its figures; its `reference` may be empty.
    problems
        Grows with what is wrong: parts that do not add up, floors above the amount or a cap,
        unknown rules, columns, indicators. A block that is wrong is left out.

    Returns
    -------
    Reference
        Places and credits by territory, measure and year (NaN where no block speaks), every part
        of every block, and what could not be placed.
    """
    tables = {instance.level: _empty(instance, instance.level)}
    parts: list[PartRow] = []
    unplaced: list[Unplaced] = []
    stopped: list[Stopped] = []
    amounts: list[float] = []
    for i, block in enumerate(instance.scenario.reference):
        already = len(problems.errors)
        resolved = resolve(instance, i, block, problems)
        if resolved is None:
            continue
        shares = _Block(instance, resolved, problems).shares()
        if len(problems.errors) > already:
            continue
        amounts.append(resolved.amount * resolved.kept)
        rows, lost = _rows(resolved, shares)
        parts.extend(rows)
        unplaced.extend(lost)
        stopped.extend(_stopped(resolved, shares))
        table = tables.setdefault(resolved.level, _empty(instance, resolved.level))
        _add(table, resolved, sum((s.given.amounts for s in shares), start=np.zeros(resolved.n)))
    own = tables.pop(instance.level)
    return Reference(
        places=own.places,
        credits=own.credits,
        above=tables,
        parts=tuple(parts),
        unplaced=tuple(unplaced),
        stopped=tuple(stopped),
        amounts=tuple(amounts),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """One part worked out over all n territories; `lost` is what no later part takes over."""

    part: Part
    eligible: Flags
    basis: Floats
    given: Shared
    lost: float


class _Block:
    """Shares one block, part after part."""

    def __init__(self, instance: Instance, resolved: Resolved, problems: Problems) -> None:
        self._resolved = resolved
        self._problems = problems
        source = Source(
            scenario=instance.scenario,
            tree=instance.tree,
            level=resolved.level,
            measures=instance.measures,
            years=instance.years,
            columns=instance.columns,
            problems=problems,
        )
        self._keys = Keys(
            source=source,
            indicators=instance.indicators,
            measure=resolved.measure,
            year=resolved.year,
            allowed=resolved.allowed,
        )
        self._path = block_path(instance, resolved.index)

    def shares(self) -> list[_Share]:
        """Work out every part in the order of the file."""
        sizes = self._sizes()
        if sizes is None:
            return []
        given = np.zeros(self._resolved.n)
        carried = 0.0
        done = []
        for j, (part, size) in enumerate(zip(self._resolved.parts, sizes, strict=True)):
            path = (*self._path, "parts", j)
            share = self._share(part, size + carried, given, path)
            if share is None:
                return []
            carried = share.given.left - share.lost
            given = given + share.given.amounts
            done.append(share)
        return done

    def _sizes(self) -> list[float] | None:
        """Return what each part shares; None when they do not add up to the block."""
        amount = self._resolved.amount
        parts = self._resolved.parts
        path = (*self._path, "parts")
        sizes = [amount * p.share if p.share is not None else (p.amount or 0.0) for p in parts]
        rests = [j for j, p in enumerate(parts) if p.rest]
        if rests and rests != [len(parts) - 1]:
            self._problems.error(
                "rest_not_last",
                "rest: true is for one part, the last",
                path=(*path, rests[0], "rest"),
                received=f"part {rests[0] + 1} of {len(parts)}",
                remedy="move it to the end, and state share or amount for the others",
            )
            return None
        if parts[-1].freed == "next":
            self._problems.error(
                "no_next_part",
                "freed: next on the last part: there is no next part",
                path=(*path, len(parts) - 1, "freed"),
                received="next",
                accepted="same, keep",
                remedy="add a part that takes it (share: 0), or say keep",
            )
            return None
        total = sum(sizes)
        if rests:
            sizes[-1] = amount - total
        wrong = sizes[-1] < -_CLOSE * amount if rests else abs(total - amount) > _CLOSE * amount
        if wrong:
            self._problems.error(
                "parts_do_not_add_up",
                f"the parts add up to {total:,.10g}, the block shares {amount:,.10g}",
                path=path,
                received=f"{total:,.10g}",
                accepted=f"{amount:,.10g}" if not rests else f"at most {amount:,.10g}",
                remedy="correct a share or an amount, or say rest: true on the last part",
            )
            return None
        return sizes

    def _share(self, part: Part, amount: float, before: Floats, path: Path) -> _Share | None:
        """Share one part; None when it cannot be."""
        already = len(self._problems.errors)
        counted = self._counted(part, before, path)
        eligible = self._keys.eligible(part, counted, path)
        basis = self._keys.basis(part, eligible, counted, path)
        caps = self._keys.caps(part, eligible, path)
        floors = self._keys.floors(part, eligible, path)
        if part.cap_over == "block":
            caps = np.maximum(caps - before, 0.0)
        self._check(part, amount, eligible, (floors, caps), path)
        if len(self._problems.errors) > already:
            return None
        key = basis[eligible]
        if part.negative == "keep" and (key < 0).any():
            if key.sum() <= 0:
                self._negative_total(float(key.sum()), path)
                return None
            inside = share_signed(amount, key)
        else:
            inside = share_out(
                amount,
                key,
                floor=floors[eligible],
                scale=part.financed == "scale",
                caps=caps[eligible],
                refill=part.freed == "same",
            )
        lost = 0.0 if part.freed == "next" else inside.left
        given = _spread(inside, eligible)
        return _Share(part=part, eligible=eligible, basis=basis, given=given, lost=lost)

    def _counted(self, part: Part, before: Floats, path: Path) -> Floats:
        """What earlier parts add to what the rate counts, shape (n,): places, or money of a budget.

        What a reserve taken after the parts keeps back is not there.
        """
        resolved = self._resolved
        if part.at == "before":
            return np.zeros(resolved.n)
        added = before * resolved.kept
        if resolved.unit == "places" or resolved.is_money:
            return added
        unknown = np.isnan(resolved.cost) & (added > 0)
        if unknown.any():
            self._problems.error(
                "cost_not_one",
                f"part {part.name} looks at the rate after earlier parts, in credits, at a level "
                "where places of one territory cost differently",
                path=(*path, "at"),
                received="earlier_parts",
                accepted="before",
                remedy="share places (in: places), stop at the level that decides, or say before",
            )
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(added > 0, added / resolved.cost, 0.0)

    def _check(
        self, part: Part, amount: float, eligible: Flags, bounds: tuple[Floats, Floats], path: Path
    ) -> None:
        """Note floors that cannot be paid and keys that cannot be combined."""
        each, caps = bounds
        floors = float(each[eligible].sum())
        if floors > amount * (1 + _CLOSE):
            self._problems.error(
                "floors_above_amount",
                f"the floors of part {part.name} add up to {floors:,.10g}, "
                f"more than the {amount:,.10g} it shares",
                path=(*path, "floor"),
                received=f"{floors:,.10g} for {int(eligible.sum())} territories",
                accepted=f"at most {amount:,.10g}, "
                f"{amount / max(int(eligible.sum()), 1):,.10g} each on average",
                remedy="lower the floor, or raise the part",
            )
        under = np.flatnonzero(eligible & (caps < each))
        if under.size:
            territories = [self._resolved.territories[t] for t in under]
            named = ", ".join(f"{t.id} ({t.name})" for t in territories[:3])
            others = f" and {len(territories) - 3} others" if len(territories) > 3 else ""
            self._problems.error(
                "floor_above_cap",
                f"the floor of part {part.name} is above the cap of {named}{others}",
                path=(*path, "floor"),
                received=f"{each[under[0]]:g}",
                accepted=f"at most {caps[under[0]]:,.10g}",
                remedy="lower the floor, raise the cap, or leave them out by eligible",
            )
        bounded = part.floor is not None or part.cap is not None
        if part.negative == "keep" and bounded:
            self._problems.error(
                "negative_with_bounds",
                f"part {part.name} keeps negative results and states a floor or a cap",
                path=(*path, "negative"),
                received="keep",
                accepted="zero",
                remedy="drop negative: keep, or the floor and the cap",
            )

    def _negative_total(self, total: float, path: Path) -> None:
        self._problems.error(
            "negative_key",
            "the keys of all territories add up to zero or less: nothing can be shared by them",
            path=(*path, "basis"),
            received=f"{total:g}",
            accepted="above 0",
            remedy="correct the weights, or drop negative: keep",
        )


def _spread(inside: Shared, eligible: Flags) -> Shared:
    """Put the results of the eligible back among all territories: 0 for the others."""
    amounts = np.zeros(len(eligible))
    at_floor = np.zeros(len(eligible), dtype=np.bool_)
    at_cap = np.zeros(len(eligible), dtype=np.bool_)
    amounts[eligible] = inside.amounts
    at_floor[eligible] = inside.at_floor
    at_cap[eligible] = inside.at_cap
    return replace(inside, amounts=amounts, at_floor=at_floor, at_cap=at_cap)


def _stopped(resolved: Resolved, shares: list[_Share]) -> list[Stopped]:
    """Say who takes what the caps of each part stop: its others, the next part, nobody."""
    found = []
    for j, share in enumerate(shares):
        left = share.given.left
        passed_on = share.part.freed == "next"
        taken = share.given.stopped - left if share.part.freed == "same" else 0.0
        after = shares[j + 1].part.name if passed_on else "nobody"
        for goes_to, amount in (("same", taken), (after, left)):
            if amount > _CLOSE * max(1.0, resolved.amount):
                found.append(
                    Stopped(
                        block=resolved.index,
                        part=share.part.name,
                        measure=resolved.measure_name,
                        year=resolved.year_name,
                        amount=amount * resolved.kept,
                        unit=resolved.unit,
                        goes_to=goes_to,
                    )
                )
    return found


def _rows(resolved: Resolved, shares: list[_Share]) -> tuple[list[PartRow], list[Unplaced]]:
    """Write the parts of a block, what its reserve takes after the parts already off."""
    rows = []
    lost = []
    measure, year = resolved.measure_name, resolved.year_name
    for share in shares:
        for t, territory in enumerate(resolved.territories):
            rows.append(
                PartRow(
                    block=resolved.index,
                    part=share.part.name,
                    level=territory.level,
                    territory=territory.code,
                    measure=measure,
                    year=year,
                    basis=float(share.basis[t]),
                    amount=float(share.given.amounts[t] * resolved.kept),
                    unit=resolved.unit,
                    eligible=bool(share.eligible[t]),
                    at_floor=bool(share.given.at_floor[t]),
                    at_cap=bool(share.given.at_cap[t]),
                )
            )
        if share.lost > 0:
            lost.append(
                Unplaced(
                    block=resolved.index,
                    part=share.part.name,
                    measure=measure,
                    year=year,
                    amount=share.lost * resolved.kept,
                    unit=resolved.unit,
                )
            )
    return rows, lost


def _empty(instance: Instance, level: str) -> LevelTable:
    shape = (len(instance.tree.at(level)), len(instance.measures), len(instance.years))
    return LevelTable(places=np.full(shape, np.nan), credits=np.full(shape, np.nan))


def _add(table: LevelTable, resolved: Resolved, amounts: Floats) -> None:
    """Add what a block gives to the table of its level, in places and in credits."""
    at = (slice(None), resolved.measure, resolved.year)
    amounts = amounts * resolved.kept
    if resolved.is_money:
        places = np.full(resolved.n, np.nan)
        money = amounts
    elif resolved.unit == "places":
        places, money = amounts, amounts * resolved.cost
    else:
        # a place that costs nothing is refused elsewhere: nothing is shared out by it
        with np.errstate(divide="ignore", invalid="ignore"):
            places, money = amounts / resolved.cost, amounts
    for target, more in ((table.places, places), (table.credits, money)):
        target[at] = np.where(np.isnan(target[at]), more, target[at] + more)
