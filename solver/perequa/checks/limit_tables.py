"""Tables of limits: the keys of a rule's groups and ``limit``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from perequa.checks.columns import columns_of
from perequa.checks.keyed_tables import KEY_COLUMNS, KeyReader
from perequa.checks.uses import Uses
from perequa_models.problems import Cell, nearest

if TYPE_CHECKING:
    from perequa.checks.columns import Keyed
    from perequa.checks.frame import Frame
    from perequa.io.tables import RawTable
    from perequa_models.columns import Column
    from perequa_models.problems import Problems
    from perequa_models.tree import Tree

_LIMIT = Uses(figures={"limit"}, positive={"limit"})


def limit_column(
    table: RawTable, rule: dict[Any, Any], tree: Tree, frame: Frame, problems: Problems
) -> Column | None:
    """Read a table of limits as a column over territories, measures and years.

    Parameters
    ----------
    table
        Keys of the rule's groups (``territory`` or the name of a level, ``measure``, ``year``)
        and ``limit``.
    rule
        The rule as stated, for its ``by``.
    tree, frame
        Territories, measures and years that rows may name.
    problems
        Grows with columns that are missing or too many, unknown keys, cells that are no numbers.

    Returns
    -------
    Column or None
        None when its columns are not those it needs.
    """
    if not _has_its_columns(table, _groups(rule), tree, problems):
        return None
    keyed = limit_keys(table, rule, tree, frame, problems)
    return columns_of(replace(keyed, names=("limit",)), _LIMIT, problems, figures=True)[0]


def limit_keys(
    table: RawTable, rule: dict[Any, Any], tree: Tree, frame: Frame, problems: Problems
) -> Keyed:
    """Resolve the keys of a table of limits; parameters are those of `limit_column`."""
    groups = _groups(rule)
    levels = [name for name in groups if name in tree.levels]
    level = max(levels, key=tree.levels.index) if levels else ""
    if not level and "territory" in groups:
        level = frame.decide_at or tree.levels[0]
    reader = KeyReader(tree=tree, frame=frame, problems=problems, level=level)
    return reader.read(table, level_columns=True)


def _groups(rule: dict[Any, Any]) -> tuple[str, ...]:
    by = rule.get("by")
    items = by if isinstance(by, list) else [by]
    return tuple(item for item in items if isinstance(item, str))


def _has_its_columns(
    table: RawTable, groups: tuple[str, ...], tree: Tree, problems: Problems
) -> bool:
    """Whether a table has the columns it needs, and no other."""
    places = [name for name in table.header if name == "territory" or name in tree.levels]
    needed = [name for name in ("measure", "year") if name in groups] + ["limit"]
    by_place = [name for name in groups if name == "territory" or name in tree.levels]
    missing = [name for name in needed if name not in table.header]
    missing += [] if places or not by_place else by_place[:1]
    for name in missing:
        problems.error(
            "missing_column",
            f"the table of limits has no column {name!r}",
            cell=Cell(table.key, None, name),
            received=", ".join(table.header),
            accepted="the keys of the rule's groups (by), and limit",
            nearest=nearest(name, table.header),
            remedy=f"add the column {name}",
        )
    known = {*KEY_COLUMNS, *tree.levels, "limit"}
    foreign = [name for name in table.header if name not in known]
    for name in foreign:
        by_envelope = name == "envelope"
        problems.error(
            "unknown_column",
            "a table of limits by envelope is not read in this version"
            if by_envelope
            else f"a table of limits has no use for a column {name!r}",
            cell=Cell(table.key, None, name),
            received=name,
            accepted=", ".join(sorted(known)),
            nearest="" if by_envelope else nearest(name, known),
            remedy="write one rule for each envelope" if by_envelope else "drop the column",
        )
    return not missing and not foreign
