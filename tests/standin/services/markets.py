"""Catalogues and markets: models.dev, OpenRouter, Civitai, Ollama."""

import json
import tomllib
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tests.standin.message import Answer, Request, document, not_found, page

if TYPE_CHECKING:
    from tests.standin.server import StandIn

Item = dict[str, Any]


class ModelsDev:
    """The release catalogue: by laboratory (`models.json`), by provider (`api.json`), or both."""

    def __init__(self, standin: "StandIn") -> None:
        self._corpus = standin.corpus

    def answer(self, request: Request) -> Answer:
        """Return the file of that name."""
        name = request.path.rsplit("/", 1)[-1]
        if name == "models.json":
            return document(self._models)
        if name == "api.json":
            return document(self._providers)
        if name == "catalog.json":
            return document({"models": self._models, "providers": self._providers})
        return not_found()

    @cached_property
    def _models(self) -> dict[str, Item]:
        folder = self._corpus.real("models_dev/models")
        if folder is None:
            own: dict[str, Item] = json.loads(self._corpus.own("models_dev.json"))
            return own
        found = {}
        for path in sorted(folder.rglob("*.toml")):
            key = path.relative_to(folder).with_suffix("").as_posix()
            found[key] = {"id": key} | tomllib.loads(path.read_text("utf-8"))
        return found

    @cached_property
    def _providers(self) -> dict[str, Item]:
        """Return the models once per provider; a second provider repeats the open ones."""
        providers: dict[str, Item] = {}
        for key, model in self._models.items():
            lab = key.split("/")[0]
            names = [lab, "reseller"] if model.get("open_weights") else [lab]
            for name in names:
                made = providers.setdefault(name, {"id": name, "name": name, "models": {}})
                kept = {k: v for k, v in model.items() if k not in ("weights", "benchmarks")}
                made["models"][key.split("/", 1)[1]] = kept
        return providers


class OpenRouter:
    """The router's list of models, and the ranking by day that needs a key."""

    def __init__(self, standin: "StandIn") -> None:
        self._corpus = standin.corpus

    def answer(self, request: Request) -> Answer:
        """Return what the router would say."""
        if request.path.endswith("/datasets/rankings-daily"):
            return self._rankings(request)
        if not request.path.endswith("/models"):
            return not_found()
        raw = self._corpus.read("models_dev/openrouter_api_v1_models_raw.json", "openrouter.json")
        if not request.query:
            return Answer(body=raw)
        data = json.loads(raw)["data"]
        start, size = request.number("offset", 0), min(request.number("limit", 1000), 1000)
        return document({"data": data[start : start + size], "total_count": len(data)})

    def _rankings(self, request: Request) -> Answer:
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return document({"error": {"code": 401, "message": "No auth credentials found"}}, 401)
        answer = json.loads(self._corpus.own("openrouter_rankings.json"))
        first, last = request.get("start_date"), request.get("end_date") or "9999"
        answer["data"] = [r for r in answer["data"] if first <= r["date"] <= last]
        return document(answer)


class Civitai:
    """The market of adapters: cursor pages; a page number together with a query is refused."""

    def __init__(self, standin: "StandIn") -> None:
        self._items: list[Item] = json.loads(standin.corpus.own("civitai.json"))

    def answer(self, request: Request) -> Answer:
        """Return a page of models and the cursor of the next."""
        if not request.path.endswith("/models"):
            return not_found()
        size = min(request.number("limit", 100), 100)
        if request.get("query") and request.get("page"):
            return document({"error": "page and query exclude each other"}, 400)
        if request.number("page", 1) * size > 1000:
            return document({"error": "use cursor based pagination"}, 429)
        start = request.number("cursor", 0)
        types = request.all("types")
        rows = [i for i in self._items if not types or i["type"] in types]
        shown = rows[start : start + size]
        metadata: Item = {"pageSize": size}
        if len(rows) > start + size:
            metadata["nextCursor"] = str(start + size)
            metadata["nextPage"] = request.again(cursor=str(start + size))
        return document({"items": shown, "metadata": metadata})


class Ollama:
    """The library's search page, and its registry's manifests."""

    def __init__(self, standin: "StandIn") -> None:
        self._page = standin.corpus.own("ollama_search.html")

    def answer(self, request: Request) -> Answer:
        """Return the page, or a manifest of Docker's schema 2."""
        if "/manifests/" in request.path:
            layer = {"mediaType": "application/vnd.ollama.image.model", "size": 4_661_211_424,
                     "digest": "sha256:" + "6a" * 32}  # fmt: skip
            return document({"schemaVersion": 2, "layers": [layer]})
        if request.path.rstrip("/").endswith(("/search", "/library")):
            return page(self._page)
        return page("<html><body>404</body></html>", status=404)
