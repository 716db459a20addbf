"""Names of one flaw joined over all records, so that GHSA, PYSEC and CVE count once."""

from collections.abc import Iterable


def flaw_of(names: Iterable[str]) -> str:
    """Return the smallest CVE among the names of one flaw, else its smallest name."""
    every = sorted({name.strip() for name in names if name.strip()})
    return next((name for name in every if name.startswith("CVE-")), every[0])[:100]


class Aliases:
    """Sets of names that belong together, joined as records are read (union–find)."""

    def __init__(self) -> None:
        self._group: dict[str, set[str]] = {}

    def join(self, names: Iterable[str]) -> None:
        """State that all the names mean one flaw."""
        merged: set[str] = set()
        for name in names:
            merged |= self._group.get(name, {name})
        for name in merged:
            self._group[name] = merged

    def of(self, name: str) -> frozenset[str]:
        """Return every name known for the flaw of `name`, itself included."""
        return frozenset(self._group.get(name, {name}))
