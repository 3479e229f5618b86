"""What `solve` prints of whole places: what rounding moves, loses and leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa.report.layout import aligned
from perequa.words.terms import unit_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perequa.interpret.tables import Table, Value
    from perequa.words import Words

MOST = 10
"""Most lines of one kind that are printed."""


def whole_text(table: Table, words: Words) -> str:
    """Say how far the whole plan is from the continuous one, and what that costs."""
    rows: dict[str, list[Mapping[str, Value]]] = {
        about: [] for about in ("distance", "objective", "money", "opening", "total", "rule")
    }
    for row in table.records():
        rows.setdefault(str(row["about"]), []).append(row)
    (distance,) = rows["distance"]
    broken = words.plural("{count} rule broken", "{count} rules broken", len(rows["rule"]))
    lines = [
        words.phrase(
            "Whole places: {moved} places moved by rounding (by largest remainders {other}, "
            "{broken}); prices are those of the continuous plan.",
            moved=words.number(_number(distance["kept"])),
            other=words.number(_number(distance["largest_remainder"])),
            broken=broken,
        ),
        _losses(rows["objective"], words),
    ]
    told = [
        *_money(rows["money"], words),
        *(_opening(row, words) for row in rows["opening"][:MOST]),
        *_more(len(rows["opening"]), words),
        *(_total(row, words) for row in rows["total"][:MOST]),
        *_more(len(rows["total"]), words),
    ]
    return "\n".join([*lines, *(f"  {line}" for line in told)])


def _losses(rows: list[Mapping[str, Value]], words: Words) -> str:
    header = [
        words.term("heading", "objective"),
        words.term("heading", "continuous"),
        words.term("heading", "whole"),
        words.term("heading", "loss"),
        words.term("heading", "largest remainders"),
        words.term("heading", "unit"),
    ]
    return aligned(
        header,
        [
            [
                str(row["row"]),
                words.figures.significant(_number(row["wanted"]), 6),
                words.figures.significant(_number(row["kept"]), 6),
                _loss(row, words),
                words.figures.significant(_number(row["largest_remainder"]), 6),
                unit_word(str(row["unit"]), words),
            ]
            for row in rows
        ],
        left=1,
    )


def _loss(row: Mapping[str, Value], words: Words) -> str:
    wanted = _number(row["wanted"])
    return words.figures.percent(_number(row["difference"]) / wanted, 3) if wanted else ""


def _money(rows: list[Mapping[str, Value]], words: Words) -> Iterator[str]:
    """Say what is left of each envelope, most first."""
    left = sorted(
        ((-_number(row["difference"]), str(row["row"]), str(row["unit"])) for row in rows),
        key=lambda line: (-line[0], line[1]),
    )
    shown = [line for line in left if line[0] >= 1.0]
    for amount, row, unit in shown[:MOST]:
        yield words.phrase(
            "{row}: {left} {unit} left unspent",
            row=row,
            left=words.figures.fixed(amount, 0),
            unit=unit,
        )
    yield from _more(len(shown), words)


def _opening(row: Mapping[str, Value], words: Words) -> str:
    return words.phrase(
        "{row}: {wanted} places become {kept}, the least opening or nothing",
        row=row["row"],
        wanted=words.number(_number(row["wanted"])),
        kept=words.number(_number(row["kept"])),
    )


def _total(row: Mapping[str, Value], words: Words) -> str:
    return words.phrase(
        "{row}: {wanted} places cannot be kept in whole places, {kept} are handed out",
        row=row["row"],
        wanted=words.number(_number(row["wanted"])),
        kept=words.number(_number(row["kept"])),
    )


def _more(count: int, words: Words) -> Iterator[str]:
    if count > MOST:
        yield "  " + words.phrase(
            "and {count} more in {file}", count=count - MOST, file="whole.csv"
        )


def _number(value: Value) -> float:
    return float(value) if isinstance(value, float | int) else 0.0
