"""Columns that depend on one another, told by numpy's rank of the same matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from perequa.verification import independent as columns
from perequa.verification.independent import independent


def told(dense: np.ndarray) -> bool:
    return independent(sparse.csr_array(dense))


@pytest.mark.parametrize("looks", [0, 1, 50])
def test_random_columns_of_small_whole_numbers(looks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "LOOKS", looks)
    rng = np.random.default_rng(1)
    found = set()
    for _ in range(400):
        m, n = rng.integers(1, 9, 2)
        dense = (rng.integers(-2, 3, (m, n)) * (rng.random((m, n)) < 0.4)).astype(float)
        expected = np.linalg.matrix_rank(dense) == n
        assert told(dense) == expected, dense
        found.add(expected)
    assert found == {True, False}


def test_long_chains_and_rings() -> None:
    n = 300
    chain = np.eye(n) + np.eye(n, k=1)
    assert told(chain)
    # each column less the next, all the way round: their sum is zero
    assert not told(np.eye(n) - np.roll(np.eye(n), 1, axis=1))
    assert told(np.eye(n) + 2.0 * np.roll(np.eye(n), 1, axis=1))


def test_an_entry_next_to_nothing_does_not_make_a_column_stand_alone() -> None:
    both = np.array([[1.0, 1.0], [1.0, 1.0], [0.0, 1e-13]])
    assert not told(both)
    assert told(both + np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 0.5]]))


def test_an_empty_column_is_dependent_and_no_column_is_not() -> None:
    assert not told(np.array([[1.0, 0.0], [2.0, 0.0]]))
    assert told(np.zeros((3, 0)))


def test_spanning_columns_have_the_rank_of_all_and_are_independent() -> None:
    rng = np.random.default_rng(2)
    for _ in range(100):
        m, n = rng.integers(1, 9, 2)
        dense = (rng.integers(-2, 3, (m, n)) * (rng.random((m, n)) < 0.4)).astype(float)
        kept = columns.spanning(sparse.csr_array(dense))
        assert len(kept) == np.linalg.matrix_rank(dense) == np.linalg.matrix_rank(dense[:, kept])


def test_a_part_too_large_keeps_its_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "DENSE", 3)
    twice = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert sorted(columns.spanning(sparse.csr_array(twice))) == [0, 1, 2]
