"""What the other thread has not begun when the solver has done is waited for, not given up."""

from __future__ import annotations

from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from perequa import optimum
from perequa.checks import load
from perequa.interpret.run import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest


class Late:
    """A future that nobody begins before it is asked for; given up when its thread has ended."""

    def __init__(self, pool: LatePool, work: Callable[[], Any]) -> None:
        self._pool, self._work = pool, work

    def result(self) -> Any:
        if self._pool.ended:
            raise CancelledError
        return self._work()


class LatePool:
    """Another thread that is always busy with something else."""

    ended = False

    def submit(self, work: Callable[..., Any], *given: object) -> Late:
        return Late(self, lambda: work(*given))


@contextmanager
def busy_thread() -> Iterator[LatePool]:
    pool = LatePool()
    yield pool
    pool.ended = True


def test_a_small_program_may_be_solved_before_the_other_thread_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    instance = load("ssiad-2004").instance
    expected = optimum.find_optimum(instance, "ssiad-2004")
    monkeypatch.setattr(optimum, "other_thread", busy_thread)
    found = optimum.find_optimum(instance, "ssiad-2004")
    assert not isinstance(expected, Failure)
    assert not isinstance(found, Failure)
    assert (found.published.plan == expected.published.plan).all()
