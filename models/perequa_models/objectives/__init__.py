"""Objective kinds: one file each."""
