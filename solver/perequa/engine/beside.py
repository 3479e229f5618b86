"""One other thread, for what the solver can do while Python does the rest."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from perequa.engine.session import THREAD

if TYPE_CHECKING:
    from collections.abc import Iterator

TURN = 1e-4
"""Seconds after which a thread that computes lets the other have Python.

Between two runs of HiGHS the other thread asks for Python some ten times; at Python's own 5 ms it
waits longer than it works (9.9 s a whole run of 7 500 care homes, 9.3 s with shorter turns).
"""


@contextmanager
def other_thread() -> Iterator[ThreadPoolExecutor]:
    """Hold another thread, which does what it is given one after another.

    HiGHS lets Python go on while it works. Each program has a solver of its own, so that nothing
    depends on which thread is ahead. What has not begun when the block ends is never done.

    Yields
    ------
    ThreadPoolExecutor
        Its futures raise in the thread that waits for them.
    """
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=THREAD)
    # who interrupts does not wait for what nobody will read
    heard = True
    try:
        with _short_turns():
            yield pool
    except KeyboardInterrupt:
        heard = False
        raise
    finally:
        pool.shutdown(wait=heard, cancel_futures=True)


@contextmanager
def _short_turns() -> Iterator[None]:
    """Shorten turns, and put them back; where they are short already they are left so."""
    before = sys.getswitchinterval()
    if before <= TURN:
        yield
        return
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
