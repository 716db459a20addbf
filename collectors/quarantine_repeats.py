"""How many rows of a sweep name what an earlier row had named; a page that came twice shows."""

from array import array
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


class Repeats:
    """Counts the names that came again; 8 bytes a different name, 24 MB for a hub of 3 million."""

    def __init__(self) -> None:
        self._fresh = array("q")
        self._known: NDArray[np.int64] = np.empty(0, np.int64)
        self._found = 0

    def see(self, names: Iterable[str]) -> None:
        """Take the names of a page."""
        self._fresh.extend(map(hash, names))

    def count(self) -> int:
        """Return how often a name came again; what was counted before is not sorted again."""
        # `np.unique` goes by hashes, which takes ten times as long.
        fresh = np.sort(np.frombuffer(self._fresh, np.int64))
        distinct = np.append(fresh[:1], fresh[1:][fresh[1:] != fresh[:-1]])
        places = np.searchsorted(self._known, distinct)
        known = np.zeros(len(distinct), np.bool_)
        inside = places < len(self._known)
        known[inside] = self._known[places[inside]] == distinct[inside]
        self._found += len(fresh) - len(distinct) + int(known.sum())
        self._known = np.insert(self._known, places[~known], distinct[~known])
        self._fresh = array("q")
        return self._found
