"""Public directories of establishments, as downloaded → tables of a scenario.

Two kinds are read. A *table* has a line of headings: the CNSA's directory of care homes and its
prices, or any other with a FINESS number, by whatever name. The *extraction* of FINESS has none:
its lines begin with ``structureet`` or ``equipementsocial`` and are read by position.

Both come in the encodings and with the separators that French tools write, and with codes that a
spreadsheet took for numbers.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from perequa.country import read_country
from perequa.io.csv_text import write_csv
from perequa.io.findings import Finding, InvalidInput
from perequa.io.limits import TABLE_BYTES, read_within
from perequa_models.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

NAMES: Mapping[str, tuple[str, ...]] = {
    "finess": ("finesset", "nofinesset", "finess", "numerofinesset", "nfinesset", "etfiness"),
    "name": ("nom", "rslongue", "raisonsociale", "rs", "title", "etablissement", "etnom"),
    "department": ("dep", "departement", "codedepartement", "coddepartement", "numdepartement"),
    "postcode": ("cp", "codepostal", "postcode", "coordinatespostcode"),
    "capacity": ("capacite", "capacity", "capacitetotale", "capinstot", "nbplaces", "places"),
    "status": ("statut", "statutjuridique", "legalstatus", "libsph"),
    "category": ("categetab", "categorie", "codecategorie"),
}
"""Headings by which each figure goes, without accents, capitals and signs; the first one counts."""

OVERSEAS = {"9A": "971", "9B": "972", "9C": "973", "9D": "974", "9F": "976"}
"""Departments as FINESS writes them overseas."""

EXTRACTED = frozenset({"structureet", "equipementsocial"})
"""How the lines of an extraction begin that are read."""
MISSING = frozenset({"", "nc", "nd", "-", "n/a", "na", "null"})
_FINESS = re.compile(r"[0-9][0-9AB][0-9]{7}\Z")
_SPACES = str.maketrans("", "", " \u00a0\u202f\t")


@dataclass(frozen=True, slots=True, kw_only=True)
class Establishment:
    """What a directory says of an establishment.

    Attributes
    ----------
    finess, name, department
        Nine characters, text, INSEE code.
    category, status
        As written; empty when not stated.
    capacity
        Places installed; None when not stated.
    """

    finess: str
    name: str
    department: str
    category: str = ""
    status: str = ""
    capacity: float | None = None


@dataclass(slots=True)
class Directory:
    """Establishments read so far, by FINESS number, and what is wrong or doubtful.

    Attributes
    ----------
    establishments, capacities
        Those found; places of those whose equipment stands in a file of its own.
    findings
        In the order of the files.
    """

    establishments: dict[str, Establishment] = field(default_factory=dict)
    capacities: dict[str, float] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a file, with its number."""

    shown: str
    number: int
    cells: list[str]

    def finding(self, code: str, message: str, received: str, accepted: str) -> Finding:
        return Finding(
            code=code,
            message=message,
            file=self.shown,
            line=self.number,
            received=received,
            accepted=accepted,
            remedy="correct the line, or download the file again",
        )


def read_directories(paths: Sequence[Path], categories: Sequence[str] = ()) -> Directory:
    """Read one directory, from one file or several.

    Parameters
    ----------
    paths
        A table, or files of the extraction of FINESS (establishments, equipment).
    categories
        Categories of FINESS to keep (500 is EHPAD); all when empty.

    Raises
    ------
    InvalidInput
        With every line that cannot be understood, or when nothing is left.
    """
    found = Directory()
    for path in paths:
        shown = str(path)
        text = decoded(read_within(path, shown, TABLE_BYTES))
        lines = list(_lines(text, shown))
        # its first line says when it was made
        if any(line.cells[0] in EXTRACTED for line in lines[:2]):
            _extraction(found, lines)
        else:
            _table(found, lines, shown)
    if categories:
        found.establishments = {
            code: one for code, one in found.establishments.items() if one.category in categories
        }
    for code, places in found.capacities.items():
        if code in found.establishments:
            one = found.establishments[code]
            found.establishments[code] = replace(one, capacity=places)
    _doubts(found, str(paths[0]), categories)
    if any(f.severity == "error" for f in found.findings):
        raise InvalidInput(found.findings)
    return found


def decoded(content: bytes) -> str:
    """Read text in whatever encoding a French download comes: UTF-8, UTF-16, Windows-1252."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if content.startswith(mark):
            return content.removeprefix(mark).decode(encoding, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        # what Windows writes holds all of Latin-1, but for a few signs that no name uses
        return content.decode("cp1252", errors="replace")


def _lines(text: str, shown: str) -> Iterator[_Line]:
    """Cut a text into cells by the separator of its first line."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(";,\t|", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    before = 0
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield _Line(shown, before + 1, [cell.strip() for cell in cells])
        before = reader.line_num


def _plain(heading: str) -> str:
    """Write a heading without accents, capitals, spaces and signs."""
    apart = unicodedata.normalize("NFKD", heading.casefold())
    return "".join(sign for sign in apart if sign.isalnum())


def _table(found: Directory, lines: Sequence[_Line], shown: str) -> None:
    """Read a table with a line of headings."""
    headings = [_plain(cell) for cell in lines[0].cells] if lines else []
    place = {
        figure: next((headings.index(name) for name in names if name in headings), None)
        for figure, names in NAMES.items()
    }
    if place["finess"] is None:
        known = [name for names in NAMES.values() for name in names]
        raise InvalidInput(
            [
                Finding(
                    code="no_finess_column",
                    message="no column holds FINESS numbers",
                    file=shown,
                    line=1,
                    received=", ".join(lines[0].cells[:8]) if lines else "nothing",
                    accepted=", ".join(NAMES["finess"]),
                    nearest=nearest(headings[0], known) if headings else "",
                    remedy="name one of the columns so, or give the file as it was downloaded",
                )
            ]
        )
    for line in lines[1:]:
        said = {
            figure: line.cells[at] if at is not None and at < len(line.cells) else ""
            for figure, at in place.items()
        }
        if place["department"] is None:
            said["department"] = _of_postcode(said["postcode"])
        _add(found, line, said)


def _extraction(found: Directory, lines: Sequence[_Line]) -> None:
    """Read an extraction of FINESS, whose lines say what they are."""
    for line in lines:
        cells = line.cells
        if cells[0] == "structureet" and len(cells) > 19:
            said = {
                "finess": cells[1],
                "name": cells[4] or cells[3],
                "department": cells[13],
                "category": cells[18],
                "status": cells[27] if len(cells) > 27 else "",
            }
            _add(found, line, said)
        elif cells[0] == "equipementsocial" and len(cells) > 15 and cells[15].upper() != "O":
            code = _finess(cells[1])
            places = _number(cells[9])
            if code is None or places is None:
                found.findings.append(
                    line.finding(
                        "not_a_number",
                        "the capacity installed is not a number",
                        cells[9],
                        "a FINESS number, then a capacity",
                    )
                )
                continue
            found.capacities[code] = found.capacities.get(code, 0.0) + places


def _add(found: Directory, line: _Line, said: Mapping[str, str]) -> None:
    """Add an establishment, or say why not."""
    code = _finess(said["finess"])
    if code is None:
        message = "this is no FINESS number"
        found.findings.append(
            line.finding("not_a_finess_number", message, said["finess"], "nine characters")
        )
        return
    if code in found.establishments:
        message = f"{code} stands twice in the directory"
        found.findings.append(line.finding("duplicate_establishment", message, code, "once"))
        return
    department = _department(said["department"])
    if department is None:
        message = f"the department of {code} is not known"
        found.findings.append(
            line.finding("unknown_department", message, said["department"], "01 to 95, 2A, 971 …")
        )
        return
    stated = said.get("capacity", "")
    capacity = _number(stated)
    if capacity is None and stated.casefold() not in MISSING:
        message = f"the capacity of {code} is not a number"
        found.findings.append(line.finding("not_a_number", message, stated, "a number, or nc"))
        return
    found.establishments[code] = Establishment(
        finess=code,
        name=said.get("name", "") or code,
        department=department,
        category=said.get("category", ""),
        status=said.get("status", ""),
        capacity=capacity,
    )


def _finess(stated: str) -> str | None:
    """Give a FINESS number its nine characters: a spreadsheet drops the zero in front."""
    code = stated.translate(_SPACES).strip("=\"'").upper()
    if code.isdecimal() and len(code) == 8:
        code = "0" + code
    return code if _FINESS.match(code) else None


def _department(stated: str) -> str | None:
    """Give a department its INSEE code."""
    code = stated.translate(_SPACES).strip("=\"'").upper()
    code = OVERSEAS.get(code, code)
    if code.isdecimal():
        code = code.lstrip("0").zfill(2)
    return code if code in set(read_country().codes) else None


def _of_postcode(stated: str) -> str:
    """Department of a post code: three figures overseas, and Corsica's two by their number."""
    code = stated.translate(_SPACES).strip("=\"'").zfill(5)
    if code.startswith("97"):
        return code[:3]
    if code.startswith("20"):
        return "2A" if code < "20200" else "2B"
    return code[:2]


def _number(stated: str) -> float | None:
    """Read a figure as French tools write it; None where it is not one."""
    text = stated.translate(_SPACES).replace(",", ".")
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 1e6 else None


def _doubts(found: Directory, shown: str, categories: Sequence[str]) -> None:
    if not found.establishments and not found.findings:
        found.findings.append(
            Finding(
                code="no_establishment",
                message="no establishment is left",
                file=shown,
                received=", ".join(categories) or "nothing",
                accepted="a category that the directory holds",
                remedy="check the file and --category",
            )
        )
    without = [code for code, one in found.establishments.items() if one.capacity is None]
    if without:
        found.findings.append(
            Finding(
                code="capacity_not_stated",
                message=f"{len(without)} establishments state no capacity: their cells stay empty",
                severity="warning",
                file=shown,
                received=", ".join(without[:5]),
                accepted="a number of places",
                remedy="give the file of equipment too, or fill the cells",
            )
        )


def tables(found: Directory, measure: str) -> dict[str, bytes]:
    """Lay a directory out as the tables of a scenario.

    Parameters
    ----------
    found
        What was read.
    measure
        Name of the measure whose places they have.

    Returns
    -------
    dict
        ``territories.csv`` (regions, departments, establishments) and ``supply.csv``.
    """
    country = read_country()
    region_of = dict(zip(country.codes, country.regions, strict=True))
    name_of = dict(zip(country.codes, country.names, strict=True))
    there = sorted({one.department for one in found.establishments.values()})
    rows: list[tuple[object, ...]] = [
        ("level", "code", "name", "parent", "status", "category"),
        *(
            ("region", code, country.region_names[code], "", "", "")
            for code in sorted({region_of[department] for department in there})
        ),
        *(("department", code, name_of[code], region_of[code], "", "") for code in there),
    ]
    supply: list[tuple[object, ...]] = [("territory", "measure", "installed")]
    for code, one in sorted(found.establishments.items()):
        rows.append(("establishment", code, one.name, one.department, one.status, one.category))
        supply.append((code, measure, "" if one.capacity is None else f"{one.capacity:g}"))
    return {"territories.csv": write_csv(rows), "supply.csv": write_csv(supply)}
