"""The arrays of a run folder: the program, the solution, the evidence of the prices."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from perequa.engine.vectors import Entries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perequa.compilation import CompiledProgram
    from perequa.engine.joint import JointMove
    from perequa.engine.prices import Prices, Side
    from perequa.engine.spread import Spread
    from perequa.engine.stages import Stage
    from perequa.engine.standing import GroupMove
    from perequa.engine.tie_break import Published
    from perequa.engine.weight_range import WeightEnd, WeightRange
    from perequa.rounding import WholePlan
    from perequa.weighting import Weighting

Floats = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]


def program_arrays(
    program: CompiledProgram, weighting: Weighting | None, spread: Spread | None
) -> Arrays:
    """Compiled arrays in natural units; no stage and no tie-break for a run that found no plan."""
    n, k = program.matrix.shape[1], len(program.objective_names)
    nothing = np.zeros(n)
    square = nothing if spread is None else spread.square
    around = nothing if spread is None else spread.around
    return {
        "a_data": program.matrix.data,
        "a_indices": program.matrix.indices,
        "a_indptr": program.matrix.indptr,
        "row_id": _text([str(key) for key in program.row_keys]),
        "row_is_rule": program.is_rule,
        "row_lower": program.row_lower,
        "row_upper": program.row_upper,
        "row_constant": program.row_constant,
        "row_limit": program.row_limit,
        "col_id": _text([str(key) for key in program.column_keys]),
        "col_lower": program.column_lower,
        "col_upper": program.column_upper,
        "objective_name": _text(list(program.objective_names)),
        "objective_cost": program.costs,
        "objective_offset": program.offsets,
        "stage_priority": np.array([] if weighting is None else weighting.priorities, dtype=int),
        "stage_weight": np.zeros((0, k)) if weighting is None else weighting.weights,
        "tie_square": square,
        "tie_linear": -2.0 * square * around,
        "tie_cost": nothing if spread is None else spread.cost,
        "tie_around": around,
        **({} if spread is None or not spread.moved.any() else {"tie_moved": spread.moved}),
    } | _order_arrays(program)


def _order_arrays(program: CompiledProgram) -> Arrays:
    """Order of the rates that the cost of an objective is written for, from the lowest up."""
    if program.ranked is None:
        return {}
    groups = program.ranked.groups
    ranked = [[group.where[i] for i in group.order.tolist()] for group in groups]
    return {
        "order_objective": np.array([group.objective for group in groups], dtype=int),
        "order_year": np.array([where[0].year for where in ranked], dtype=int),
        "order_ptr": _pointer([len(where) for where in ranked]),
        "order_id": _text([f"{w.level}:{w.territory}" for where in ranked for w in where]),
    }


def solution_arrays(stages: Sequence[Stage], published: Published) -> Arrays:
    """Optimum and dual of each priority, the published plan, and what proves it unique."""
    found: Arrays = {
        "x": np.array([stage.x for stage in stages]),
        "y": np.array([stage.y for stage in stages]),
        "lam": np.array([stage.lam for stage in stages]),
        "plan": published.plan,
        "tie_method": np.array(published.method),
        "tie_y": published.y,
    }
    if published.moved_y is not None:
        found["moved_y"] = published.moved_y
    if published.stepped is not None:
        steps = published.stepped
        found["tie_y"] = np.zeros(len(stages[0].y))
        found |= {
            "step_rho": np.array(steps.rho),
            "step_rho_x": steps.rho_x,
            "step_rho_y": steps.rho_y,
            "step_y": steps.step_y,
            "neutral_y": steps.neutral_y,
        }
    return found


def whole_arrays(whole: WholePlan) -> Arrays:
    """Return the plan in whole places and the one by largest remainders, NaN outside both."""
    return {"whole": whole.plan, "whole_remainder": whole.remainder}


def evidence_arrays(prices: Prices, first: Floats) -> Arrays:
    """Chords, duals and rays that prove every price (scenario reference, section 13).

    Parameters
    ----------
    first
        (m,) the priority's own dual; the others are stored as differences from it.
    """
    sides = prices.sides
    duals = _rows_of(prices.duals.differences(first))
    rays = _rows_of(prices.rays.differences(np.zeros_like(first)))
    chords = [(side.chord_columns, side.chord_values) for side in sides]
    return {
        "row": _each(sides, "row", int),
        "side": _each(sides, "sign", int),
        "price": _each(sides, "price", float),
        "T": _each(sides, "reach", float),
        "base": _each(sides, "base", int),
        "dual": _each(sides, "dual", int),
        "end_dual": _each(sides, "end_dual", int),
        "end_ray": _each(sides, "end_ray", int),
        "ray": _each(sides, "ray", int),
        "dual_lam": np.array(prices.lams),
        "chord_ptr": _pointer([len(c) for c, _ in chords]),
        "chord_col": _joined([c for c, _ in chords], int),
        "chord_val": _joined([v for _, v in chords], float),
        "dual_ptr": duals[0],
        "dual_row": duals[1],
        "dual_val": duals[2],
        "ray_ptr": rays[0],
        "ray_row": rays[1],
        "ray_val": rays[2],
    }


def joint_arrays(moves: Sequence[GroupMove], stages: Sequence[Stage]) -> Arrays:
    """Proofs of the joint prices: one entry for each move, side and priority."""
    entries = [
        (m, side, p, price)
        for m, move in enumerate(moves)
        for side, prices in move.sides.items()
        for p, price in enumerate(prices)
    ]
    prices = [price for *_, price in entries]
    # a ray stands for itself, a dual for its difference from the priority's own
    duals = sparse_rows(
        [
            price.ray if np.isinf(price.price) else price.dual - stages[p].y
            for *_, p, price in entries
        ]
    )
    rates = [list(zip(*move.rates, strict=True)) for move in moves]
    nothing = np.zeros(len(stages))
    return {
        "move": np.array([m for m, *_ in entries], dtype=int),
        "side": np.array([side for _, side, *_ in entries], dtype=int),
        "stage": np.array([p for *_, p, _ in entries], dtype=int),
        "price": _each(prices, "price", float),
        "T": _each(prices, "reach", float),
        "dual_lam": np.array([price.lam if price.lam.size else nothing for price in prices]),
        "move_ptr": _pointer([len(rows) for rows, _ in rates]),
        "move_row": _joined([np.array(rows) for rows, _ in rates], int),
        "move_rate": _joined([np.array(rate) for _, rate in rates], float),
        "chord_ptr": _pointer([len(price.chord_columns) for price in prices]),
        "chord_col": _joined([price.chord_columns for price in prices], int),
        "chord_val": _joined([price.chord_values for price in prices], float),
        "dual_ptr": duals[0],
        "dual_row": duals[1],
        "dual_val": duals[2],
    }


def weight_arrays(ranges: Sequence[WeightRange], stages: Sequence[Stage]) -> Arrays:
    """Proofs of the ranges of the weights: two entries for each, its lowest end and its highest."""
    ends = [(r, side, end) for r in ranges for side, end in ((-1, r.lowest), (1, r.highest))]
    found = [end for _, _, end in ends]
    # a dual for ever is one of the objective alone: it stands for itself
    duals = sparse_rows(
        [end.y if np.isinf(end.weight) else end.y - stages[r.stage].y for r, _, end in ends]
    )
    return {
        "stage": np.array([r.stage for r, *_ in ends], dtype=int),
        "objective": np.array([r.objective for r, *_ in ends], dtype=int),
        "side": np.array([side for _, side, _ in ends], dtype=int),
        "weight": _each(found, "weight", float),
        "T": _each(found, "reach", float),
        "dual_lam": np.array([end.lam for end in found]),
        "chord_ptr": _pointer([len(end.columns) for end in found]),
        "chord_col": _joined([end.columns for end in found], int),
        "chord_val": _joined([end.values for end in found], float),
        "dual_ptr": duals[0],
        "dual_row": duals[1],
        "dual_val": duals[2],
    }


def npz(arrays: Arrays) -> bytes:
    """Pack arrays as an ``.npz`` file."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def _each(
    sides: Sequence[Side] | Sequence[JointMove] | Sequence[WeightEnd], name: str, kind: type
) -> NDArray[Any]:
    return np.array([getattr(side, name) for side in sides], dtype=kind)


def sparse_rows(vectors: list[Floats]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Sparse rows: pointer, positions, values."""
    places = [np.flatnonzero(v != 0.0) for v in vectors]
    return _rows_of([Entries(p, v[p]) for v, p in zip(vectors, places, strict=True)])


def _rows_of(vectors: Sequence[Entries]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Sparse rows of vectors given by their entries."""
    return (
        _pointer([len(v.places) for v in vectors]),
        _joined([v.places for v in vectors], int),
        _joined([v.values for v in vectors], float),
    )


def _pointer(sizes: list[int]) -> NDArray[Any]:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(int)


def _joined(parts: list[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate(parts).astype(kind) if parts else np.zeros(0, dtype=kind)


def _text(words: list[str]) -> NDArray[Any]:
    return np.array(words, dtype=np.str_) if words else np.zeros(0, dtype="<U1")
