"""Re-check of a run folder without a solver, sharing no code with what computed the run."""
