"""Rule kinds: one file each, all of them words over one primitive (see `primitive.py`)."""
