"""Re-checks a study folder on a sample: one file for each study."""
