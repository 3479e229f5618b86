"""The circulars' own formulas, computed beside the optimum."""
