"""Permanent addresses made of names that others chose."""

import hashlib
import re
import unicodedata

PLAIN = re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*")
LONGEST = 48


def slug(name: str) -> str:
    """Return the file name of a thing's page: lower-case ASCII, digits, hyphens, underscores.

    It depends on nothing but the name, and names that differ in more than capitals never share
    one: a name that is not plain words (or is long) ends in `_` and a hash of itself, and a plain
    one never holds `_`.
    """
    folded = name.casefold()
    if PLAIN.fullmatch(folded) and len(folded) <= LONGEST:
        return folded.replace(" ", "-")
    ascii_only = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^a-z0-9]+", "-", ascii_only)[:LONGEST].strip("-")
    return f"{readable or 'name'}_{hashlib.sha256(folded.encode()).hexdigest()[:12]}"
