"""Acts of governments: the Federal Register, gov.cn's lists, the CAC's list pages."""

import json
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.standin.message import Answer, Request, document, not_found, page

if TYPE_CHECKING:
    from tests.standin.server import StandIn

Item = dict[str, Any]
_DEFAULT_FIELDS = (
    "title", "type", "abstract", "document_number", "html_url", "pdf_url",
    "public_inspection_pdf_url", "publication_date", "agencies", "excerpts",
)  # fmt: skip


class FederalRegister:
    """Documents by conditions, 2,000 at most for one query; public inspection; single documents."""

    def __init__(self, standin: "StandIn") -> None:
        self._corpus = standin.corpus

    @cached_property
    def _all(self) -> list[Item]:
        own: list[Item] = json.loads(self._corpus.own("federal_register.json"))["results"]
        path = self._corpus.real("federal_register/executive_orders_results.json")
        if path is None:
            return own
        orders = json.loads(path.read_bytes())["results"]
        fixed = {"type": "Presidential Document", "subtype": "Executive Order", "agencies": []}
        return own + [fixed | order for order in orders]

    def answer(self, request: Request) -> Answer:
        """Return what the API would say."""
        path = request.path
        if path.endswith("/public-inspection-documents/current.json"):
            return page(self._corpus.own("public_inspection.json"), "application/json")
        if path.endswith("/documents.json"):
            return self._documents(request)
        if found := re.search(r"/documents/([^/]+)\.json$", path):
            for item in self._all:
                if item["document_number"] == found[1]:
                    return document(item)
        return not_found()

    def _documents(self, request: Request) -> Answer:
        rows = [i for i in self._all if _meets(i, request)]
        rows.sort(
            key=lambda i: (i["publication_date"], i["document_number"]),
            reverse=request.get("order", "newest") != "oldest",
        )
        rows = rows[:2000]
        size, number = min(request.number("per_page", 20), 1000), request.number("page", 1)
        pages = max(1, -(-len(rows) // size))
        fields = [v for k, v in request.query if k == "fields[]"] or list(_DEFAULT_FIELDS)
        shown = rows[(number - 1) * size : number * size]
        result: Item = {
            "count": len(rows),
            "description": "Documents",
            "total_pages": pages,
            "results": [{f: i.get(f) for f in fields} for i in shown],
        }
        if number < pages:
            kept = [(k, v) for k, v in request.query if k != "page"]
            following = urlencode([*kept, ("page", str(number + 1))])
            result["next_page_url"] = f"{request.base}{request.path}?{following}"
        return document(result)


def _condition(request: Request, name: str) -> list[str]:
    return [v for k, v in request.query if k in (f"conditions{name}", f"conditions{name}[]")]


def _meets(item: Item, request: Request) -> bool:
    day = item["publication_date"]
    text = f"{item.get('title')} {item.get('abstract')}".lower()
    kinds = {"RULE": "Rule", "PRORULE": "Proposed Rule", "NOTICE": "Notice",
             "PRESDOCU": "Presidential Document"}  # fmt: skip
    wanted = {kinds.get(k, k) for k in _condition(request, "[type]")}
    agencies = set(_condition(request, "[agencies]"))
    terms = [t.strip('"').lower() for t in _condition(request, "[term]")]
    return (
        all(day >= v for v in _condition(request, "[publication_date][gte]"))
        and all(day <= v for v in _condition(request, "[publication_date][lte]"))
        and all(day == v for v in _condition(request, "[publication_date][is]"))
        and all(t in text for t in terms)
        and (not wanted or item.get("type") in wanted)
        and (
            not agencies or agencies & {a.get("slug") for a in item.get("agencies") or []} != set()
        )
    )


class GovCn:
    """The lists of www.gov.cn: one JSON array each, dates without a time."""

    _LISTS = ("ZUIXINZHENGCE", "ZCJD_QZ", "TONGYONGGAILAN", "YAOWENLIEBIAO")

    def __init__(self, standin: "StandIn") -> None:
        self._lists: dict[str, list[Item]] = json.loads(standin.corpus.own("govcn.json"))

    def answer(self, request: Request) -> Answer:
        """Return the list of that name."""
        stem = request.path.rsplit("/", 1)[-1].removesuffix(".json")
        if stem not in self._LISTS:
            return page("<html><body>404</body></html>", status=404)
        body = json.dumps(self._lists.get(stem, []), ensure_ascii=False).encode()
        return Answer(body=body, headers={"Last-Modified": "Mon, 17 Aug 2026 02:00:00 GMT"})


class Cac:
    """The list pages of www.cac.gov.cn; an index page leads to the lists' changing names."""

    def __init__(self, standin: "StandIn") -> None:
        self._lists: dict[str, list[Item]] = json.loads(standin.corpus.own("cac.json"))

    def answer(self, request: Request) -> Answer:
        """Return the list page, or the index."""
        path = request.path
        found = re.search(r"/(A\d+)index_1\.htm$", path)
        if path.endswith("/index.htm"):
            links = "".join(
                f'<li><a href="{request.base}/{row[0]["folder"]}/{name}index_1.htm">列表</a></li>'
                for name, row in self._lists.items()
            )
            return page(f"<html><meta charset='utf-8'><body><ul>{links}</ul></body></html>")
        if found is None or found[1] not in self._lists:
            return page("<html><body>404</body></html>", status=404)
        items = "".join(
            f'<li><h5><a href="//www.cac.gov.cn{i["path"]}">{i["title"]}</a></h5>'
            f'<div class="times">{i["day"]}</div></li>'
            for i in self._lists[found[1]]
        )
        return page(
            "<!DOCTYPE html><html><head><meta charset='utf-8'></head><body>"
            f'<div id="loadingInfoPage"><ul>{items}</ul></div></body></html>'
        )
