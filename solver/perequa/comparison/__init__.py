"""Runs and scenarios side by side: what differs, who wins and loses, which change did it."""
