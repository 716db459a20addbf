"""What a hub lists: models in an order, page after page, found again by a keyset cursor."""

import base64
import hashlib
import json
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

Item = dict[str, Any]

SORT_KEYS = ("createdAt", "downloads", "lastModified", "likes", "trendingScore")
DEFAULT_KEYS = (
    "_id", "id", "likes", "trendingScore", "private", "downloads", "tags", "pipeline_tag",
    "library_name", "createdAt", "modelId",
)  # fmt: skip
FULL_KEYS = (*DEFAULT_KEYS, "author", "gated", "lastModified", "sha", "siblings")


class Catalogue(Protocol):
    """Models to list; `page` answers plain listings, `select` those with filters."""

    def page(
        self, sort: str, after: Item | None, limit: int, keys: Sequence[str]
    ) -> tuple[bytes, Item | None]:
        """Return a JSON array of models after the cursor, and the last one if more follow."""
        ...

    def select(
        self, wanted: Callable[[Item], bool], sort: str, after: Item | None, limit: int
    ) -> tuple[list[Item], bool]:
        """Return whole models that are wanted, and whether more follow."""
        ...

    def find(self, model_id: str) -> Item | None:
        """Return one whole model."""
        ...


def encode_cursor(sort: str, last: Item) -> str:
    """Return the cursor after a model: base64 of the keyset condition, as the Hub writes it."""
    value = last.get(sort)
    condition = {
        "$or": [
            {sort: value, "_id": {"$gt": last["_id"]}},
            {sort: {"$lt": value}},
            {sort: None},
        ]
    }
    return base64.b64encode(json.dumps(condition, separators=(",", ":")).encode()).decode()


def decode_cursor(sort: str, cursor: str) -> Item:
    """Return the sort value and `_id` of the model that the cursor stands after.

    Raises ValueError for what is no cursor of this sort.
    """
    condition = json.loads(base64.b64decode(cursor, validate=True))
    first = condition["$or"][0]
    if sort not in first:
        raise ValueError(f"cursor is not of sort {sort}")
    return {sort: first[sort], "_id": first["_id"]["$gt"]}


def shaped(item: Item, keys: Sequence[str]) -> Item:
    """Return the item with the asked keys alone, in their order, those that it has."""
    return {k: item[k] for k in keys if k in item}


def _rank(value: object) -> tuple[int, object]:
    """Return a key that puts None last and larger values first."""
    if value is None:
        return (1, 0)
    if isinstance(value, (int, float)):
        return (0, -value)
    return (0, tuple(-ord(c) for c in str(value)))


class Listed:
    """Models held in memory, as read from a file."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = [_completed(item) for item in items]
        self._by_id = {item["id"]: item for item in self.items}
        self._sorted: dict[str, list[Item]] = {}
        self._keys: dict[str, list[tuple[tuple[int, object], str]]] = {}

    def _order(self, sort: str) -> list[Item]:
        if sort not in self._sorted:
            ordered = sorted(self.items, key=lambda i: (_rank(i.get(sort)), i["_id"]))
            self._keys[sort] = [(_rank(i.get(sort)), i["_id"]) for i in ordered]
            self._sorted[sort] = ordered
        return self._sorted[sort]

    def _following(self, sort: str, after: Item | None) -> Iterator[Item]:
        order = self._order(sort)
        start = 0
        if after is not None:
            start = bisect_right(self._keys[sort], (_rank(after.get(sort)), after["_id"]))
        return iter(order[start:])

    def page(
        self, sort: str, after: Item | None, limit: int, keys: Sequence[str]
    ) -> tuple[bytes, Item | None]:
        """Return a JSON array of models after the cursor, and the last one if more follow."""
        items, more = self.select(lambda _: True, sort, after, limit)
        body = json.dumps([shaped(i, keys) for i in items], ensure_ascii=False)
        return body.encode(), items[-1] if more else None

    def select(
        self, wanted: Callable[[Item], bool], sort: str, after: Item | None, limit: int
    ) -> tuple[list[Item], bool]:
        """Return whole models that are wanted, and whether more follow."""
        found: list[Item] = []
        for item in self._following(sort, after):
            if wanted(item):
                if len(found) == limit:
                    return found, True
                found.append(item)
        return found, False

    def find(self, model_id: str) -> Item | None:
        """Return one whole model."""
        return self._by_id.get(model_id)


def _completed(item: Item) -> Item:
    """Return the item with the keys that every answer of the Hub has; given ones are kept."""
    digest = hashlib.sha256(str(item["id"]).encode()).hexdigest()
    made: Item = {
        "_id": digest[:24],
        "modelId": item["id"],
        "private": False,
        "gated": False,
        "disabled": False,
        "sha": digest[24:64],
        "siblings": [
            {"rfilename": ".gitattributes"},
            {"rfilename": "config.json"},
            {"rfilename": "model.safetensors"},
        ],
    }
    return made | item
