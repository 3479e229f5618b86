"""Which cells a rule selects, and how `by` groups them (scenario reference, section 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from perequa.verification.outcome import Unreadable
from perequa.verification.recompute.figures import equals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Indices

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Cells that one row sums, and what the row is called.

    Attributes
    ----------
    cells
        Flat positions in (T, M, Y).
    territories, measures, years
        Positions present, each once.
    node
        Node of the tree that the group is, -1 when it is none.
    label
        (level, code) printed in the row's identifier; empty texts when none.
    measure, year
        Printed; empty and None when the group holds several. A whole envelope of several measures
        prints its own name.
    """

    cells: Indices
    territories: Indices
    measures: Indices
    years: Indices
    node: int
    label: tuple[str, str]
    measure: str
    year: int | None


def selected_territories(model: Model, stated: object) -> Flags:
    """Decision territories that a list of names, or a condition on a column, selects."""
    tree = model.tree
    chosen = np.zeros(len(tree.deciding), dtype=bool)
    if stated is None:
        return ~chosen
    if isinstance(stated, dict):
        column, wanted = stated["column"], stated["equals"]
        words = [model.figures.word(column, int(node)) for node in tree.deciding]
        return np.array([equals(word, wanted) for word in words])
    for written in names_of(stated):
        chosen[tree.below(tree.find(written))] = True
    return chosen


def names_of(stated: object) -> list[str]:
    """Read a list of names from a scenario.

    Raises
    ------
    Unreadable
        When it is none.
    """
    if not isinstance(stated, list):
        raise Unreadable("run.json", f"{stated!r} is not a list of names")
    return [str(name) for name in stated]


def selected_cells(model: Model, spec: Mapping[str, Any]) -> Flags:
    """Cells a rule selects, shape (T, M, Y)."""
    measures = _list(spec, "measure", "measures")
    years = _list(spec, "year", "years")
    envelope = spec.get("envelope")
    in_measures = np.array(
        [
            (measures is None or name in measures)
            and (envelope is None or model.measure(name).get("envelope") == envelope)
            for name in model.measures
        ]
    )
    in_years = np.array([years is None or year in years for year in model.years])
    pairs = selected_territories(model, spec.get("territories"))[:, None] & in_measures[None, :]
    pairs &= _where(model, spec.get("where"))
    cells: Flags = pairs[:, :, None] & in_years[None, None, :]
    return cells


def groups(
    model: Model, spec: Mapping[str, Any], cells: Flags, *, by_year: bool = False
) -> list[Group]:
    """Group selected cells as `by` says.

    Parameters
    ----------
    by_year
        Whether years always stand apart (stocks and budgets are never summed over years).
    """
    by = spec.get("by") or []
    by = list(by) if isinstance(by, list) else [by]
    if by_year and "year" not in by:
        by.append("year")
    t, m, y = np.nonzero(cells)
    flat = np.flatnonzero(cells)
    node = np.full(len(t), _single_node(model, spec, by))
    words = np.full(len(t), "", dtype=object)
    crossing = ""
    keys = [np.zeros(len(t), dtype=np.intp)]
    for item in by:
        if isinstance(item, dict):
            crossing = str(item["column"])
            words = _words(model, crossing)[t]
            keys.append(np.unique(words.astype(str), return_inverse=True)[1])
            continue
        key, place = _key(model, item, (t, m, y))
        keys.append(key)
        node = np.maximum(node, place)
    kept = np.flatnonzero(words != "") if crossing else np.arange(len(t))
    if not len(kept):
        return []
    _, inverse = np.unique(np.stack(keys)[:, kept], axis=1, return_inverse=True)
    order = np.argsort(inverse.ravel(), kind="stable")
    ends = np.flatnonzero(np.diff(inverse.ravel()[order])) + 1
    found = []
    for part in np.split(kept[order], ends):
        label = (crossing, str(words[part[0]])) if crossing else None
        at = -1 if crossing else int(node[part[0]])
        group = _group(model, (flat[part], t[part], m[part], y[part]), at, label)
        if "envelope" in by and not group.measure:
            held = model.measure(model.measures[group.measures[0]]).get("envelope")
            group = replace(group, measure=str(held or ""))
        found.append(group)
    return found


def _group(
    model: Model,
    cells: tuple[Indices, Indices, Indices, Indices],
    node: int,
    label: tuple[str, str] | None,
) -> Group:
    flat, t, m, y = (np.unique(part) for part in cells)
    if label is None:
        if node < 0 and len(t) == 1:
            node = int(model.tree.deciding[t[0]])
        label = model.tree.key[node] if node >= 0 else ("", "")
    return Group(
        cells=flat,
        territories=t,
        measures=m,
        years=y,
        node=node,
        label=label,
        measure=model.measures[m[0]] if len(m) == 1 else "",
        year=model.years[y[0]] if len(y) == 1 else None,
    )


def _single_node(model: Model, spec: Mapping[str, Any], by: list[Any]) -> int:
    """Return the one territory that a whole selection names, -1 when it names none or several."""
    if any(item not in ("measure", "envelope", "year") for item in by):
        return -1
    named = spec.get("territories")
    return model.tree.find(named[0]) if isinstance(named, list) and len(named) == 1 else -1


def _words(model: Model, column: str) -> NDArray[np.object_]:
    nodes = model.tree.deciding
    return np.array([model.figures.word(column, int(node)) for node in nodes], dtype=object)


def _key(
    model: Model, item: object, cells: tuple[Indices, Indices, Indices]
) -> tuple[Indices, Indices]:
    """Number the groups of one item of `by`, and name the node of each cell (-1 for none)."""
    t, m, y = cells
    none = np.full(len(t), -1)
    if item == "measure":
        return m, none
    if item == "year":
        return y, none
    if item == "envelope":
        names = [str(model.measure(name).get("envelope")) for name in model.measures]
        return np.unique(names, return_inverse=True)[1][m], none
    level = model.tree.decide_at if item == "territory" else str(item)
    if level not in model.tree.above:
        raise Unreadable("run.json", f"by: {item} is not a level that can be summed")
    # Nodes are numbered from the top: of two levels named, the finer one has the larger number.
    node = model.tree.above[level][t]
    return node, node


def _where(model: Model, where: Mapping[str, Any] | None) -> Flags:
    shape = (len(model.tree.deciding), len(model.measures))
    if where is None:
        return np.ones(shape, dtype=bool)
    if "indicator" in where:
        rates = model.rates(where["indicator"])
        initial = rates.initial[model.tree.deciding]
        side = "below" if where.get("below") is not None else "above"
        target = rates.number(where[side])
        chosen = initial < target if side == "below" else initial > target
        return np.broadcast_to(chosen[:, None], shape)
    column, wanted = where["column"], where["equals"]
    return np.array(
        [
            [equals(model.figures.word(column, int(node), m), wanted) for m in range(shape[1])]
            for node in model.tree.deciding
        ]
    )


def _list(spec: Mapping[str, Any], one: str, several: str) -> list[Any] | None:
    if spec.get(one) is not None:
        return [spec[one]]
    stated = spec.get(several)
    return None if stated is None else list(stated)
