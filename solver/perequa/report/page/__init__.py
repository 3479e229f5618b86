"""A run as one page for people: what was decided, at what price, and how to check it."""

from perequa.report.page.compared import comparison_page
from perequa.report.page.no_plan import failure_page
from perequa.report.page.page import page_of
from perequa.report.page.placing import borders_of
from perequa.report.page.reading import PageFailure, PageRun, PageStudy, Undecided
from perequa.report.page.studied import study_page

__all__ = [
    "PageFailure",
    "PageRun",
    "PageStudy",
    "Undecided",
    "borders_of",
    "comparison_page",
    "failure_page",
    "page_of",
    "study_page",
]
