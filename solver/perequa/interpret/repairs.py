"""The diagnosis as tables: rules that clash, ways out, limits to move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perequa.engine.least_changes import least_changes
from perequa.interpret.run import unit_of_limit
from perequa.interpret.suspicion import suspicion
from perequa.interpret.tables import Table, Value
from perequa.words.terms import amount, unit_named
from perequa_models.precedence import PREFERENCE, class_of
from perequa_models.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perequa.interpret.diagnosis import Menu
    from perequa.interpret.run import Failure, Solved
    from perequa.words import Words
    from perequa_models.instance import RuleRow
    from perequa_models.keys import RowKey

CONFLICTS = (
    "scenario",
    "conflict",
    "row",
    "rule",
    "kind",
    "level",
    "territory",
    "territory_name",
    "measure",
    "year",
    "unit",
    "side",
    "limit",
    "passed_by",
    "least_change",
)
MENUS = (
    "scenario",
    "menu",
    "possible",
    "blocked_by",
    "rows",
    "territories",
    "places",
    "money",
    "file",
    "projects",
)
REPAIRS = (
    "scenario",
    "menu",
    "row",
    "rule",
    "kind",
    "class",
    "level",
    "territory",
    "territory_name",
    "measure",
    "year",
    "unit",
    "side",
    "limit",
    "change",
    "new_limit",
)


def conflicts_table(failure: Failure) -> Table:
    """Irreducible sets of rows: no plan satisfies one whole, one does without any of its rows."""
    listed = _rows(failure)
    rows: list[tuple[Value, ...]] = []
    for k, conflict in enumerate(failure.diagnosis.causes.conflicts, start=1):
        for i, least in least_changes(failure.program, conflict).items():
            row = listed[i]
            identity = (str(row.key), row.key.rule, row.kind, *_where(failure, row.key))
            limit = float(failure.program.row_limit[i])
            stated = (_unit(failure, row), row.key.side, limit)
            rows.append((failure.name, k, *identity, *stated, None, least))
    return Table(CONFLICTS, tuple(rows))


def passed_tables(run: Solved, passed: Mapping[int, float]) -> dict[str, Table]:
    """Tables of a run without a whole plan: the rules that one passes, and no way out looked for.

    Parameters
    ----------
    run
        The continuous plan.
    passed
        By how much the whole plan that passes the rules least passes each row, natural units.
    """
    listed = _rows(run)
    rows: list[tuple[Value, ...]] = []
    for i, excess in passed.items():
        row = listed[i]
        identity = (str(row.key), row.key.rule, row.kind, *_where(run, row.key))
        limit = float(run.program.row_limit[i])
        # no number: that these rows clash is not proven
        stated = (_unit(run, row), row.key.side, limit)
        rows.append((run.name, None, *identity, *stated, excess, None))
    found = Table(CONFLICTS, tuple(rows))
    return {"conflicts": found, "menus": Table(MENUS, ()), "repairs": Table(REPAIRS, ())}


def menus_table(failure: Failure) -> Table:
    """One line per menu: whether it is possible, and what it moves, each unit apart."""
    listed = _rows(failure)
    rows: list[tuple[Value, ...]] = []
    for menu in failure.diagnosis.menus:
        if menu.repair is None:
            nothing = (None,) * 4
            rows.append((failure.name, menu.name, False, menu.blocked_by, *nothing, "", None))
            continue
        moved = [(listed[i], abs(change)) for i, change in menu.repair.moves.items()]
        territories = {(row.key.level, row.key.territory) for row, _ in moved}
        places, money, projects = (
            sum(change for row, change in moved if row.unit == unit)
            for unit in ("place", "money", "project")
        )
        sizes = (len(moved), len(territories), places, money)
        rows.append((failure.name, menu.name, True, None, *sizes, repair_file(menu), projects))
    return Table(MENUS, tuple(rows))


def repairs_table(failure: Failure) -> Table:
    """One line per limit that a menu moves; a menu that is impossible has none."""
    listed = _rows(failure)
    rows: list[tuple[Value, ...]] = []
    for menu in failure.diagnosis.menus:
        for i, change in menu.repair.moves.items() if menu.repair is not None else ():
            row = listed[i]
            key = row.key
            identity = (str(key), key.rule, row.kind, class_of(row.kind, key.side))
            limit = float(failure.program.row_limit[i])
            figures = (key.side, limit, change, limit + change)
            where = _where(failure, key)
            rows.append((failure.name, menu.name, *identity, *where, _unit(failure, row), *figures))
    return Table(REPAIRS, tuple(rows))


def repair_file(menu: Menu) -> str:
    """Name of the scenario file that carries out a menu."""
    return "repair.yaml" if menu.name == PREFERENCE else f"repair-{menu.name}.yaml"


def suspected_limits(failure: Failure) -> Iterator[dict[str, Any]]:
    """Yield each limit that looks typed in another unit, as ``run.json`` holds it.

    Its ``rule``, ``kind`` and ``side``, how many ``rows`` it has, which ``territory_name`` where
    it has one alone, its ``limit`` and ``unit``, and the ``factors`` that would leave a plan.
    """
    listed = _rows(failure)
    for slip in failure.diagnosis.slips:
        first = listed[slip.rows[0]]
        yield {
            "rule": first.key.rule,
            "kind": first.kind,
            "side": first.key.side,
            "rows": len(slip.rows),
            "territory_name": _where(failure, first.key)[2],
            "limit": float(failure.program.row_limit[slip.rows[0]]),
            "unit": _unit(failure, first),
            "factors": [float(factor) for factor in slip.factors],
        }


def suspected_units(failure: Failure, words: Words) -> Iterator[Problem]:
    """Yield a warning for each limit that looks typed in another unit."""
    for limit in suspected_limits(failure):
        unit = limit["unit"]
        yield Problem(
            code="suspected_unit",
            severity="warning",
            message=suspicion(limit, words),
            path=("rules", limit["rule"], limit["side"]),
            received="" if limit["rows"] > 1 else amount(limit["limit"], unit, words),
            accepted=words.phrase(
                "{unit}, neither thousands nor millions", unit=unit_named(unit, words)
            ),
            remedy=words.phrase("check the unit in which it was typed"),
        )


def _rows(failure: Failure | Solved) -> dict[int, RuleRow]:
    """Return the rule rows by their position in the program."""
    found: dict[object, RuleRow] = {row.key: row for row in failure.instance.rows}
    return {i: found[k] for i, k in enumerate(failure.program.row_keys) if k in found}


def _where(failure: Failure | Solved, key: RowKey) -> tuple[str, str, str, str, int | None]:
    tree = failure.instance.tree
    node = tree.index.get((key.level, key.territory))
    name = tree.nodes[node].name if node is not None else ""
    return (key.level, key.territory, name, key.measure, key.year)


def _unit(failure: Failure | Solved, row: RuleRow) -> str:
    return unit_of_limit(row.unit, failure.instance.scenario.currency)
