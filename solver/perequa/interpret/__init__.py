"""From an optimum to what a planner reads: tables, prices in words, totals that add up."""
