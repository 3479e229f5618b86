"""Places that change category, read again (scenario reference, conversions)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.recompute.groups import Group
from perequa.verification.recompute.limits import limit_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.verification.recompute.model import Model
    from perequa.verification.sparse import Floats


def moved_places(model: Model) -> dict[str, Floats]:
    """Places that each conversion moves, (T, Y)."""
    stated: Mapping[str, Mapping[str, Any]] = model.scenario.get("conversions") or {}
    return {name: _moved(model, spec) for name, spec in stated.items()}


def _moved(model: Model, spec: Mapping[str, Any]) -> Floats:
    years = [spec["year"]] if spec.get("year") is not None else spec.get("years")
    end = spec["from"] if spec["from"] in model.measures else spec["to"]
    found = np.zeros((len(model.tree.deciding), len(model.years)))
    for t, node in enumerate(model.tree.deciding.tolist()):
        for y, year in enumerate(model.years):
            if years is None or year in years:
                group = Group(
                    cells=np.zeros(0, dtype=np.intp),
                    territories=np.array([t]),
                    measures=np.array([model.measures.index(end)]),
                    years=np.array([y]),
                    node=node,
                    label=model.tree.key[node],
                    measure=end,
                    year=year,
                )
                found[t, y] = limit_of(model, spec["places"], group) or 0.0
    return found


def leaving(model: Model) -> Floats:
    """Places that leave each cell by conversions, less those that arrive, (T, M, Y)."""
    total = np.zeros((len(model.tree.deciding), len(model.measures), len(model.years)))
    for name, places in moved_places(model).items():
        spec = model.scenario["conversions"][name]
        for end, sign in ((spec["from"], 1.0), (spec["to"], -1.0)):
            if end in model.measures:
                total[:, model.measures.index(end)] += sign * places
    return total
