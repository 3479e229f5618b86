"""A scenario with its tables in the other form: CSV files, or sheets of one workbook."""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from perequa.io.copying import check_new, standing_alone, write_new
from perequa.io.csv_text import write_csv
from perequa.io.findings import Finding, InvalidInput
from perequa.io.limits import decode
from perequa.io.scenario_files import read_scenario
from perequa.io.scenario_tables import (
    Mention,
    Named,
    mentions,
    rewritten,
    same_tables,
    sheets_alone,
)
from perequa.io.shipped import SCENARIO_FILE
from perequa.io.table_files import InputFile
from perequa.io.table_workbook import tables_workbook, typed_rows
from perequa.io.tables import RawTable, is_workbook, read_table
from perequa.io.xlsx import LONGEST_NAME
from perequa.io.yaml_nodes import read_yaml
from perequa_models.errors import InternalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BOOK = "tables.xlsx"
"""The workbook, beside the scenario file (or that of a cascade's step) that names its sheets."""
_NOT_IN_SHEETS = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_NOT_IN_FILES = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
LONGEST_STEM = 60
"""Characters of the name of a file: systems hold it to 255 bytes, four a character."""
_RESERVED = frozenset({"history"})
"""A name that Excel keeps for itself."""


def convert_scenario(source: str, output: Path | None) -> Path:
    """Write a copy of a scenario whose tables stand in the other form, and return where.

    Tables in CSV files become the sheets of one workbook; where none is a CSV file, sheets become
    CSV files. The copy stands alone, as that of `copy_scenario`; scenario files are edited where
    they name tables and keep all else, comments included.

    Parameters
    ----------
    source
        Path of a scenario file or folder, or name of a shipped scenario.
    output
        Folder created by this call; None: the scenario's name with ``-workbook`` or ``-csv``.

    Raises
    ------
    InvalidInput
        When the scenario or a table cannot be read, or a sheet cannot hold a table.
    UsageError
        When something stands there, or it cannot be written.
    """
    raw = read_scenario(source)
    files = standing_alone(raw)
    territories = raw.data.get("territories")
    stated = territories.get("levels") if isinstance(territories, dict) else None
    held = _Held(
        files=files,
        shown={name: os.path.normpath(raw.folder / name) for name in files},
        levels=frozenset(map(str, stated)) if isinstance(stated, list) else frozenset(),
    )
    to_workbook = any(not is_workbook(use.mention.named.file) for use in held.uses)
    folder = output or Path(f"{raw.name}-{'workbook' if to_workbook else 'csv'}")
    check_new(folder)
    write_new(folder, held.as_sheets() if to_workbook else held.as_csv())
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """A place of a document that names a table, and the table."""

    document: str
    mention: Mention
    table: RawTable


@dataclass(slots=True, kw_only=True)
class _Held:
    """A scenario in hand.

    Attributes
    ----------
    files, shown
        Content by path, and how findings name each.
    levels
        Names of levels.
    texts, uses
        Text of each scenario file; where it names tables.
    """

    files: Mapping[str, bytes]
    shown: Mapping[str, str]
    levels: frozenset[str]
    texts: dict[str, str] = field(default_factory=dict)
    uses: list[_Use] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, content in self.files.items():
            if name == SCENARIO_FILE or PurePosixPath(name).suffix in {".yaml", ".yml"}:
                self.texts[name] = decode(content, self.shown[name])
                self.uses += self._uses(name)

    def as_sheets(self) -> dict[str, bytes]:
        """Return the files with every table as a sheet of the workbook beside its document."""
        books: dict[str, dict[str, RawTable]] = {}
        others: dict[int, Named] = {}
        for i, use in enumerate(self.uses):
            book = posixpath.normpath(posixpath.join(use.mention.base, BOOK))
            sheets = books.setdefault(book, {})
            known = [name for name, table in sheets.items() if table.key == use.table.key]
            name = known[0] if known else _sheet_name(use.table, sheets)
            sheets[name] = use.table
            others[i] = Named(file=book, sheet=name)
        made = {book: tables_workbook(tables, self.levels) for book, tables in books.items()}
        for book, tables in books.items():
            for name, table in tables.items():
                found = _read(book, made[book], name)
                self._check_same(table, found.header, tuple(typed_rows(found, made[book])))
        return self._with(others, made)

    def as_csv(self) -> dict[str, bytes]:
        """Return the files with every sheet as a CSV file beside its document."""
        made: dict[str, bytes] = {}
        names: dict[tuple[str, str], str] = {}
        others: dict[int, Named] = {}
        for i, use in enumerate(self.uses):
            key = (use.mention.base, use.table.key)
            if key not in names:
                names[key] = _file_name(use.mention.base, use.table.sheet, names.values())
                rows = tuple(typed_rows(use.table, self.files[use.mention.named.file]))
                made[names[key]] = write_csv([use.table.header, *rows])
                found = _read(names[key], made[names[key]], None)
                self._check_same(use.table, found.header, found.rows, rows)
            others[i] = Named(file=names[key], sheet=None)
        return self._with(others, made)

    def _uses(self, document: str) -> list[_Use]:
        text = self.texts[document]
        alone = [self._at(document, n, "sheet_alone", _SHEET_ALONE) for n in sheets_alone(text)]
        if alone:
            raise InvalidInput(alone)
        found = [m for m in mentions(text, document) if m.named.file in self.files]
        stated = {m.target: m.named.sheet for m in found if not m.in_variant}
        uses = []
        for mention in found:
            sheet = mention.named.sheet
            if sheet is None and mention.in_variant and is_workbook(mention.named.file):
                sheet = stated.get(mention.target)
            file = mention.named.file
            table = _read(file, self.files[file], sheet, mention.section, self.shown[file])
            uses.append(_Use(document=document, mention=mention, table=table))
        return uses

    def _with(self, others: Mapping[int, Named], made: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return the files of the copy: tables replaced, documents edited."""
        gone = {use.mention.named.file for use in self.uses}
        kept = {name: content for name, content in self.files.items() if name not in gone}
        for document, text in self.texts.items():
            changes = [
                (use.mention, others[i])
                for i, use in enumerate(self.uses)
                if use.document == document
            ]
            kept[document] = self._edited(document, text, changes).encode()
        return {**kept, **made}

    def _edited(self, document: str, text: str, changes: list[tuple[Mention, Named]]) -> str:
        """Edit a document, and read it again: it must say the same of all but its tables."""
        new = rewritten(text, changes)
        wanted = {(m.path, m.prefix): m.named for m in mentions(text, document)}
        wanted |= {(mention.path, mention.prefix): other for mention, other in changes}
        try:
            data = read_yaml(new, document, document).data
            same = same_tables(read_yaml(text, document, document).data, data)
            same &= wanted == {(m.path, m.prefix): m.named for m in mentions(new, document)}
        except InvalidInput:
            same = False
        if not same:
            line = changes[0][0].line if changes else 1
            raise InvalidInput([self._at(document, line, "not_editable", _NOT_EDITABLE)])
        return new

    def _at(self, document: str, line: int, code: str, said: tuple[str, str]) -> Finding:
        return Finding(
            code=code,
            message=said[0],
            file=self.shown[document],
            line=line,
            column=1,
            remedy=said[1],
        )

    @staticmethod
    def _check_same(
        table: RawTable,
        header: tuple[str, ...],
        rows: tuple[tuple[str, ...], ...],
        wanted: tuple[tuple[str, ...], ...] | None = None,
    ) -> None:
        """Refuse to write a table that would not read back as it was."""
        if header != table.header or rows != (table.rows if wanted is None else wanted):
            message = f"{table.shown} {table.sheet}: the converted table would not read the same"
            raise InternalError(message.replace("  ", " "))


_SHEET_ALONE = (
    "a variant names another sheet and not its workbook",
    "name both: file and sheet",
)
_NOT_EDITABLE = (
    "the name of a table cannot be changed where it is written so",
    "write file and its value on one line",
)


def _read(
    name: str, content: bytes, sheet: str | None, section: str = "", shown: str = ""
) -> RawTable:
    file = InputFile(key=name, path=Path(name), content=content)
    return read_table(file, shown or name, sheet, section)


def _sheet_name(table: RawTable, taken: Mapping[str, RawTable]) -> str:
    """Name the sheet of a table: as its file, or as the sheet it was."""
    stem = table.sheet or PurePosixPath(table.key).stem
    plain = _NOT_IN_SHEETS.sub("_", stem).strip("'") or "table"
    plain = f"{plain}_" if plain.casefold() in _RESERVED else plain
    return _free(plain[:LONGEST_NAME], {name.casefold() for name in taken}, LONGEST_NAME)


def _file_name(base: str, sheet: str, taken: Iterable[str]) -> str:
    """Name the CSV file of a sheet."""
    seen = "".join(c if c.isprintable() else "_" for c in _NOT_IN_FILES.sub("_", sheet))
    plain = seen.strip(" .") or "table"
    stems = {posixpath.relpath(name, base or ".").removesuffix(".csv").casefold() for name in taken}
    return posixpath.normpath(posixpath.join(base, f"{_free(plain, stems, LONGEST_STEM)}.csv"))


def _free(name: str, taken: set[str], longest: int) -> str:
    """Return a name that is not taken, whatever the case of letters."""
    found, number = name[:longest], 1
    while found.casefold() in taken:
        number += 1
        ending = f"_{number}"
        found = name[: longest - len(ending)] + ending
    return found
