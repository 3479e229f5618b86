"""Why no plan exists, and the cheapest ways out: causes, menus of repairs, suspected units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perequa.engine.causes import find_causes
from perequa.engine.infeasibility import Clashes
from perequa.engine.repair import cheapest_repair
from perequa.engine.units import UnitSlip, unit_slips
from perequa.engine.whole_clashes import WholeClashes
from perequa.engine.whole_repair import cheapest_whole_repair
from perequa_models.catalogue import RULE_KINDS
from perequa_models.figures.limits import adjusted
from perequa_models.keys import RowKey
from perequa_models.precedence import CLASSES, PREFERENCE, class_of
from perequa_models.rules.grammar import Adjust

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.causes import Causes
    from perequa.engine.repair import Repair
    from perequa.engine.session import SolverOptions
    from perequa_models.instance import Instance, RuleRow
    from perequa_models.keys import AuxiliaryKey

FAR_OFF = 1000.0
"""A limit that must be multiplied or divided by so much is suspected of another unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """One way out, or the word that there is none that way.

    Attributes
    ----------
    name
        `PREFERENCE`, or the kind of rule that moves alone followed by ``_only``.
    repair
        The limits to move; None when moving these rules is not enough.
    blocked_by
        Number (from 1) of a cause in which none of these rules takes part; None when there is
        no such cause.
    """

    name: str
    repair: Repair | None
    blocked_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What is wrong with a scenario without a plan.

    Attributes
    ----------
    causes
        Rows that clash, each cause apart.
    protected
        Rules that no menu moves.
    menus
        The menu in order of preference, then one for each kind of rule that may move.
    slips
        Limits that look typed in another unit.
    """

    causes: Causes
    protected: tuple[str, ...]
    menus: tuple[Menu, ...]
    slips: tuple[UnitSlip, ...]


def diagnose(
    instance: Instance,
    program: CompiledProgram,
    options: SolverOptions,
    protected: Collection[str] = (),
) -> Diagnosis | None:
    """Find every cause and the cheapest repairs; None when a plan exists.

    Parameters
    ----------
    instance, program
        The scenario and its program.
    options
        How the solver works.
    protected
        Rules that must not move.

    Raises
    ------
    NotProven
        When the solver does not prove what it says.
    """
    chooses = bool(program.whole.any())
    clashes = WholeClashes(program, options) if chooses else Clashes(program, options)
    repaired = cheapest_whole_repair if chooses else cheapest_repair
    causes = find_causes(program, clashes)
    if not causes.conflicts:
        return None
    menus = []
    for name, stages in _menus(instance, program, protected):
        movable = {row for rows in stages for row in rows}
        apart = (k for k, c in enumerate(causes.conflicts, start=1) if not movable & set(c.rows))
        blocked_by = next(apart, None)
        possible = blocked_by is None and clashes.has_plan_without(movable)
        repair = repaired(program, stages, options) if possible else None
        menus.append(Menu(name=name, repair=repair, blocked_by=blocked_by))
    slips = unit_slips(program, causes.conflicts, clashes)
    return Diagnosis(
        causes=causes,
        protected=tuple(sorted(protected)),
        menus=tuple(menus),
        slips=(*slips, *_far_off(program, menus, slips)),
    )


def _menus(
    instance: Instance, program: CompiledProgram, protected: Collection[str]
) -> Iterator[tuple[str, list[list[int]]]]:
    """Yield the name of each menu and its stages: rows whose moves are added up, in order.

    Stages go class by class, the last to give way first, and within a class money before
    places, then projects.
    """
    found = {row.key: row for row in instance.rows}
    rows = {
        i: found[key]
        for i, key in enumerate(program.row_keys)
        if isinstance(key, RowKey) and key.rule not in protected
    }

    def stages(chosen: Callable[[RuleRow], bool]) -> list[list[int]]:
        listed = [
            [
                i
                for i, row in rows.items()
                if chosen(row) and row.unit == unit and class_of(row.kind, row.key.side) == name
            ]
            for name in CLASSES
            for unit in ("money", "place", "project")
        ]
        return [stage for stage in listed if stage]

    yield PREFERENCE, stages(lambda _: True)
    for kind in RULE_KINDS:
        if any(row.kind == kind for row in rows.values()):
            yield f"{kind}_only", stages(lambda row, kind=kind: row.kind == kind)  # type: ignore[misc]


def _far_off(
    program: CompiledProgram, menus: Sequence[Menu], slips: Sequence[UnitSlip]
) -> Iterator[UnitSlip]:
    """Yield rows that mend everything alone, but must be a thousand times what is written."""
    told = {row for slip in slips for row in slip.rows}
    for menu in menus:
        if menu.repair is None or len(menu.repair.moves) != 1:
            continue
        ((row, change),) = menu.repair.moves.items()
        before = float(program.row_limit[row])
        after = before + change
        low, high = sorted((abs(before), abs(after)))
        if row not in told and low > 0.0 and high >= FAR_OFF * low:
            told.add(row)
            yield UnitSlip(rows=(row,), factors=())


def adjustments(
    row_keys: Sequence[RowKey | AuxiliaryKey], moves: Mapping[int, float]
) -> dict[str, tuple[Adjust, ...]]:
    """Write moves of limits, by position of the row, as entries of `adjust` by rule.

    An entry that leaves a part out moves every row: rows that name more parts are written after
    those that name fewer, and take back what does not concern them.
    """
    keys: dict[str, list[RowKey]] = {}
    wanted: dict[RowKey, float] = {}
    for i, key in enumerate(row_keys):
        if isinstance(key, RowKey):
            keys.setdefault(key.rule, []).append(key)
            wanted[key] = moves.get(i, 0.0)
    written: dict[str, tuple[Adjust, ...]] = {}
    for rule, listed in keys.items():
        several = len({key.side for key in listed}) > 1
        entries: tuple[Adjust, ...] = ()
        for key in sorted(listed, key=_parts):
            rest = wanted[key] - adjusted(0.0, entries, key)[0]
            if rest != 0.0:
                entries = (*entries, _entry(key, rest, several=several))
        if entries:
            written[rule] = entries
    return written


def _parts(key: RowKey) -> int:
    return bool(key.territory) + bool(key.measure) + (key.year is not None)


def _entry(key: RowKey, plus: float, *, several: bool) -> Adjust:
    return Adjust(
        territory=f"{key.level}:{key.territory}" if key.territory else None,
        measure=key.measure or None,
        year=key.year,
        side=key.side if several and key.side != "held_back" else None,
        plus=plus,
    )
