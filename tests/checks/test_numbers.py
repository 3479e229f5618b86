"""Figures as tables write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perequa.checks.numbers import is_missing, parse_number, parse_yes_no


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0), ("1234", 1234.0), ("1234.5", 1234.5), ("-3", -3.0), ("+3", 3.0),
        ("1.5e8", 1.5e8), ("01", 1.0), ("1 234,5", 1234.5), ("1\u00a0234,5", 1234.5),
        ("1\u202f234\u202f567,89", 1234567.89), ("12,5 %", 0.125), ("12.3%", 0.123),
        ("12,5\u00a0%", 0.125), ("\u22125", -5.0), ("0,125", 0.125), ("1.234", 1.234),
        ("1234,567", 1234.567), ("12,34", 12.34),
    ],
)  # fmt: skip
def test_numbers(text: str, value: float) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "", "nan", "NaN", "inf", "-inf", "Infinity", "1e999", "1,234", "12,345", "1,234.5",
        "1.234,5", "1 23", "12 34", "2A", "0x1", "1_000", "five", "--3", "1 234 %%", ".5", "5.",
        "1e5e5", "١٢",
    ],
)  # fmt: skip
def test_what_is_not_a_number(text: str) -> None:
    assert parse_number(text) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_shortest_forms_are_read_back(value: float) -> None:
    assert parse_number(repr(value)) == value


@given(st.text())
def test_any_text_is_a_finite_number_or_none(text: str) -> None:
    number = parse_number(text)
    assert number is None or math.isfinite(number)


def test_marks_of_absence() -> None:
    assert all(is_missing(text) for text in ("", "nc", "NC", "nd", "-"))
    assert not any(is_missing(text) for text in ("0", "n", "—", "na"))


def test_yes_and_no() -> None:
    assert [parse_yes_no(w) for w in ("1", "yes", "Oui", "TRUE")] == [True] * 4
    assert [parse_yes_no(w) for w in ("0", "no", "non", "False")] == [False] * 4
    assert parse_yes_no("maybe") is None
