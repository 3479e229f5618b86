"""Check 16: what annexes print in whole figures is what the run says unrounded."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from perequa.verification.annex_columns import Column, Wanted, joined, listed_level
from perequa.verification.annex_commitments import committed_tables
from perequa.verification.annex_decision import decided_tables
from perequa.verification.outcome import Notebook, Unreadable
from perequa.words import LANGUAGES, saying, words_in
from perequa.words.lines import line_words
from perequa.words.seen import seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from perequa.verification.annex_columns import Balance, Exact
    from perequa.verification.outcome import Check
    from perequa.verification.plan import Published
    from perequa.words import Words

FOUND = "reports/annexes-{lang}.xlsx"
HEADINGS = 3
"""Row of the headings of a table, from 0."""
FIRST = "Code"
"""What stands above the codes, in every language."""
NEAR = 1 + 1e-6
"""A figure is rounded down or up, never further; and what counts as whole is near it."""
LINES = (
    *("base", "transfers", "indexing", "extension", "new", "savings", "convergence"),
    *("one_off", "reserve", "undistributed"),
)
"""Lines that add up to an envelope."""


def annexes_of(folder: Path) -> dict[str, Path]:
    """Annexes that stand in a run folder, by language."""
    places = {lang: folder / FOUND.format(lang=lang) for lang in LANGUAGES}
    return {lang: place for lang, place in places.items() if place.is_file()}


def check_annexes(published: Published, annexes: Mapping[str, Path], fingerprint: str) -> Check:
    """Compare every figure printed with the run's own, and every sum with what is printed.

    Parameters
    ----------
    published
        The plan.
    annexes
        Workbooks by language.
    fingerprint
        That of the run.
    """
    notes = Notebook(16, "annexes")
    figures = 0
    for lang, place in annexes.items():
        book = _Book(notes, published, words_in(lang), FOUND.format(lang=lang))
        figures += book.check(place, fingerprint)
    return notes.close(
        saying("{count} figures printed in {books} annexes", count=figures, books=len(annexes))
    )


@dataclass
class _Book:
    """Annexes in one language.

    Parameters
    ----------
    notes, published
        Where disagreements go, and the plan.
    words, file
        Language, and path inside the run folder.
    """

    notes: Notebook
    published: Published
    words: Words
    file: str

    def check(self, place: Path, fingerprint: str) -> int:
        """Compare all tables, and return how many figures that was."""
        sheets = _sheets(place, self.file)
        contents = next(iter(sheets.values()), [])
        if len(contents) < 2 or not str(contents[1][0]).endswith(fingerprint):
            self.notes.wrong(self.file, "", saying("are annexes of another run"))
            return 0
        tables = [
            (name, rows)
            for name, rows in sheets.items()
            if len(rows) > HEADINGS and rows[HEADINGS][0] == FIRST
        ]
        wanted = [
            *decided_tables(self.published, self.words),
            *self._constructions(),
            *self._measures(),
            *committed_tables(self.published, self.words),
        ]
        if len(tables) != len(wanted):
            what = saying("tables of envelopes and measures")
            self.notes.wrong(self.file, "", what, len(tables), len(wanted))
            return 0
        checked = 0
        for (name, rows), expected in zip(tables, wanted, strict=True):
            checked += self._table(name, rows, expected)
        return checked

    def _table(self, name: str, rows: list[list[Any]], wanted: Wanted) -> int:
        """Compare the columns of one table that speak of the plan."""
        headings = [str(text) for text in rows[HEADINGS]]
        # notes below a table are one empty line away
        lines = list(takewhile(lambda row: any(v != "" for v in row), rows[HEADINGS + 1 :]))
        checked = 0
        outside = self._outside_capital(wanted.level)
        for column in joined(wanted.columns):
            at = [j for j, text in enumerate(headings) if column.is_headed(text)]
            if not at:
                # a column of nought everywhere is left out
                if any(abs(v) >= NEAR * column.most for v in column.exact.values()):
                    self.notes.wrong(self.file, name, saying("columns"), "", column.heading)
                continue
            where = f"{name}, {column.heading}"
            self._figures(
                where, [(str(x[0]), sum(_figure(x[j]) for j in at)) for x in lines], column
            )
            for j in at:
                self._sums(where, lines, j, outside)
            checked += len(column.exact)
        for balance in wanted.balances:
            self._balance(name, headings, lines, balance)
        return checked

    def _balance(
        self, name: str, headings: list[str], lines: list[list[Any]], balance: Balance
    ) -> None:
        """A column is what others print, added and taken off."""
        at = {heading: headings.index(heading) for heading in headings}

        def printed(line: list[Any], heading: str) -> float:
            j = at.get(seen(heading))
            return 0.0 if j is None else _figure(line[j])

        for line in lines:
            value = printed(line, balance.heading)
            wanted = sum(printed(line, h) for h in balance.added)
            wanted -= sum(printed(line, h) for h in balance.taken)
            if value != wanted:
                where = f"{name}, {balance.heading}, {line[0] or line[1]}"
                self.notes.wrong(self.file, where, saying("what is left to pay"), value, wanted)

    def _figures(self, where: str, lines: list[tuple[str, float]], column: Column) -> None:
        """Every figure is whole and less than one from the run's."""
        printed = {code: value for code, value in lines if code}
        exact = column.exact
        if set(printed) != set(exact):
            self.notes.wrong(self.file, where, saying("territories"), len(printed), len(exact))
            return
        for code, figure in printed.items():
            if figure != round(figure) or abs(figure - exact[code]) >= NEAR * column.most:
                what = saying("rounded figure")
                self.notes.wrong(self.file, f"{where}, {code}", what, figure, exact[code])

    def _outside_capital(self, level: str) -> frozenset[str]:
        """Codes of metropolitan France without Île-de-France; none where the two are not there."""
        tree = self.published.model.tree
        nodes = [int(n) for n in tree.at(level) if tree.is_overseas(int(n)) is False]
        outside = frozenset(tree.key[n][1] for n in nodes if not tree.is_capital(n))
        return outside if len(outside) < len(nodes) else frozenset()

    def _sums(self, where: str, lines: list[list[Any]], j: int, outside: frozenset[str]) -> None:
        """Sub-totals and the total are the sums of what is printed above them."""
        zones = {
            self.words.phrase("Sub-total metropolitan France"),
            self.words.phrase("Sub-total overseas"),
        }
        what = saying("sum of what is printed")
        part = self.words.phrase("of which outside Île-de-France")
        told = [_figure(line[j]) for line in lines if not line[0] and line[1] == part]
        inside = [sum(_figure(line[j]) for line in lines if line[0] in outside)] if outside else []
        if told != inside:
            self.notes.wrong(self.file, f"{where}, {part}", what, sum(told), sum(inside))
        total = since = 0.0
        for line in lines[:-1]:
            value = _figure(line[j])
            if line[0] == "" and line[1] == part:
                continue
            if line[0] == "" and line[1] in zones:
                if value != since:
                    self.notes.wrong(self.file, f"{where}, {line[1]}", what, value, since)
                since = 0.0
            else:
                total, since = total + value, since + value
        last = _figure(lines[-1][j]) if lines else 0.0
        if last != total:
            self.notes.wrong(self.file, f"{where}, {lines[-1][1]}", what, last, total)

    def _measures(self) -> Iterator[Wanted]:
        """Columns of each measure and year with anything in it, in the order of the annexes."""
        phrase, level = self.words.phrase, listed_level(self.published.model.tree)
        for measure, year, rows in self._cells():
            places = Column(phrase("Places {year}", year=year), self._listed(rows, "places"))
            money = self._listed(rows, "credits")
            held = self._listed(rows, "withheld")
            delivered = {code: amount - held.get(code, 0.0) for code, amount in money.items()}
            columns = [Column(phrase("Credits {year}", year=year), delivered, starts=True)]
            if self.published.model.measure(measure).get("unit", "place") != "money":
                columns.append(places)
            if any(held.values()):
                columns.append(Column(phrase("Withheld"), held))
            yield Wanted(level, columns)

    def _cells(self) -> Iterator[tuple[str, int, list[dict[str, str]]]]:
        """Lines of the plan by measure and year, measures in the order of the scenario."""
        table = self.published.folder.table("allocation.csv")
        found: dict[tuple[str, int], list[dict[str, str]]] = defaultdict(list)
        for row in table.rows:
            cells = dict(zip(table.header, row, strict=True))
            found[cells["measure"], int(cells["year"])].append(cells)
        for measure in self.published.model.scenario["measures"]:
            for year in self.published.model.years:
                rows = found.get((measure, year), [])
                if any(float(r["places"] or 0) or float(r["credits"] or 0) for r in rows):
                    yield measure, year, rows

    def _listed(self, rows: Sequence[Mapping[str, str]], column: str) -> Exact:
        """Sum one column over the territories that tables list."""
        tree = self.published.model.tree
        nodes = tree.above[listed_level(tree)]
        above = {tree.key[d]: tree.key[n][1] for d, n in zip(tree.deciding, nodes, strict=True)}
        found: Exact = defaultdict(float)
        for row in rows:
            found[above[row["level"], row["territory"]]] += float(row[column] or 0)
        return dict(found)

    def _constructions(self) -> Iterator[Wanted]:
        """Columns of each envelope and year: the lines that add up to it."""
        if not self.published.folder.has("construction.csv"):
            return
        table = self.published.folder.table("construction.csv")
        model = self.published.model
        level = str(model.scenario["campaign"].get("level") or model.tree.levels[0])
        codes = [model.tree.key[int(n)][1] for n in model.tree.at(level)]
        sheets: dict[tuple[str, str], dict[tuple[str, str], Exact]] = {}
        whole: dict[tuple[str, str], Exact] = defaultdict(dict)
        for row in table.rows:
            cells = dict(zip(table.header, row, strict=True))
            sheet = sheets.setdefault((cells["envelope"], cells["year"]), {})
            if cells["level"] == level and cells["line"] in LINES and cells["planned"]:
                held = sheet.setdefault((cells["line"], cells["item"]), dict.fromkeys(codes, 0.0))
                held[cells["territory"]] = float(cells["planned"])
            elif cells["level"] == level and cells["line"] == "envelope":
                whole[cells["envelope"], cells["year"]][cells["territory"]] = float(
                    cells["planned"]
                )
        rounded = {k: 0 for k, _ in sheets}
        for (envelope, year), items in sheets.items():
            columns = [
                # what is renewed is printed as what the year before prints
                Column(self._named(*item), exact, most=1 + rounded[envelope] * (item == BASE))
                for item, exact in items.items()
            ]
            rounded[envelope] += len(items)
            heading = self.words.phrase("Envelope {year}", year=year)
            last = Column(heading, whole[envelope, year], most=rounded[envelope])
            yield Wanted(level, [*columns, last])

    def _named(self, line: str, name: str) -> str:
        said = line_words(self.words)[line]
        scenario = self.published.model.scenario
        entry = scenario["measures"].get(name) or scenario["campaign"].get("lines", {}).get(name)
        if entry is None:
            return said
        return self.words.phrase("{line}: {title}", line=said, title=entry.get("title") or name)


BASE = ("base", "")


def _figure(value: object) -> float:
    """Read a figure; text and empty cells are none."""
    return float(value) if isinstance(value, int | float) else 0.0


def _sheets(place: Path, file: str) -> dict[str, list[list[Any]]]:
    """Rows of every sheet of a workbook."""
    # imported here: most runs have no annexes
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415

    try:
        book = CalamineWorkbook.from_path(place)
        return {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in book.sheet_names
        }
    except (OSError, CalamineError) as error:
        raise Unreadable(file, f"cannot be read as a workbook: {error}") from None
