"""Perequa: medico-social money and places shared out, with a price on every rule."""

__version__ = "0.1.0"
