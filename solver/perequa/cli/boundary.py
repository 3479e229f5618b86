"""The edge of the program: every error becomes an exit status and a message, never a traceback."""

from __future__ import annotations

import errno
import itertools
import os
import sys
import traceback
from typing import TYPE_CHECKING, Self

import click

from perequa.cli.console import document, say
from perequa.cli.group import COMMANDS
from perequa_models.errors import InternalError, InvalidScenario, PerequaError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from perequa.io.findings import Finding

INTERRUPTED = 130
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Why a stream that is open takes no more: the disk, the quota, the size, the device."""
STATUS_WORDS = {3: "invalid", 4: "infeasible", 5: "limit"}


class Boundary:
    """Turns whatever a command raises into `status`.

    Parameters
    ----------
    arguments
        Those of the command line: an error met while reading them must still know whether a
        traceback or a JSON document was asked for.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self.status = 0
        self._debug = "--debug" in arguments
        pairs = itertools.pairwise(arguments)
        self._json = "--format=json" in arguments or ("--format", "json") in pairs
        self._command = next((a for a in arguments if a in COMMANDS), "")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is None:
            return True
        if self._debug and not isinstance(error, SystemExit | click.exceptions.Exit):
            traceback.print_exception(kind, error, trace)
        self.status = self._told(error)
        return True

    def _told(self, error: BaseException) -> int:
        """Tell an error where its readers look, and return its exit status."""
        status = 0
        match error:
            case click.exceptions.Exit():
                status = error.exit_code
            case SystemExit():
                status = error.code if isinstance(error.code, int) else int(bool(error.code))
            case KeyboardInterrupt() | click.Abort():
                click.echo("interrupted", err=True)
                status = INTERRUPTED
            case BrokenPipeError():
                _forget_stdout()
            case click.ClickException():
                error.show()
                status = self._documented(error.exit_code, error.format_message())
            case InvalidScenario():
                status = self._invalid(error)
            case PerequaError():
                say(f"error: {error}", err=True)
                status = self._documented(error.exit_status, str(error))
            case OSError() if error.filename is not None:
                message = f"{error.filename}: {error.strerror}"
                say(f"error: {message}", err=True)
                status = self._documented(UsageError.exit_status, message)
            case OSError() if error.errno in FULL:
                status = self._full(error)
            case _:
                status = self._fault(error)
        return status

    def _full(self, error: OSError) -> int:
        """Tell that a file, or stdout itself, takes no more: the system does not say which."""
        message = f"the output cannot be written: {error.strerror}"
        say(f"error: {message}", err=True)
        try:
            self._documented(UsageError.exit_status, message)
            sys.stdout.flush()
        except OSError:
            _forget_stdout()
        return UsageError.exit_status

    def _fault(self, error: BaseException) -> int:
        told = InternalError(f"{type(error).__name__}: {error}")
        hint = "" if self._debug else " Run it again with --debug for the details."
        say(f"internal error: {told}{hint}".replace("\n", " "), err=True)
        return self._documented(told.exit_status, str(told))

    def _invalid(self, error: InvalidScenario) -> int:
        # imported here: only a scenario that is wrong needs it
        from perequa.io.findings import findings_of

        findings = findings_of(error)
        for finding in findings:
            say(str(finding), err=True)
        return self._documented(error.exit_status, "", findings)

    def _documented(self, status: int, message: str, findings: Sequence[Finding] = ()) -> int:
        """Print the JSON document of an error when one was asked for, and return the status."""
        if self._json:
            word = STATUS_WORDS.get(status, "error")
            more: dict[str, object] = {"runs": []} if self._command == "solve" else {}
            more |= {"message": message} if message else {}
            click.echo(document(self._command, status, word, findings, **more))
        return status


def _forget_stdout() -> None:
    """Send what is left for a closed pipe or a full disk nowhere: the interpreter ends quietly."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
