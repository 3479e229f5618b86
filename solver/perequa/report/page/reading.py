"""What a page is made from: a run folder as it was read, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.interpret.tables import Table
    from perequa.report.page.borders import Borders


@dataclass(frozen=True, slots=True, kw_only=True)
class PageStudy:
    """What a comparison or a study saved.

    Attributes
    ----------
    record
        ``study.json``.
    tables
        Its tables by name.
    fingerprint
        SHA-256 of the manifest.
    borders
        As in `PageRun`.
    """

    record: Mapping[str, Any]
    tables: Mapping[str, Table]
    fingerprint: str
    borders: Mapping[str, Borders] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecord:
    """A run of which a page is made, with a plan or without.

    Attributes
    ----------
    record
        ``run.json``.
    """

    record: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The scenario column of the run."""
        return str(self.record["name"])

    @property
    def scenario(self) -> Mapping[str, Any]:
        """The scenario as it was resolved."""
        resolved: Mapping[str, Any] = self.record["scenario"]
        return resolved


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRun(PageRecord):
    """A run that found a plan.

    Attributes
    ----------
    tables
        Tables of the folder by name, without their ending.
    certificate
        ``certificate.json``; empty for a cascade, whose steps have one each.
    hashes
        SHA-256 of every file read, by its path inside the folder.
    fingerprint
        SHA-256 of the manifest.
    people
        Denominator of each indicator by indicator, level, territory and year; empty for a cascade
        without the plan decided by one for all.
    borders
        Shapes of territories by level; a level that is not there is drawn in tiles.
    """

    tables: Mapping[str, Table]
    certificate: Mapping[str, Any]
    hashes: Mapping[str, str]
    fingerprint: str
    people: Mapping[tuple[str, str, str, int], float] = field(default_factory=dict)
    borders: Mapping[str, Borders] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """One program that found no plan, and what is known of why.

    Attributes
    ----------
    name
        Its scenario column.
    step, folder
        Step of a cascade that it is, and where it stands in the folder of the cascade, with a slash
        behind; both empty for a run of its own.
    diagnosis
        What ``run.json`` says of it.
    tables
        ``conflicts``, ``menus`` and ``repairs``.
    """

    name: str
    step: str
    folder: str
    diagnosis: Mapping[str, Any]
    tables: Mapping[str, Table]

    @property
    def proven(self) -> bool:
        """Whether it is proven that there is no plan."""
        return self.diagnosis.get("proven") is not False


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFailure(PageRecord):
    """A run that found no plan, or a cascade none of whose regions has one.

    Attributes
    ----------
    undecided
        What is known of the run, or of each step of a cascade that was asked and has no plan.
    steps
        ``cascade.csv``; None for a run that is none.
    certificate, hashes, fingerprint
        As in `PageRun`.
    """

    undecided: tuple[Undecided, ...]
    steps: Table | None
    certificate: Mapping[str, Any]
    hashes: Mapping[str, str]
    fingerprint: str
