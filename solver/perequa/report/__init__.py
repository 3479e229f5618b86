"""From a run to what is kept and shown; reads results only."""
