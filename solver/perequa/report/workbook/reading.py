"""What a workbook is made from: a run as it was read, and where its territories belong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perequa.interpret.tables import Table
    from perequa.report.page.reading import PageRun
    from perequa.report.workbook.above import Above


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkbookRun:
    """A run that found a plan, read as for its page.

    Attributes
    ----------
    run
        Its record, tables, certificate and hashes.
    above
        Where its territories belong.
    """

    run: PageRun
    above: Above

    @property
    def tables(self) -> Mapping[str, Table]:
        """Tables of the folder by name, without their ending."""
        return self.run.tables

    @property
    def scenario(self) -> Mapping[str, Any]:
        """The scenario as it was resolved."""
        return self.run.scenario

    @property
    def record(self) -> Mapping[str, Any]:
        """``run.json``."""
        return self.run.record

    def names(self) -> dict[tuple[str, str], str]:
        """Name territories as the plan and its totals do: some tables have their codes alone."""
        return {
            (str(row["level"]), str(row["territory"])): str(row["territory_name"])
            for table in ("totals", "allocation")
            for row in self.tables[table].records()
        }
