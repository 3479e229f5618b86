"""The mathematics of Perequa: no files, no solver, no terminal."""
