"""Every value of the scenario with its origin, and what the circular's own formula gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perequa.report.headings import codes
from perequa.report.layout import word
from perequa.report.workbook.sheets import Column, Figure, Sheet, fits, not_held

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perequa.interpret.tables import Value
    from perequa.report.page import PageFailure, PageRun
    from perequa.report.workbook.reading import WorkbookRun
    from perequa.words import Words

UNSAID = ("variants",)
"""Sections that say what other runs would be: those asked for are in already."""


def parameters(run: PageRun | PageFailure, words: Words) -> Sheet:
    """Lay out the scenario as it was resolved, a line for each value."""
    replaced: dict[str, list[str]] = {}
    for change in run.record.get("overwritten", ()):
        replaced.setdefault(str(change["path"]), []).append(_plain(change["value"]))
    origins: Mapping[str, Any] = run.record.get("origins", {})
    return Sheet(
        name=words.term("sheet", "Parameters"),
        title=words.phrase("Values of the scenario, and where each was stated"),
        notes=(
            words.phrase(
                "The scenario as it was resolved: the file, what it extends, the variants and the "
                "values changed. Figures by territory stand in the files read."
            ),
        ),
        columns=(
            Column(heading=words.phrase("Parameter"), kind="code"),
            Column(heading=words.phrase("Value"), kind="figure"),
            Column(heading=words.phrase("Stated in"), kind="code"),
            Column(heading=words.phrase("Line"), kind="whole"),
            Column(heading=words.phrase("Changed by")),
            Column(heading=words.phrase("In place of"), kind="sentence"),
        ),
        rows=[
            (path, _value(value), *_stated(origins, path), "; ".join(replaced.get(path, ())))
            for path, value in _leaves(run.scenario)
        ],
        frozen=1,
    )


def _value(value: Value) -> Value | Figure:
    return Figure(value=value, kind="sentence") if isinstance(value, str) else value


def texts(scenario: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield every text of a scenario with its path."""
    for path, value in _leaves(scenario):
        if isinstance(value, str):
            yield path, value


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Value]]:  # noqa: ANN401
    """Yield every value that is neither a mapping nor a list, with its dotted path."""
    if path in {(section,) for section in UNSAID}:
        return
    if isinstance(value, dict | list) and value:
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, held in entries:
            yield from _leaves(held, (*path, str(key)))
    elif path:
        yield ".".join(path), _plain(value) if isinstance(value, dict | list) else value


def _plain(value: Any) -> str:  # noqa: ANN401 - plain data
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_plain(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else word(value)


def _stated(origins: Mapping[str, Any], path: str) -> tuple[Value, Value, Value]:
    """Say where a value was stated: file and line, or the change that did."""
    place = origins.get(path, {})
    override = str(place.get("override") or "")
    if override.startswith("--set"):
        return "", None, override
    return str(place.get("file") or ""), place.get("line"), override


def reference(run: WorkbookRun, words: Words) -> Sheet:
    """Lay out ``reference_parts.csv``: what each part of the circular's formula gives."""
    name = words.term("sheet", "Reference")
    title = words.phrase("The circular's own formula, part by part")
    if "reference_parts" not in run.tables:
        said = words.phrase("The scenario states no reference.")
        return Sheet(name=name, title=title, notes=(said,), columns=(), rows=())
    table = run.tables["reference_parts"]
    rows = list(table.records())
    stepped, held = "step" in table.columns, fits(rows)
    names, coded = run.names(), codes(words)
    file = "reference_parts.csv"
    note = words.phrase(
        "What each part gives each territory ({file}); the key is the figure it is shared by.",
        file=file,
    )
    columns = (
        *((Column(heading=words.phrase("Step"), kind="code"),) if stepped else ()),
        Column(heading=words.phrase("Block"), kind="whole"),
        Column(heading=words.phrase("Part"), kind="code"),
        Column(heading=words.phrase("Level")),
        Column(heading=words.phrase("Territory")),
        Column(heading=words.phrase("Code"), kind="code"),
        Column(heading=words.phrase("Measure")),
        Column(heading=words.phrase("Year"), kind="whole"),
        Column(heading=words.phrase("Key"), kind="figure"),
        Column(heading=words.phrase("Amount"), kind="figure"),
        Column(heading=words.phrase("Counted in")),
        Column(heading=words.phrase("Eligible")),
        Column(heading=words.phrase("At the floor")),
        Column(heading=words.phrase("At the cap")),
    )
    return Sheet(
        name=name,
        title=title,
        notes=(note if held else not_held(len(rows), file, words),),
        columns=columns,
        rows=[
            (
                *((r["step"],) if stepped else ()),
                r["block"],
                r["part"],
                coded.get(("level", word(r["level"])), r["level"]),
                names.get((word(r["level"]), word(r["territory"])), ""),
                r["territory"],
                r["measure"],
                r["year"],
                r["basis"],
                Figure(value=r["amount"], kind="places" if r["unit"] == "places" else "money"),
                coded.get(("in", word(r["unit"])), r["unit"]),
                *(r[k] for k in ("eligible", "at_floor", "at_cap")),
            )
            for r in (rows if held else ())
        ],
        frozen=len(columns) - 9,
    )
