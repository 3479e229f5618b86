"""Figures against Babel's own (CLDR) and against arithmetic that shares nothing with them."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from babel import Locale
from babel.numbers import format_decimal, format_percent
from hypothesis import given
from hypothesis import strategies as st

from perequa.words import words_in
from perequa.words.terms import amount, unit_named, unit_word

ENGLISH, FRENCH = words_in("en"), words_in("fr")
FIGURES = st.floats(-1e12, 1e12, allow_nan=False)


@given(FIGURES, st.integers(0, 3))
def test_fixed_figures_are_those_of_cldr(value: float, decimals: int) -> None:
    exact = Decimal(value).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    french = FRENCH.figures.fixed(value, decimals).removeprefix("-")
    assert french == format_decimal(abs(exact), format=pattern, locale="fr_FR")
    english = ENGLISH.figures.fixed(value, decimals).removeprefix("-")
    assert english.replace("\u202f", ",") == format_decimal(abs(exact), format=pattern, locale="en")


@given(st.integers(0, 100))
def test_percentages_are_those_of_cldr(hundredths: int) -> None:
    share = hundredths / 100
    assert FRENCH.figures.percent(share, 2) == format_percent(share, locale="fr_FR")
    assert ENGLISH.figures.percent(share, 2) == format_percent(share, locale="en")


@given(FIGURES)
def test_a_figure_is_read_back_to_four_digits(value: float) -> None:
    for words, decimal in ((ENGLISH, "."), (FRENCH, ",")):
        text = words.number(value).replace("\u202f", "").replace(decimal, ".")
        mantissa, _, power = text.partition(" × 10")
        plain = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
        read = float(f"{mantissa}e{plain}") if power else float(text)
        assert math.isclose(read, value, rel_tol=5.01e-4, abs_tol=0.0)


@given(st.floats(-1e9, 1e9, allow_nan=False))
def test_tables_keep_the_whole_part(value: float) -> None:
    for digits in (4, 6):
        text = FRENCH.figures.significant(value, digits).replace("\u202f", "").replace(",", ".")
        read = float(text)
        assert abs(read - value) <= 0.5 or math.isclose(read, value, rel_tol=1e-6)
        assert math.isclose(read, value, rel_tol=10.0 ** (1 - digits), abs_tol=0.0)


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (0.0, "0", "0"),
        (-0.0, "0", "0"),
        (3.0, "3", "3"),
        (14.937759, "14.94", "14,94"),
        (999.96, "1\u202f000", "1\u202f000"),
        (1234.5, "1\u202f234", "1\u202f234"),
        (24_100_000.0, "24\u202f100\u202f000", "24\u202f100\u202f000"),
        (3.196e-05, "0.00003196", "0,00003196"),
        (-1.5e-07, "-1.5 × 10⁻⁷", "-1,5 × 10⁻⁷"),
        (math.inf, "∞", "∞"),
    ],
)
def test_figures_in_sentences(value: float, english: str, french: str) -> None:
    assert ENGLISH.number(value) == english
    assert FRENCH.number(value) == french


@given(st.one_of(st.integers(0, 10_000).map(float), st.floats(0.0, 10.0)))
def test_plurals_are_those_of_cldr(value: float) -> None:
    for words, lang in ((ENGLISH, "en"), (FRENCH, "fr")):
        shown = Decimal(words.number(value).translate({0x202F: None, ord(","): "."}).split(" ×")[0])
        if " ×" in words.number(value):
            shown = Decimal("0.1")
        one = Locale(lang).plural_form(shown) == "one"
        said = words.plural("{count} place", "{count} places", value)
        assert said == f"{words.number(value)} {'place' if one else 'places'}"


@pytest.mark.parametrize(
    ("value", "unit", "english", "french"),
    [
        (1.0, "place", "1 place", "1 place"),
        (0.0, "place", "0 places", "0 place"),
        (1.5, "place", "1.5 places", "1,5 place"),
        (0.99999999, "place", "1 place", "1 place"),
        (2.0, "place", "2 places", "2 places"),
        (0.05386, "rate point", "0.05386 points of rate", "0,05386 point de taux"),
        (1.0, "rate point", "1 point of rate", "1 point de taux"),
        (100_000.0, "EUR", "100\u202f000 EUR", "100\u202f000\u00a0€"),
        (100_000.0, "FRF", "100\u202f000 FRF", "100\u202f000\u00a0F"),
        (5.0, "CHF", "5 CHF", "5\u00a0CHF"),
        (
            0.0001054,
            "share of the initial gap",
            "0.01054% of the initial gap",
            "0,01054\u00a0% de l'écart initial",
        ),
    ],
)
def test_amounts(value: float, unit: str, english: str, french: str) -> None:
    assert amount(value, unit, ENGLISH) == english
    assert amount(value, unit, FRENCH) == french


def test_units() -> None:
    units = ("place", "rate point", "share of the initial gap", "EUR", "CHF")
    assert [unit_word(u, FRENCH) for u in units] == [
        "place", "point de taux", "part de l'écart initial", "€", "CHF",
    ]  # fmt: skip
    assert [unit_named(u, ENGLISH) for u in units] == [
        "places", "points of rate", "percent of the initial gap", "EUR", "CHF",
    ]  # fmt: skip
