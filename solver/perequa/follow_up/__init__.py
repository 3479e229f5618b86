"""What territories returned, checked against the plan, and where next year starts.

`plan` opens the run, `returns` reads the tables, `checking` compares them cell by cell, `starting`
writes the next starting point, `realisation` the rates, `study` puts them in a folder.
"""

from perequa.follow_up.study import FollowedUp, follow_up

__all__ = ["FollowedUp", "follow_up"]
