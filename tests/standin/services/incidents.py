"""Incident databases: AIID's GraphQL, snapshots and feed; ATLAS' case studies."""

import bz2
import csv
import io
import json
import re
import tarfile
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tests.standin.graphql import GraphqlError, execute
from tests.standin.message import Answer, Request, document, not_found, page

if TYPE_CHECKING:
    from tests.standin.server import StandIn

_SNAPSHOT = "backup-20260223101010.tar.bz2"
_FILES = ("incidents.csv", "classifications_MIT.csv", "duplicates.csv", "license.txt")


def _created(object_id: str) -> str:
    """Return the moment that a database key carries in its first four bytes."""
    seconds = int(re.sub(r"^ObjectId\(|\)$", "", object_id)[:8], 16)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _entities(cell: str) -> list[dict[str, str]]:
    return [
        {"entity_id": slug, "name": slug.replace("-", " ").title()}
        for slug in json.loads(cell or "[]")
    ]


class Aiid:
    """The AI Incident Database: GraphQL that really filters, weekly snapshots, the feed."""

    def __init__(self, standin: "StandIn") -> None:
        self._corpus = standin.corpus
        self.token: str | None = None
        """The token that the API asks for; None leaves it open. Snapshots are always open."""

    def answer(self, request: Request) -> Answer:
        """Return what the database would say."""
        path = request.path
        if path.endswith("/graphql"):
            asked = request.headers.get("authorization", "")
            if self.token is not None and asked != f"Bearer {self.token}":
                return document({"errors": [{"message": "Unauthorized"}]}, 401)
            return self._graphql(request)
        if path.endswith("/rss.xml"):
            return page(self._corpus.own("aiid_rss.xml"), "application/rss+xml")
        if path.rstrip("/").endswith("/snapshots"):
            link = f'<a href="{request.base}/{_SNAPSHOT}">{_SNAPSHOT}</a>'
            return page(f"<html><body><ul><li>{link}</li></ul></body></html>")
        if path.endswith(_SNAPSHOT):
            return page(self._snapshot, "application/x-bzip2")
        name = path.rsplit("/", 1)[-1]
        if name in _FILES:
            return page(self._file(name), "text/csv; charset=utf-8")
        return not_found()

    def _file(self, name: str) -> bytes:
        return self._corpus.read(f"aiid/{name}", f"aiid_{name}")

    def _graphql(self, request: Request) -> Answer:
        try:
            asked = json.loads(request.body)
            data = execute(asked["query"], asked.get("variables") or {}, self._tables)
        except (GraphqlError, ValueError, KeyError, TypeError) as error:
            return document({"errors": [{"message": str(error)}]}, 400)
        return document({"data": data})

    @cached_property
    def _tables(self) -> dict[str, list[dict[str, Any]]]:
        rows = list(csv.DictReader(io.StringIO(self._file("incidents.csv").decode("utf-8-sig"))))
        incidents = [_incident(row) for row in rows]
        classes = csv.DictReader(
            io.StringIO(self._file("classifications_MIT.csv").decode("utf-8-sig"))
        )
        return {"incidents": incidents, "classifications": [_classification(r) for r in classes]}

    @cached_property
    def _snapshot(self) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            for name in _FILES:
                body = self._file(name)
                member = tarfile.TarInfo(f"mongodump_full_snapshot/{name}")
                member.size = len(body)
                archive.addfile(member, io.BytesIO(body))
        return bz2.compress(out.getvalue())


def _incident(row: dict[str, str]) -> dict[str, Any]:
    created = _created(row["_id"])
    reports = [int(n) for n in json.loads(row["reports"] or "[]")]
    return {
        "incident_id": int(row["incident_id"]),
        "title": row["title"],
        "description": row["description"],
        "date": row["date"],
        "created_at": created,
        "date_modified": created,
        "epoch_date_modified": int(datetime.fromisoformat(created).timestamp()),
        "AllegedDeployerOfAISystem": _entities(row["Alleged deployer of AI system"]),
        "AllegedDeveloperOfAISystem": _entities(row["Alleged developer of AI system"]),
        "AllegedHarmedOrNearlyHarmedParties": _entities(
            row["Alleged harmed or nearly harmed parties"]
        ),
        "implicated_systems": [],
        "editor_notes": "",
        "reports": [
            {"report_number": n, "url": f"https://news.invalid/{n}", "date_published": row["date"]}
            for n in reports
        ],
    }


def _classification(row: dict[str, str]) -> dict[str, Any]:
    names = ("Risk Domain", "Risk Subdomain", "Entity", "Timing", "Intent")
    return {
        "namespace": row["Namespace"],
        "publish": row["Published"] == "True",
        "incidents": [{"incident_id": int(row["Incident ID"])}],
        "attributes": [{"short_name": n, "value_json": json.dumps(row[n])} for n in names],
    }


class Atlas:
    """The repository of MITRE ATLAS, as its raw files are served."""

    def __init__(self, standin: "StandIn") -> None:
        self._corpus = standin.corpus

    def answer(self, request: Request) -> Answer:
        """Return the compiled YAML, or one case study."""
        name = request.path.rsplit("/", 1)[-1]
        if name == "ATLAS.yaml":
            body = self._corpus.read("atlas/dist/ATLAS.yaml", "atlas.yaml")
            return page(body, "text/plain; charset=utf-8")
        study = self._corpus.real(f"atlas/data/case-studies/{name}")
        if study is not None and name.endswith(".yaml"):
            return page(study.read_bytes(), "text/plain; charset=utf-8")
        if request.path.endswith("/releases"):
            return document([{"tag_name": "v5.6.1", "published_at": "2026-05-05T00:00:00Z"}])
        return page("404: Not Found", "text/plain; charset=utf-8", 404)
