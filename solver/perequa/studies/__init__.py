"""Questions that take many solves of one compiled program: weights, limits, margins, trade-offs."""
