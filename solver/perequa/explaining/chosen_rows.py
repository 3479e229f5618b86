"""Which territory and which rows a question speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.interpret.explanation import cells_below, rows_touching
from perequa_models.errors import UsageError
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.explaining.question import Question
    from perequa.explaining.subject import Subject
    from perequa.interpret.tables import Value
    from perequa_models.tree import Tree


def territory_node(subject: Subject, written: str) -> int:
    """Return the node of a territory as written.

    Raises
    ------
    UsageError
        When it is unknown, or several could be meant.
    """
    tree = subject.run.instance.tree
    found = tree.find(written)
    if isinstance(found, int):
        return found
    hint = f"; did you mean {' or '.join(found)}?" if found else ""
    raise UsageError(f"--territory {written}: no such territory{hint}")


def names_group(subject: Subject, written: str) -> bool:
    """Whether this names no territory but a group across the tree, as its rows are named."""
    if isinstance(subject.run.instance.tree.find(written), int):
        return False
    named = (line for line in subject.lines.values() if line["territory"])
    return any(_group(line) == written for line in named)


def _group(line: Mapping[str, Value]) -> str:
    return f"{line['level']}:{line['territory']}"


def rows_of(subject: Subject, rule: str, asked: Question, node: int | None) -> list[int]:
    """Return the positions of the rows of a rule that a question chooses.

    Raises
    ------
    UsageError
        When the rule is unknown or has no row as asked.
    """
    instance = subject.run.instance
    known = instance.scenario.rules
    if rule not in known:
        raise UsageError(
            f"--rule {rule}: no such rule ({', '.join(known) or 'it has none'}){hint(rule, known)}"
        )
    rows = [(i, line) for i, line in subject.lines.items() if line["rule"] == rule]
    if not rows:
        why = "is not active" if not known[rule].active else "has no row in the program"
        raise UsageError(f"--rule {rule}: it {why} in this run, so it has no price")
    chosen = [
        i
        for i, line in rows
        if (not asked.measure or line["measure"] == asked.measure)
        and (asked.year is None or line["year"] == str(asked.year))
    ]
    if node is not None:
        chosen = _in_territory(subject, chosen, node)
    elif asked.territory:
        chosen = [i for i in chosen if _group(subject.lines[i]) == asked.territory]
    if not chosen:
        listed = ", ".join(line["row"] for _, line in rows[:5])
        more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
        raise UsageError(f"--rule {rule}: no row as asked; its rows are {listed}{more}")
    return sorted(chosen)


def _in_territory(subject: Subject, rows: list[int], node: int) -> list[int]:
    """Keep the rows at or below a territory; without any, those it stands below."""
    tree = subject.run.instance.tree
    nodes = {
        i: tree.index.get((subject.lines[i]["level"], subject.lines[i]["territory"])) for i in rows
    }
    below = [i for i, own in nodes.items() if own is not None and node in _up(tree, own)]
    if below:
        return below
    mine = set(np.concatenate(rows_touching(subject.run, cells_below(subject.run, node))).tolist())
    return [i for i in rows if i in mine]


def _up(tree: Tree, node: int) -> list[int]:
    """A node and all that stand above it."""
    chain = [node]
    while tree.parent[chain[-1]] >= 0:
        chain.append(int(tree.parent[chain[-1]]))
    return chain


def hint(name: str, known: Mapping[str, object]) -> str:
    """Name the nearest of the names there are."""
    close = nearest(name, known)
    return f"; did you mean {close}?" if close else ""
