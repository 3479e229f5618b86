"""How a language writes figures: decimal mark, percent sign, which figures take a plural.

Thousands are set apart by U+202F in both languages. What a program reads is never written here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

THOUSANDS = "\u202f"
WHOLE_FROM = 1000.0
"""Figures from here on are written without decimals."""
SMALLEST = 1e-6
"""Figures below are written with a power of ten."""
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figures:
    """What a language does with figures.

    Attributes
    ----------
    decimal
        Decimal mark.
    before_percent
        What stands between a figure and its percent sign.
    plural_from
        A figure that is not whole is plural from here on: 1.5 places, but 1,5 place in French.
    """

    decimal: str
    before_percent: str
    plural_from: float

    @lru_cache(maxsize=4096)  # noqa: B019 - there is one value for each language
    def number(self, value: float, digits: int = 4) -> str:
        """Write a figure for reading: so many significant digits, or whole when large."""
        if not math.isfinite(value):
            return {math.inf: "∞", -math.inf: "−∞"}.get(value, "")
        if abs(value) >= WHOLE_FROM or value == round(value):
            return self.fixed(value, 0)
        if abs(value) < SMALLEST:
            mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
            mantissa = mantissa.rstrip("0").rstrip(".").replace(".", self.decimal)
            return f"{mantissa} × 10{str(int(power)).translate(SUPERSCRIPTS)}"
        return self._positional(value, digits)

    def fixed(self, value: float, decimals: int, *, sign: str = "") -> str:
        """Write a figure with so many decimals; `sign` is ``+`` for a difference."""
        text = f"{value + 0.0:{sign},.{decimals}f}"
        return text.translate({ord(","): THOUSANDS, ord("."): self.decimal})

    def significant(self, value: float, digits: int) -> str:
        """Write a figure of a table with so many significant digits, the whole part never cut."""
        if abs(value) >= 10 ** (digits - 1):
            return self.fixed(value, 0)
        return self._positional(value, digits)

    def general(self, value: float, digits: int) -> str:
        """Write a figure of a table shortly: a power of ten where it is large or small."""
        return f"{value:.{digits}g}".replace(".", self.decimal)

    def signed(self, value: float) -> str:
        """Write a difference with its sign: four significant digits, or whole when large."""
        return f"+{self.number(value)}" if value > 0 else self.number(value)

    def _positional(self, value: float, digits: int) -> str:
        # -0.0 and 0.0 add up to 0.0
        plain = f"{Decimal(f'{value + 0.0:.{digits}g}'):,f}"
        return plain.translate({ord(","): THOUSANDS, ord("."): self.decimal})

    def percent(self, share: float, digits: int = 4) -> str:
        """Write a share as a percentage with so many significant digits."""
        return f"{self.number(share * 100.0, digits)}{self.before_percent}%"

    def counted(self, value: float) -> int:
        """Return the whole number whose plural form a figure takes, as it is read."""
        if not math.isfinite(value):
            return 2
        read = abs(float(f"{value:.4g}")) if abs(value) < WHOLE_FROM else abs(value)
        if read == round(read):
            return round(read)
        return 1 if read < self.plural_from else max(2, int(read))
