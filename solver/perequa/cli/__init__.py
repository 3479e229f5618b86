"""The command line: one file per command, options → one call → exit status, no logic."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

from perequa.cli.boundary import INTERRUPTED, Boundary
from perequa.cli.console import use_utf8
from perequa.cli.group import perequa
from perequa.cli.progress import SOLVING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv
        Arguments after the program's name; those of the process when absent.

    Returns
    -------
    int
        The exit status of the contract: 0 done, 1 internal error, 2 wrong usage, 3 invalid, 4
        infeasible, 5 not proven, 6 wrong run folder, 130 interrupted.
    """
    use_utf8()
    arguments = list(sys.argv[1:] if argv is None else argv)
    with Boundary(arguments) as boundary:
        # not `perequa.main`: it turns a broken pipe into status 1 and prints before we can
        with perequa.make_context("perequa", list(arguments)) as context:
            status = perequa.invoke(context)
        boundary.status = status if isinstance(status, int) else 0
        sys.stdout.flush()
    if boundary.status == INTERRUPTED and _still_solving():
        # what was begun is taken away by now, and nobody will read what that thread finds
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)
    return boundary.status


def _still_solving() -> bool:
    """Whether HiGHS still works on a program that was interrupted: it takes no notice itself."""
    return any(thread.name.startswith(SOLVING) for thread in threading.enumerate())
