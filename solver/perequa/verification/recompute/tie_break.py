"""The terms of the tie-break: as even as possible per unit of a (scenario reference, section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from perequa.verification.outcome import Unreadable

if TYPE_CHECKING:
    from perequa.verification.recompute.model import Model
    from perequa.verification.recompute.rates import Rates
    from perequa.verification.sparse import Floats


def tie_break_terms(model: Model, reference: Floats | None) -> dict[str, Floats]:
    """Figures of the tie-break by array of ``program.npz``, each of shape (T, M, Y).

    `Σ c·x²/a`, or `Σ c·(x − x_ref)²/max(x_ref, 1)` toward the reference; c is the full-year cost,
    1 for measures counted in money.

    Raises
    ------
    Unreadable
        When the reference is needed and absent.
    """
    toward = (model.scenario.get("tie_break") or {}).get("toward", "population")
    cost = np.where(model.supply.is_money[None, :, None], 1.0, model.supply.cost)
    if toward == "reference":
        if reference is None:
            raise Unreadable("run.json", "the tie-break needs a reference")
        aim = np.nan_to_num(reference)
        square = cost / np.maximum(aim, 1.0)
    else:
        aim = np.zeros(model.shape)
        square = cost / _basis(model, toward)[:, :, None]
    return {
        "tie_square": square,
        "tie_linear": -2.0 * square * aim,
        "tie_cost": np.broadcast_to(cost, model.shape),
        "tie_around": aim,
    }


def _basis(model: Model, toward: object) -> Floats:
    """Return the a of the definition, shape (T, M)."""
    t, m, _ = model.shape
    nodes = model.tree.deciding
    if isinstance(toward, dict):
        values = model.quantity(str(toward["column"]))[nodes, :, 0]
        return np.array(np.broadcast_to(values, (t, m)))
    if toward == "equal":
        return np.ones((t, m))
    if toward == "installed":
        return np.maximum(model.supply.installed, 1.0)
    basis = np.ones((t, m))
    for j, name in enumerate(model.measures):
        rates = _first_indicator(model, name)
        if rates is None:
            continue
        population = rates.population[nodes, 0]
        if toward == "population":
            basis[:, j] = population
        else:
            missing = rates.national_initial * population / rates.per - rates.start[nodes]
            basis[:, j] = np.maximum(missing, 1.0)
    return basis


def _first_indicator(model: Model, measure: str) -> Rates | None:
    stated: dict[str, Any] = model.scenario.get("indicators") or {}
    for name, spec in stated.items():
        names = spec["measures"] if isinstance(spec["measures"], list) else [spec["measures"]]
        if measure in names:
            return model.rates(name)
    return None
