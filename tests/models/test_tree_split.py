"""Positions found below their nodes by one sort."""

from __future__ import annotations

import numpy as np
import pytest

from perequa_models.tree import split


@pytest.mark.parametrize("seed", range(5))
def test_split_is_what_looking_for_each_node_gives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    above = rng.integers(0, 12, 40)
    nodes = rng.permutation(14)
    for node, inside in zip(nodes, split(above, nodes), strict=True):
        assert inside.tolist() == np.flatnonzero(above == node).tolist()
