"""The other thread works, and leaves Python as it was."""

from __future__ import annotations

import sys
import threading

import pytest

from perequa.engine.beside import TURN, other_thread


def test_turns_are_short_while_two_threads_work_and_as_before_afterwards() -> None:
    before = sys.getswitchinterval()
    with other_thread() as other:
        assert sys.getswitchinterval() == pytest.approx(TURN, rel=0.05)
        with other_thread() as inner:
            assert inner.submit(threading.current_thread).result() is not threading.main_thread()
        assert sys.getswitchinterval() == pytest.approx(TURN, rel=0.05)
        assert other.submit(int, "3").result() == 3
    assert sys.getswitchinterval() == pytest.approx(before, rel=0.05)


def test_an_error_on_the_way_leaves_turns_as_before() -> None:
    before = sys.getswitchinterval()
    with pytest.raises(ZeroDivisionError), other_thread() as other:
        other.submit(divmod, 1, 0).result()
    assert sys.getswitchinterval() == pytest.approx(before, rel=0.05)
