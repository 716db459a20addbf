"""Advisories: OSV's queries and increments, GitHub's list, the catalogue of exploited flaws."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from packaging.version import InvalidVersion, Version

from tests.standin.message import Answer, Request, document, not_found, page

if TYPE_CHECKING:
    from tests.standin.corpus import Corpus
    from tests.standin.server import StandIn

Advisory = dict[str, Any]
_ECOSYSTEMS = {"pypi": "PyPI", "npm": "npm", "golang": "Go", "gem": "RubyGems"}


def advisories(corpus: "Corpus") -> list[Advisory]:
    """Return every OSV document: the real Bitnami ones where they are, and our own."""
    own: list[Advisory] = json.loads(corpus.own("osv.json"))
    real = corpus.members("osv_records/data.tar.gz")
    return own + [json.loads(body) for name, body in real.items() if name.endswith(".json")]


class Osv:
    """OSV's API and its bucket of increments; recorded batches are answered as recorded."""

    def __init__(self, standin: "StandIn") -> None:
        self._corpus = standin.corpus
        self.page_size = 1000
        """Advisories per answer; tests lower it to see pages."""

    def answer(self, request: Request) -> Answer:
        """Return what the API or the bucket would say."""
        path = request.path
        if path.endswith("/querybatch") and request.method == "POST":
            return self._batch(request)
        if path.endswith("/query") and request.method == "POST":
            return self._query(request)
        if "/vulns/" in path:
            found = self._by_id.get(unquote(path.rsplit("/", 1)[-1]))
            if found is None:
                return document({"code": 5, "message": "Bug not found."}, 404)
            return document(found)
        if path.endswith("/modified_id.csv"):
            return page(self._modified(path.strip("/").split("/")[-2]), "text/csv")
        if path.endswith("/all.zip"):
            return page(self._archive(path.strip("/").split("/")[-2]), "application/zip")
        return not_found()

    @cached_property
    def _all(self) -> list[Advisory]:
        return advisories(self._corpus)

    @cached_property
    def _by_id(self) -> dict[str, Advisory]:
        return {a["id"]: a for a in self._all}

    @cached_property
    def _by_package(self) -> dict[tuple[str, str], list[Advisory]]:
        found: dict[tuple[str, str], list[Advisory]] = {}
        for advisory in self._all:
            for name in dict.fromkeys(_packages(advisory)):
                found.setdefault(name, []).append(advisory)
        return found

    @cached_property
    def _recorded(self) -> list[tuple[object, object]]:
        pairs = []
        for number in range(100):
            path = self._corpus.real(f"osv/recorded_querybatch_{number}.json")
            if path is None:
                break
            cassette = json.loads(path.read_bytes())
            pairs.append((cassette["request"], cassette["response"]))
        return pairs

    def _batch(self, request: Request) -> Answer:
        asked = json.loads(request.body)
        for recorded, answer in self._recorded:
            if recorded == asked:
                return document(answer)
        results = []
        for query in asked.get("queries", []):
            found, token = self._find(query)
            if found is None:
                return _invalid()
            rows = [{"id": a["id"], "modified": a["modified"]} for a in found]
            result: dict[str, object] = {"vulns": rows} if rows else {}
            results.append(result | ({"next_page_token": token} if token else {}))
        return document({"results": results})

    def _query(self, request: Request) -> Answer:
        found, token = self._find(json.loads(request.body))
        if found is None:
            return _invalid()
        result: dict[str, object] = {"vulns": found} if found else {}
        return document(result | ({"next_page_token": token} if token else {}))

    def _find(self, query: dict[str, Any]) -> tuple[list[Advisory] | None, str]:
        """Return a page of what affects the package; None when the query is not allowed."""
        package = query.get("package") or {}
        version = query.get("version") or ""
        ecosystem, name = package.get("ecosystem", ""), package.get("name", "")
        if purl := package.get("purl"):
            kind, _, rest = purl.removeprefix("pkg:").partition("/")
            name, _, within = rest.partition("@")
            if ecosystem or (within and version):
                return None, ""
            ecosystem, version = _ECOSYSTEMS.get(kind, kind), within or version
        if not name and not query.get("commit"):
            return None, ""
        start = int(query.get("page_token") or 0)
        found = [
            a
            for a in self._by_package.get((ecosystem, name), [])
            if not version or _affects(a, ecosystem, name, version)
        ]
        end = start + self.page_size
        return found[start:end], str(end) if len(found) > end else ""

    def _modified(self, ecosystem: str) -> bytes:
        rows = sorted(((a["modified"], a["id"]) for a in self._in(ecosystem)), reverse=True)
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        return out.getvalue().encode()

    def _archive(self, ecosystem: str) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for advisory in self._in(ecosystem):
                archive.writestr(f"{advisory['id']}.json", json.dumps(advisory))
        return out.getvalue()

    def _in(self, ecosystem: str) -> Iterable[Advisory]:
        return [a for a in self._all if any(e == ecosystem for e, _ in _packages(a))]


def _invalid() -> Answer:
    return document({"code": 3, "message": "Invalid query."}, 400)


def _packages(advisory: Advisory) -> list[tuple[str, str]]:
    return [
        (part["package"]["ecosystem"], part["package"]["name"])
        for part in advisory.get("affected", [])
        if "package" in part
    ]


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _affects(advisory: Advisory, ecosystem: str, name: str, text: str) -> bool:
    for part in advisory.get("affected", []):
        package = part.get("package", {})
        if (package.get("ecosystem"), package.get("name")) != (ecosystem, name):
            continue
        if text in part.get("versions", []):
            return True
        if any(_within(r.get("events", []), text) for r in part.get("ranges", [])):
            return True
    return False


def _within(events: list[dict[str, str]], text: str) -> bool:
    """Return whether the version lies in the range; versions of no known form count as inside."""
    version, inside = _version(text), False
    if version is None:
        return True
    for event in events:
        ((kind, at),) = list(event.items())[:1]
        mark = _version("0" if at == "0" else at)
        if mark is None:
            continue
        if kind == "introduced" and version >= mark:
            inside = True
        elif (kind == "fixed" and version >= mark) or (kind == "last_affected" and version > mark):
            inside = False
    return inside


class GithubAdvisories:
    """The REST list of reviewed advisories; malware only when asked for by type."""

    def __init__(self, standin: "StandIn") -> None:
        self._all: list[Advisory] = json.loads(standin.corpus.own("github_advisories.json"))

    def answer(self, request: Request) -> Answer:
        """Return one page, newest first, with a Link to the next."""
        if not request.path.endswith("/advisories"):
            return not_found()
        kind = request.get("type", "reviewed")
        since = request.get("modified").lstrip(">=").split("..")[0]
        packages = {p for p in ",".join(request.all("affects")).split(",") if p}
        rows = [
            a
            for a in self._all
            if a["type"] == kind
            and a["updated_at"] >= since
            and _touches(a, request.get("ecosystem"), packages)
        ]
        rows.sort(key=lambda a: (a["updated_at"], a["ghsa_id"]), reverse=True)
        start = request.number("after", 0)
        size = min(request.number("per_page", 30), 100)
        headers = {
            "X-RateLimit-Limit": "60",
            "X-RateLimit-Remaining": "59",
            "X-RateLimit-Reset": "4102444800",
        }
        if len(rows) > start + size:
            headers["Link"] = f'<{request.again(after=str(start + size))}>; rel="next"'
        return document(rows[start : start + size]).plus(headers)


def _touches(advisory: Advisory, ecosystem: str, packages: set[str]) -> bool:
    here = [v["package"] for v in advisory["vulnerabilities"]]
    if ecosystem and not any(p["ecosystem"] == ecosystem for p in here):
        return False
    return not packages or any(p["name"] in packages for p in here)


class Kev:
    """The catalogue of flaws known to be exploited, one JSON file."""

    def __init__(self, standin: "StandIn") -> None:
        self._body = standin.corpus.own("kev.json")

    def answer(self, request: Request) -> Answer:
        """Return the catalogue."""
        if request.path.endswith(".json"):
            return page(self._body, "application/json").plus({"ETag": '"kev-1"'})
        return not_found()
