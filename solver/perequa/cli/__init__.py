"""The command line: one file per command, options → one call → exit status, no logic."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from perequa.cli.boundary import Boundary
from perequa.cli.console import use_utf8
from perequa.cli.group import perequa

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
    return boundary.status
