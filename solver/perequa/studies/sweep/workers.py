"""Who answers the chunks: this process, several on this machine, or a cluster."""

from __future__ import annotations

import multiprocessing
import pickle
from concurrent.futures import FIRST_COMPLETED, Executor, ProcessPoolExecutor, wait
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from perequa.studies.sweep.asking import answer_chunk
from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    from perequa.studies.sweep.asking import Found, Question

PATIENCE = "10s"
"""How long a scheduler may take to answer."""
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


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """Hand chunks to a running Dask cluster, whose workers have perequa installed.

    Parameters
    ----------
    address
        Of its scheduler, e.g. ``tcp://10.0.0.5:8786``.

    Raises
    ------
    UsageError
        When Dask is not installed, or nothing answers there.
    """
    if find_spec("distributed") is None:
        raise UsageError("--scheduler needs Dask: pip install 'perequa[cluster]'")
    # imported here: an extra, and a second
    from distributed import Client  # noqa: PLC0415

    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        message = f"--scheduler {address}: no Dask scheduler answers there ({error})"
        raise UsageError(message) from error
    with client, client.get_executor() as executor:
        yield executor


def answers(
    question: Question, chunks: Mapping[int, NDArray[np.float64]], executor: Executor | None
) -> Iterator[tuple[int, Found]]:
    """Yield the answer to every chunk, in the order in which they come.

    Parameters
    ----------
    question
        The same for all chunks.
    chunks
        Points of each, by number.
    executor
        Who answers; None for this process.
    """
    if executor is None:
        for number, points in chunks.items():
            yield number, question.answer(points)
        return
    packed = pickle.dumps(question)
    pending: dict[Future[Found], int] = {}
    for number, points in chunks.items():
        pending[executor.submit(answer_chunk, packed, points)] = number
        if len(pending) >= AHEAD:
            yield from _come_back(pending)
    while pending:
        yield from _come_back(pending)


def _come_back(pending: dict[Future[Found], int]) -> Iterator[tuple[int, Found]]:
    for future in wait(pending, return_when=FIRST_COMPLETED).done:
        yield pending.pop(future), future.result()
