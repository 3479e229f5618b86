"""A run as an Excel workbook: totals that are formulas, codes that stay text."""

from perequa.report.workbook.above import Above, above_in
from perequa.report.workbook.reading import WorkbookRun
from perequa.report.workbook.workbook import failure_workbook, workbook_of

__all__ = ["Above", "WorkbookRun", "above_in", "failure_workbook", "workbook_of"]
