"""ModelScope: the OpenAPI lists within their window of 3,000 rows, and the site's own lists."""

import csv
import io
import json
import zlib
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tests.standin.message import Answer, Request, document

if TYPE_CHECKING:
    from tests.standin.server import StandIn

_WINDOW = 3000
_MAX_PAGE = 50
Item = dict[str, Any]


def _when(seconds: str) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _item(row: dict[str, str]) -> Item:
    return {
        "id": row["id"],
        "display_name": row["id"].split("/")[1],
        "description": "",
        "license": row["License"],
        "downloads": int(row["Downloads"]),
        "likes": int(row["Stars"]),
        "created_at": _when(row["CreatedTime"]),
        "last_modified": _when(row["LastUpdatedTime"]),
        "tags": [],
        "tasks": [t for t in row["Tasks"].split(";") if t],
        "file_size": int(row["StorageSize"]),
        "private": False,
        "gated": False,
        "login_required": False,
    }


class ModelScope:
    """Lists by owner or search; a page past the window is refused, as the real one refuses it."""

    def __init__(self, standin: "StandIn") -> None:
        self._corpus = standin.corpus
        self.extra: list[Item] = []

    @cached_property
    def _real(self) -> list[Item]:
        rows = self._corpus.read("modelscope/modelscope_models_2026-06.csv", "modelscope.csv")
        return [_item(r) for r in csv.DictReader(io.StringIO(rows.decode("utf-8-sig")))]

    @property
    def items(self) -> list[Item]:
        """Return every model, those that a test added included."""
        return self._real + self.extra

    def grow(self, owner: str, count: int) -> None:
        """Add `count` models of one owner: what it takes to meet the window."""
        row = {"License": "apache-2.0", "Stars": "1", "CreatedTime": "1760000000", "Tasks": "",
               "LastUpdatedTime": "1770000000", "StorageSize": "1000"}  # fmt: skip
        for number in range(count):
            self.extra.append(
                _item(
                    {**row, "id": f"{owner}/model-{number:05d}", "Downloads": str(count - number)}
                )
            )

    def answer(self, request: Request) -> Answer:
        """Return what the hub would say."""
        path = request.path.rstrip("/")
        if path.endswith("/dolphin/models"):
            return self._dolphin(request)
        if path.endswith("/repo/files"):
            return self._files(path.split("/models/", 1)[1].removesuffix("/repo/files"))
        tail = path.split("/models", 1)
        if len(tail) == 1:
            return _refused(404, "NotFound", "no such interface")
        if tail[1]:
            wanted = tail[1].strip("/")
            found = next((i for i in self.items if i["id"] == wanted), None)
            if found is None:
                return _refused(404, "ResourceNotFound", f"{wanted} not found")
            return document({"success": True, "data": found})
        return self._list(request)

    def _list(self, request: Request) -> Answer:
        number, size = request.number("page_number", 1), request.number("page_size", 10)
        if number < 1 or not 1 <= size <= _MAX_PAGE or number * size > _WINDOW:
            return _refused(400, "InvalidParameter", "page_number*page_size must be within 3000")
        rows = [i for i in self.items if _wanted(i, request)]
        by = {"last_modified": "last_modified", "likes": "likes"}.get(
            request.get("sort"), "downloads"
        )
        rows.sort(key=lambda i: (i[by], i["id"]), reverse=True)
        start = (number - 1) * size
        data = {
            "models": rows[start : start + size],
            "total_count": len(rows),
            "page_number": number,
            "page_size": size,
        }
        return document({"success": True, "data": data})

    def _dolphin(self, request: Request) -> Answer:
        if request.method != "PUT":
            return _refused(404, "NotFound", "PUT alone is answered here")
        asked = json.loads(request.body or b"{}")
        size, number = min(int(asked.get("PageSize", 10)), 100), int(asked.get("PageNumber", 1))
        rows = sorted(self.items, key=lambda i: (-i["downloads"], i["id"]))
        shown = [
            {
                "Path": i["id"].split("/")[0],
                "Name": i["id"].split("/")[1],
                "Downloads": i["downloads"],
                "Stars": i["likes"],
                "License": i["license"],
                "StorageSize": i["file_size"],
                "CreatedTime": int(datetime.fromisoformat(i["created_at"]).timestamp()),
                "LastUpdatedTime": int(datetime.fromisoformat(i["last_modified"]).timestamp()),
                "Visibility": 5,
            }
            for i in rows[(number - 1) * size : number * size]
        ]
        models = {"Models": shown, "TotalCount": len(rows)}
        return document({"Code": 200, "Data": {"Model": models}})

    def _files(self, model_id: str) -> Answer:
        digest = f"{zlib.crc32(model_id.encode()):08x}" * 8
        row = {"Path": "model.safetensors", "Size": 1000, "Sha256": digest, "Type": "blob"}
        return document({"Code": 200, "Data": {"Files": [row]}})


def _wanted(item: Item, request: Request) -> bool:
    owner, search = request.get("owner"), request.get("search").lower()
    if owner and item["id"].split("/")[0] != owner:
        return False
    return not search or search in item["id"].lower()


def _refused(status: int, code: str, message: str) -> Answer:
    return document({"success": False, "code": code, "message": message}, status)
