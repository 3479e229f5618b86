"""Who answers the chunks: this process, several on this machine, or a cluster."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import FIRST_COMPLETED, Executor, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING

from perequa.studies.sweep.asking import Found, answer_chunk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

AHEAD = 64
"""Chunks handed out before one comes back; each carries the program."""


@contextmanager
def processes(count: int) -> Iterator[Executor]:
    """Start so many processes, the same way on every system."""
    pool = ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def answers(
    question: bytes, chunks: Mapping[int, NDArray[np.float64]], executor: Executor | None
) -> Iterator[tuple[int, Found]]:
    """Yield the answer to every chunk, in the order in which they come.

    Parameters
    ----------
    question
        The same for all chunks, packed.
    chunks
        Points of each, by number.
    executor
        Who answers; None for this process.
    """
    if executor is None:
        for number, points in chunks.items():
            yield number, answer_chunk(question, points)
        return
    pending: dict[Future[Found], int] = {}
    for number, points in chunks.items():
        pending[executor.submit(answer_chunk, question, points)] = number
        if len(pending) >= AHEAD:
            yield from _come_back(pending)
    while pending:
        yield from _come_back(pending)


def _come_back(pending: dict[Future[Found], int]) -> Iterator[tuple[int, Found]]:
    for future in wait(pending, return_when=FIRST_COMPLETED).done:
        yield pending.pop(future), future.result()
