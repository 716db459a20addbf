"""How much room is left where the installation keeps what it knows."""

import shutil
from pathlib import Path

LOW_BYTES = 2_000_000_000
"""Free bytes under which an operator is told: a census with its site needs about half of that."""


def free_bytes(home: Path) -> int:
    """Return the bytes that are free on the disk of the home folder."""
    return shutil.disk_usage(home).free
