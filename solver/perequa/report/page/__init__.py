"""A run as one page for people: what was decided, at what price, and how to check it."""

from perequa.report.page.compared import comparison_page
from perequa.report.page.page import page_of
from perequa.report.page.placing import borders_of
from perequa.report.page.reading import PageRun, PageStudy
from perequa.report.page.studied import study_page

__all__ = ["PageRun", "PageStudy", "borders_of", "comparison_page", "page_of", "study_page"]
