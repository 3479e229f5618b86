"""What the source leaves open, where figures come from, and how to check them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perequa.report.layout import word
from perequa.report.page.blocks import (
    Heading,
    Listed,
    Paragraph,
    Section,
    table_of,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perequa.report.page.blocks import Block, PageTable
    from perequa.report.page.reading import PageFailure, PageRun
    from perequa.words import Words


def choices(run: PageRun | PageFailure, words: Words) -> Section:
    """List the points that the source leaves open, and what was chosen."""
    stated: Mapping[str, Any] = run.scenario.get("choices") or {}
    title = words.phrase("What the source leaves open")
    if not stated:
        none = Paragraph(text=words.phrase("The scenario states no choice."))
        return Section(key="choices", title=title, blocks=[none])
    table = table_of(
        [
            {
                "choice": str(name),
                "alternatives": "; ".join(map(str, spec.get("alternatives") or ())),
                **{k: word(spec.get(k)) for k in ("value", "because")},
            }
            for name, spec in stated.items()
        ],
        [
            (words.phrase("Choice"), text_of("choice")),
            (words.phrase("Chosen"), text_of("value")),
            (words.phrase("Also possible"), text_of("alternatives")),
            (words.phrase("Because"), text_of("because")),
        ],
        key="choices-table",
        caption=words.phrase("Choices made where the source is silent"),
    )
    return Section(key="choices", title=title, blocks=[table])


def origins(run: PageRun | PageFailure, words: Words) -> Section:
    """Name sources, files with their hashes, versions, and what was proved."""
    sources = tuple(str(source) for source in run.scenario.get("sources") or ())
    blocks: list[Block] = [Heading(text=words.phrase("Sources"))]
    if sources:
        blocks.append(Listed(items=sources))
    else:
        blocks.append(Paragraph(text=words.phrase("The scenario names no source.")))
    blocks.append(_inputs(run, words))
    blocks.append(Heading(text=words.phrase("Certificate")))
    blocks += _certificate(run, words)
    versions = ", ".join(f"{k} {v}" for k, v in run.record.get("versions", {}).items())
    made = words.phrase(
        "Made by Perequa {version} ({versions}).",
        version=run.record.get("perequa", ""),
        versions=versions,
    )
    blocks += [Paragraph(text=_check(run, words)), Paragraph(text=made)]
    title = words.phrase("Where it comes from, and how to check it")
    return Section(key="origins", title=title, blocks=blocks)


def _inputs(run: PageRun | PageFailure, words: Words) -> PageTable:
    places = map(str, run.record["inputs"].values())
    return table_of(
        [{"file": place, "hash": run.hashes.get(place, "")} for place in places],
        [(words.phrase("File"), text_of("file")), ("SHA-256", text_of("hash"))],
        key="inputs",
        caption=words.phrase("Files read, as they stand in the run folder"),
    )


def _certificate(run: PageRun | PageFailure, words: Words) -> Iterator[Block]:
    if not run.certificate:
        said = words.phrase("Each step is a run of its own, with a certificate in its folder.")
        yield Paragraph(text=said)
        return
    if "checks" not in run.certificate:
        yield Paragraph(text=without_plan(run.certificate, words))
        return
    checks = run.certificate["checks"]
    yield Paragraph(
        text=words.phrase(
            "Before it was published, the run passed its own checks without the solver; residuals "
            "stay within {tolerances}.",
            tolerances=", ".join(
                f"{name} {value:g}" for name, value in run.certificate["tolerances"].items()
            ),
        )
        if run.certificate.get("verdict") == "proven"
        else words.phrase("The certificate reads: {verdict}.", verdict=run.certificate["verdict"])
    )
    yield table_of(
        checks,
        [
            (words.phrase("Check"), text_of("name")),
            (words.phrase("Verdict"), text_of("verdict")),
            (words.phrase("What was checked"), text_of("what")),
        ],
        key="certificate",
        caption=words.phrase("Checks of the certificate (in English, as the file has them)"),
    )


def without_plan(certificate: Mapping[str, Any], words: Words) -> str:
    """Say what is proven of a run without a plan."""
    if certificate.get("verdict") == "infeasible":
        return words.phrase(
            "The limits of each cause, each times its multiplier, add up to more than any plan can "
            "give. `perequa verify` adds them up again without a solver."
        )
    return words.phrase(
        "Nothing proves that no whole plan exists: it is the integer solver's word. `perequa "
        "verify` checks what the plan found breaks."
    )


def _check(run: PageRun | PageFailure, words: Words) -> str:
    return words.phrase(
        "This page was written from the run folder whose fingerprint is {fingerprint}. "
        "`perequa verify` on that folder computes all of it again without a solver, and must print "
        "the same fingerprint.",
        fingerprint=run.fingerprint,
    )
