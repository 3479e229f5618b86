"""Figures in the cells of printed tables."""

from __future__ import annotations

from perequa.report.layout import measured
from perequa.words import words_in


def test_what_rounding_leaves_of_an_index_is_nothing() -> None:
    assert measured(3.5e-17, 4, words_in("en")) == "0"
    assert measured(-3.5e-17, 4, words_in("fr")) == "0"
    assert measured(0.00123456, 4, words_in("fr")) == "0,001235"
    assert measured(None, 4, words_in("fr")) == ""
