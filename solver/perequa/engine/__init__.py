"""Everything that solves; the only package that knows HiGHS."""
