"""Perequa: medico-social money and places shared between territories, with a price on every rule."""

__version__ = "0.1.0"
