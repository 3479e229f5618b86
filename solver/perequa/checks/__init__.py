"""What a scenario's files must hold: schema, tables, plausibility. Raw files to an instance."""

from perequa.checks.loading import Loaded, check, load
from perequa.io.findings import Finding, InvalidInput

__all__ = ["Finding", "InvalidInput", "Loaded", "check", "load"]
