"""A run as one page for people: what was decided, at what price, and how to check it."""

from perequa.report.page.page import page_of
from perequa.report.page.placing import borders_of
from perequa.report.page.reading import PageRun

__all__ = ["PageRun", "borders_of", "page_of"]
