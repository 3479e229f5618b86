"""Sharing by a key between floors and caps, against cases solved by hand and against its laws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perequa_models.reference.sharing import Shared, share_out, share_signed

INF = np.inf


def share(
    amount: float,
    key: list[float],
    *,
    floor: float | list[float] = 0.0,
    scale: bool = False,
    caps: list[float] | None = None,
    refill: bool = True,
) -> Shared:
    return share_out(
        amount,
        np.array(key),
        floor=np.broadcast_to(np.asarray(floor, dtype=float), (len(key),)),
        scale=scale,
        caps=np.array(caps if caps is not None else [INF] * len(key)),
        refill=refill,
    )


@pytest.mark.parametrize(
    ("case", "amounts", "left"),
    [
        ({"amount": 100, "key": [1, 3]}, [25, 75], 0),
        # floors first: 2 × 20, then 60 by the key
        ({"amount": 100, "key": [1, 3], "floor": 20}, [35, 65], 0),
        # scaled: max(40, λ·key) with λ = 20
        ({"amount": 100, "key": [1, 3], "floor": 40, "scale": True}, [40, 60], 0),
        # scaled, where nobody needs the floor
        ({"amount": 100, "key": [1, 3], "floor": 20, "scale": True}, [25, 75], 0),
        # the cap stops 75 at 50, the rest goes to the other one
        ({"amount": 100, "key": [1, 3], "caps": [INF, 50]}, [50, 50], 0),
        # 60 is cut to 20, the 40 freed would give the second 60: cut to 38, the rest to the first
        ({"amount": 100, "key": [1, 3, 6], "caps": [INF, 38, 20]}, [42, 38, 20], 0),
        # everybody capped
        ({"amount": 100, "key": [1, 3], "caps": [30, 50]}, [30, 50], 20),
        # nobody takes what the cap stops
        ({"amount": 100, "key": [1, 3], "caps": [INF, 50], "refill": False}, [25, 50], 25),
        # floor first and cap: 20 each, 60 by the key would give the second 45 more
        ({"amount": 100, "key": [1, 3], "floor": 20, "caps": [INF, 30]}, [70, 30], 0),
        # without a key, nothing but the floor
        ({"amount": 100, "key": [0, 3], "floor": 10}, [10, 90], 0),
        ({"amount": 100, "key": [0, 3], "caps": [INF, 60]}, [0, 60], 40),
        ({"amount": 100, "key": [0, 0], "floor": 10}, [10, 10], 80),
        ({"amount": 0, "key": [1, 3]}, [0, 0], 0),
        ({"amount": 40, "key": [1, 3], "floor": 20}, [20, 20], 0),
    ],
)
def test_by_hand(case: dict[str, object], amounts: list[float], left: float) -> None:
    result = share(**case)  # type: ignore[arg-type]
    assert result.amounts == pytest.approx(amounts, rel=1e-12)
    assert result.left == pytest.approx(left, abs=1e-9)


def test_says_who_sits_on_a_floor_or_a_cap() -> None:
    result = share(100, [1, 2, 7], floor=20, scale=True, caps=[INF, INF, 45])
    # λ = 17.5: max(20, 17.5), max(20, 35), min(45, 122.5)
    assert result.amounts == pytest.approx([20, 35, 45])
    assert result.at_floor.tolist() == [True, False, False]
    assert result.at_cap.tolist() == [False, False, True]


def test_signed_keys_keep_their_sign() -> None:
    assert share_signed(100, np.array([-1.0, 5.0])).amounts == pytest.approx([-25, 125])


KEYS = st.lists(st.just(0.0) | st.floats(1e-3, 1e6), min_size=1, max_size=12)


@given(
    key=KEYS,
    amount=st.floats(1, 1e8),
    floor_share=st.floats(0, 1),
    room=st.lists(st.floats(0, 3), min_size=12, max_size=12),
    scale=st.booleans(),
    refill=st.booleans(),
)
def test_laws(
    key: list[float],
    amount: float,
    floor_share: float,
    room: list[float],
    scale: bool,
    refill: bool,
) -> None:
    n = len(key)
    floor = floor_share * amount / n
    caps = [floor + r * amount / n for r in room[:n]]
    result = share(amount, key, floor=floor, scale=scale, caps=caps, refill=refill)
    assert result.amounts.sum() + result.left == pytest.approx(amount, rel=1e-9)
    assert (result.amounts >= floor * (1 - 1e-9)).all()
    assert (result.amounts <= np.array(caps) * (1 + 1e-9)).all()
    # a larger key never gets less, unless its cap stops it
    order = np.argsort(key)
    free = [i for i in order if not result.at_cap[i]]
    assert all(
        result.amounts[a] <= result.amounts[b] + 1e-6 * amount for a, b in itertools.pairwise(free)
    )
    if refill and result.left > 0:
        assert all(result.at_cap[i] for i in range(n) if key[i] > 0)


@given(key=KEYS, seed=st.randoms(use_true_random=False))
def test_order_does_not_matter(key: list[float], seed: object) -> None:
    caps = [30.0 + 7 * i for i in range(len(key))]
    order = list(range(len(key)))
    seed.shuffle(order)  # type: ignore[attr-defined]
    straight = share(100, key, floor=1, caps=caps)
    shuffled = share(100, [key[i] for i in order], floor=1, caps=[caps[i] for i in order])
    assert shuffled.amounts == pytest.approx(straight.amounts[order], rel=1e-12, abs=1e-12)
