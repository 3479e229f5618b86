"""Figures read for a scenario: arrays, selections, limits, with every problem noted."""
