"""One compiled scenario asked by the thousand: points drawn, put in order, answered in chunks."""
