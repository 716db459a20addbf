"""Whose data it is: a source's title and licence by its id."""

from collectors.registry import COLLECTORS

_NAMES = {c.source.id: (c.source.title, c.source.licence) for c in COLLECTORS}


def credit(source: str) -> tuple[str, str]:
    """Return title and licence; what this program coded itself is "Tocsin", without a licence."""
    if source == "tocsin":
        return "Tocsin", ""
    return _NAMES.get(source, (source, ""))
