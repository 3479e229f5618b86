"""``python -m perequa``."""

from __future__ import annotations

import sys

from perequa.cli import main

if __name__ == "__main__":
    sys.exit(main())
