"""The arrays of a choice of projects: its steps, and the trees that prove it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perequa.report.arrays import sparse_rows

if TYPE_CHECKING:
    from perequa.report.arrays import Arrays
    from perequa.selecting import Selected


def selection_arrays(selected: Selected) -> Arrays:
    """Steps in the order of service; then, for each step and each project, the tree that proves it.

    Trees stand one after another in ``node_branch`` (column branched on, 0 first; −1 at a leaf);
    ``proof_ptr`` delimits them. Leaves follow in the same order: duals over rows then steps.
    """
    steps, chosen = selected.choosing.steps, selected.chosen
    proofs = [proof for proof in selected.proofs if proof is not None]
    sizes = [0 if proof is None else len(proof.branch) for proof in selected.proofs]
    pointer, index, value = sparse_rows([dual for proof in proofs for dual in proof.duals])
    return {
        "step_kind": np.array([step.kind for step in steps], dtype=np.str_),
        "step_name": np.array([step.name for step in steps], dtype=np.str_),
        "step_priority": np.array([step.priority for step in steps], dtype=int),
        "step_cost": np.array([step.cost for step in steps]),
        "step_value": np.array(chosen.values),
        "step_bound": np.array(chosen.bounds),
        "step_nodes": np.array(chosen.nodes, dtype=int),
        "plan": chosen.x,
        "proven": np.array(selected.proven, dtype=np.bool_),
        "proof_ptr": np.concatenate([[0], np.cumsum(sizes)]).astype(int),
        "node_branch": np.array([b for proof in proofs for b in proof.branch], dtype=int),
        "leaf_ray": np.array([r for proof in proofs for r in proof.rays], dtype=np.bool_),
        "leaf_ptr": pointer,
        "leaf_row": index,
        "leaf_val": value,
    }
