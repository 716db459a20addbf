"""The Hugging Face Hub: lists, single models, scans, files, data-set files."""

import hashlib
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.standin.catalogue import (
    DEFAULT_KEYS,
    FULL_KEYS,
    SORT_KEYS,
    Catalogue,
    Item,
    Listed,
    decode_cursor,
    encode_cursor,
    shaped,
)
from tests.standin.message import Answer, Request, Service, document
from tests.standin.services.capability import Lmarena

if TYPE_CHECKING:
    from tests.standin.corpus import Corpus
    from tests.standin.server import StandIn

MAX_LIMIT = 1000
_TREE_PAGE, _TREE_PAGE_EXPANDED = 1000, 50
_SCANNERS = ("avScan", "pickleImportScan", "jFrogScan", "protectAiScan", "virusTotalScan")


def listed_models(corpus: "Corpus") -> Listed:
    """Return the catalogue: the real 4,167 models where they are, our own few otherwise."""
    text = corpus.read("hf_api_pages_reshaped/models_api_shaped.jsonl.gz", "models.jsonl")
    return Listed([json.loads(line) for line in text.splitlines() if line.strip()])


class HuggingFace:
    """The Hub's API over one catalogue; tests script renames, removals and scan results."""

    def __init__(self, standin: "StandIn") -> None:
        self.corpus = standin.corpus
        self.catalogue: Catalogue = standin.catalogue or listed_models(standin.corpus)
        self.renamed = {"gpt2": "openai-community/gpt2"}
        self.gone: set[str] = set()
        self.disabled: set[str] = set()
        self.gated: dict[str, str] = {}
        self.scans: dict[str, list[dict[str, str]]] = {
            # the Hub's own positive control
            "mcpotato/42-eicar-street": [{"path": "eicar_test_file", "level": "unsafe"}]
        }
        self.unscanned: set[str] = set()
        self._datasets: Service = Lmarena(standin)

    def answer(self, request: Request) -> Answer:
        """Return what the Hub would say."""
        path = request.path.rstrip("/")
        if path == "/api/models":
            return self._list(request)
        if path == "/api/trending":
            return self._trending(request)
        if path.startswith(("/datasets/", "/api/datasets/")):
            return self._datasets.answer(request)
        found = re.fullmatch(
            r"/api/models/(.+?)(?:/(scan|tree|paths-info|revision)(?:/(.*))?)?", path
        )
        if found is None:
            return _refused(404, "NotFound", "Sorry, we can't find the page you are looking for.")
        return self._one(request, found[1], found[2] or "", found[3] or "")

    def _list(self, request: Request) -> Answer:
        sort = request.get("sort") or "trendingScore"
        if sort not in SORT_KEYS:
            return document({"error": f"invalid sort {sort!r}"}, 400)
        if request.get("direction") == "1":
            return document({"error": "only descending order is supported"}, 400)
        expand = request.all("expand")
        if expand and (request.get("full") or request.get("cardData") or request.get("config")):
            return document({"error": "expand excludes full, cardData and config"}, 400)
        limit = max(1, min(request.number("limit", 1000), MAX_LIMIT))
        try:
            after = decode_cursor(sort, request.get("cursor")) if request.get("cursor") else None
        except (ValueError, KeyError, IndexError):
            return document({"error": "invalid cursor"}, 400)
        keys = _keys(request, expand)
        wanted = _wanted(request)
        if wanted is None:
            body, last = self.catalogue.page(sort, after, limit, keys)
        else:
            items, more = self.catalogue.select(wanted, sort, after, limit)
            body = json.dumps([shaped(i, keys) for i in items], ensure_ascii=False).encode()
            last = items[-1] if more else None
        headers = {"x-powered-by": "stand-in"}
        if last is not None:
            following = request.again(cursor=encode_cursor(sort, last))
            # a Link header carries more than pagination: a reader has to look at rel
            headers["Link"] = (
                f'</.well-known/api-catalog>; rel="api-catalog", <{following}>; rel="next"'
            )
        return Answer(body=body, headers=headers)

    def _trending(self, request: Request) -> Answer:
        items, _ = self.catalogue.select(
            lambda _: True, "trendingScore", None, min(request.number("limit", 10), 20)
        )
        keys = ("author", "downloads", "gated", "id", "lastModified", "likes", "pipeline_tag")
        return document(
            {
                "recentlyTrending": [
                    {"repoType": "model", "repoData": shaped(i, keys)} for i in items
                ]
            }
        )

    def _one(self, request: Request, model_id: str, verb: str, rest: str) -> Answer:
        if model_id in self.renamed:
            query = f"?{request.raw_query}" if request.raw_query else ""
            tail = request.path.split(model_id, 1)[1]
            place = f"{request.base}/api/models/{self.renamed[model_id]}{tail}{query}"
            return Answer(307, b"Temporary Redirect", {"Location": place}, "text/plain")
        if model_id in self.disabled:
            return _refused(403, "DisabledRepo", "Access to this resource is disabled.")
        item = self.catalogue.find(model_id)
        if item is None or model_id in self.gone:
            # over plain http the client knows a missing repository by this header alone
            return _refused(404, "RepoNotFound", "Repository not found")
        if verb == "scan":
            return document(self._scan(model_id))
        if verb in ("tree", "paths-info"):
            return self._files(request, model_id, verb, rest)
        return self._info(request, item)

    def _info(self, request: Request, item: Item) -> Answer:
        model_id = item["id"]
        expand = request.all("expand")
        whole = dict(item) | {"gated": self.gated.get(model_id, item.get("gated", False))}
        if expand:
            return document(shaped(whole, ("_id", "id", *expand)))
        if request.get("securityStatus"):
            whole["securityRepoStatus"] = self._scan(model_id)
        if request.get("blobs"):
            whole["siblings"] = [_blob(f) for f in self.files(model_id)]
        etag = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:32]
        return document(whole, ETag=f'W/"{etag}"')

    def _scan(self, model_id: str) -> dict[str, object]:
        if model_id in self.unscanned:
            return {"scansDone": False, "filesWithIssues": []}
        return {"scansDone": True, "filesWithIssues": self.scans.get(model_id, [])}

    def files(self, model_id: str) -> list[dict[str, Any]]:
        """Return the files of a repository with size and, for weights, their sha256."""
        digest = hashlib.sha256(model_id.encode()).hexdigest()
        named = {issue["path"] for issue in self.scans.get(model_id, [])}
        names = ["config.json", "model.safetensors", *sorted(named)]
        return [
            {
                "type": "file",
                "path": name,
                "oid": hashlib.sha1(f"{digest}{name}".encode()).hexdigest(),
                "size": 1_000_000 + int(digest[:6], 16) if "." in name else 68,
                "sha256": hashlib.sha256(f"{digest}{name}".encode()).hexdigest()
                if name.endswith(".safetensors") or name in named
                else None,
            }
            for name in names
        ]

    def _files(self, request: Request, model_id: str, verb: str, rest: str) -> Answer:
        files = self.files(model_id)
        asked = json.loads(request.body or b"{}") if verb == "paths-info" else {}
        expanded = bool(asked.get("expand")) or request.get("expand") == "true"
        if verb == "paths-info":
            wanted = set(asked.get("paths", []))
            files = [f for f in files if f["path"] in wanted]
        elif "/" in rest:
            folder = rest.split("/", 1)[1]
            files = [f for f in files if f["path"].startswith(folder)]
        rows = [self._tree_row(model_id, f, expanded) for f in files]
        start = request.number("cursor", 0)
        size = min(request.number("limit", 10_000), _TREE_PAGE_EXPANDED if expanded else _TREE_PAGE)
        if verb == "paths-info" or len(rows) <= start + size:
            return document(rows[start:] if verb == "tree" else rows)
        following = request.again(cursor=str(start + size))
        return document(rows[start : start + size], Link=f'<{following}>; rel="next"')

    def _tree_row(self, model_id: str, file: dict[str, Any], expanded: bool) -> dict[str, Any]:
        row = {k: file[k] for k in ("type", "oid", "size", "path")}
        if file["sha256"]:
            row["lfs"] = {"oid": file["sha256"], "size": file["size"], "pointerSize": 135}
        if expanded:
            row["securityFileStatus"] = self._file_status(model_id, file["path"])
        return row

    def _file_status(self, model_id: str, path: str) -> dict[str, Any]:
        levels = {i["path"]: i["level"] for i in self.scans.get(model_id, [])}
        status = "queued" if model_id in self.unscanned else levels.get(path, "safe")
        scan: dict[str, Any] = {"status": status, "message": None, "reportLink": None}
        return {"status": status} | {name: dict(scan) for name in _SCANNERS}


class Recorded:
    """Answers of the Hub as others recorded them, byte for byte, one name each.

    `/recorded/FILE_STEM/api/models` gives the file of `hf_raw_fixtures`, whatever is asked.
    """

    def __init__(self, standin: "StandIn") -> None:
        self._corpus = standin.corpus

    def answer(self, request: Request) -> Answer:
        """Return the recorded body."""
        stem = request.path.strip("/").split("/", 1)[0]
        path = self._corpus.real(f"hf_raw_fixtures/{stem}.json")
        if path is None:
            return _refused(404, "NotFound", f"no recording {stem!r}")
        return Answer(body=path.read_bytes(), headers={"x-powered-by": "huggingface-moon"})


def _refused(status: int, code: str, message: str) -> Answer:
    headers = {"X-Error-Code": code, "X-Error-Message": message}
    return document({"error": message}, status).plus(headers)


def _keys(request: Request, expand: list[str]) -> tuple[str, ...]:
    if expand:
        return ("_id", "id", *expand)
    keys = FULL_KEYS if request.get("full") else DEFAULT_KEYS
    return (*keys, "cardData") if request.get("cardData") else keys


def _wanted(request: Request) -> Callable[[Item], bool] | None:
    """Return the test of the request's filters, or None when it has none."""
    tests: list[Callable[[Item], bool]] = []
    if author := request.get("author"):
        tests.append(lambda i: i["id"].split("/", 1)[0] == author)
    if search := request.get("search").lower():
        tests.append(lambda i: search in i["id"].lower())
    if pipeline := request.get("pipeline_tag"):
        tests.append(lambda i: i.get("pipeline_tag") == pipeline)
    if gated := request.get("gated"):
        tests.append(lambda i: bool(i.get("gated")) == (gated == "true"))
    for tag in request.all("filter"):
        tests.append(lambda i, tag=tag: tag in i.get("tags", []))  # type: ignore[misc]
    return (lambda i: all(test(i) for test in tests)) if tests else None


def _blob(file: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"rfilename": file["path"], "size": file["size"], "blobId": file["oid"]}
    if file["sha256"]:
        row["lfs"] = {"sha256": file["sha256"], "size": file["size"], "pointerSize": 135}
    return row
