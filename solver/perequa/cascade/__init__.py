"""A cascade: the nation decides, then each territory inside what it received.

`reading` finds who decides by which rules, `programs` writes the scenario of each step,
`validating` checks them all, `solving` carries them out, `decentralisation` compares with
everything decided at once. Only `solving` knows the solver.
"""
