"""Limits checked before anything is parsed, and the first look at the bytes of a file."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from perequa.io.findings import Finding, InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

SCENARIO_BYTES = 1_000_000
TABLE_BYTES = 256_000_000
LINE_BYTES = 1_000_000
NESTING = 20


def exists(path: Path) -> bool:
    """Say whether something stands at a path, as far as the system tells.

    What a folder does not let be looked at is taken to stand there: reading it says why not. A
    name that no file can have names none.
    """
    try:
        return path.exists()
    except PermissionError:
        return True
    except OSError:
        return False


def read_within(path: Path, shown: str, most: int) -> bytes:
    """Read a file that must exist, be a file and hold at most `most` bytes.

    Raises
    ------
    InvalidInput
        With one finding that says which of these it is not.
    """
    try:
        if path.is_dir():
            raise _refused("is_a_directory", shown, "a directory stands here, a file is needed")
        if not path.is_file():
            raise _refused("missing_file", shown, "no such file")
        with path.open("rb") as stream:
            content = stream.read(most + 1)
    except OSError as error:
        raise _refused("unreadable_file", shown, f"cannot be read: {error.strerror}") from error
    if len(content) > most:
        raise InvalidInput(
            [
                Finding(
                    code="file_too_large",
                    message="the file is over the size limit",
                    file=shown,
                    received=f"more than {most} bytes",
                    accepted=f"at most {most} bytes",
                    remedy="split the file, or drop what the scenario does not use",
                )
            ]
        )
    if not content.strip():
        raise _refused("empty_file", shown, "the file is empty")
    return content


def decode(content: bytes, shown: str) -> str:
    """Read bytes as UTF-8 text, with or without a byte order mark.

    Raises
    ------
    InvalidInput
        When they are not text, or a line is over the limit.
    """
    _check_lines(content, shown)
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        before = content.removeprefix(codecs.BOM_UTF8)[: error.start]
        raise InvalidInput(
            [
                Finding(
                    code="not_utf8",
                    message="the file is not UTF-8 text",
                    file=shown,
                    line=before.count(b"\n") + 1,
                    column=len(before) - (before.rfind(b"\n") + 1) + 1,
                    received=f"byte 0x{error.object[error.start]:02x}",
                    accepted="UTF-8",
                    remedy="save it again as UTF-8",
                )
            ]
        ) from error
    if "\0" in text:
        before_nul = text[: text.index("\0")]
        raise InvalidInput(
            [
                Finding(
                    code="binary_file",
                    message="the file holds binary data",
                    file=shown,
                    line=before_nul.count("\n") + 1,
                    column=len(before_nul) - (before_nul.rfind("\n") + 1) + 1,
                    received="a NUL byte",
                    accepted="UTF-8 text",
                    remedy="name a text file",
                )
            ]
        )
    return text


def _check_lines(content: bytes, shown: str) -> None:
    start, line = 0, 1
    while start < len(content):
        end = content.find(b"\n", start)
        end = len(content) if end < 0 else end
        if end - start > LINE_BYTES:
            raise InvalidInput(
                [
                    Finding(
                        code="line_too_long",
                        message="a line is over the length limit",
                        file=shown,
                        line=line,
                        column=1,
                        received=f"{end - start} bytes",
                        accepted=f"at most {LINE_BYTES} bytes",
                        remedy="break the line",
                    )
                ]
            )
        start, line = end + 1, line + 1


def _refused(code: str, shown: str, message: str) -> InvalidInput:
    return InvalidInput(
        [
            Finding(
                code=code,
                message=message,
                file=shown,
                received=shown,
                accepted="a readable file",
                remedy="check the path and the file",
            )
        ]
    )
