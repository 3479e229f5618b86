"""The annexes of a circular, from a run: tables that add up as printed."""

from perequa.report.annexes.annexes import annexes_of, notifications_of
from perequa.report.annexes.reading import AnnexRun

__all__ = ["AnnexRun", "annexes_of", "notifications_of"]
