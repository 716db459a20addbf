"""The places of a JSON document with their types: what shows that a source has changed."""

from collections import Counter as Tally
from collections.abc import Mapping
from typing import Any

import msgspec

from collectors.quarantine_facts import PathSeen

ITEMS, KEYS, DEPTH, PLACES = 40, 60, 6, 400
"""At most 40 items of a list, 60 keys of an object (more make it a map), 6 levels, 400 places."""

_ROWS = msgspec.json.Decoder(list[msgspec.Raw])


class Fingerprint:
    """Counts, over a sample of documents, which places are there and what type they hold."""

    def __init__(self) -> None:
        self._seen: Tally[str] = Tally()
        self._objects: Tally[str] = Tally()
        self._types: dict[str, set[str]] = {}

    def see(self, body: bytes, shape: str = "") -> None:
        """Look into a document; one that is not whole JSON is passed by (parse will say so)."""
        body = body.removeprefix(b"\xef\xbb\xbf")
        root = f"{shape}$"
        try:
            if body.lstrip()[:1] == b"[":
                # Of a long page only the first rows are decoded, the rest is skipped over.
                rows = [msgspec.json.decode(r) for r in _ROWS.decode(body)[:ITEMS]]
                self._walk(rows, root, DEPTH)
            else:
                self._walk(msgspec.json.decode(body), root, DEPTH)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return

    def _note(self, place: str, value: Any) -> None:
        if place in self._types or len(self._types) < PLACES:
            self._seen[place] += 1
            self._types.setdefault(place, set()).add(_type(value))

    def _walk(self, value: Any, place: str, depth: int) -> None:
        if depth == 0:
            return
        if isinstance(value, list):
            for item in value[:ITEMS]:
                self._walk(item, f"{place}[*]", depth - 1)
        elif isinstance(value, Mapping):
            if len(value) > KEYS:
                for item in list(value.values())[:ITEMS]:
                    self._walk(item, f"{place}{{*}}", depth - 1)
                return
            self._objects[place] += 1
            for key, item in value.items():
                here = f"{place}.{key[:64]}"
                self._note(here, item)
                self._walk(item, here, depth - 1)

    def paths(self) -> dict[str, PathSeen]:
        """Return each place with its types, how often it was there, and in how many objects."""
        return {
            place: PathSeen(sorted(types), self._seen[place], self._objects[parent_of(place)])
            for place, types in sorted(self._types.items())
        }


def parent_of(place: str) -> str:
    """Return the place of the object that a place belongs to."""
    return place.rpartition(".")[0]


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "list" if isinstance(value, list) else "object"
