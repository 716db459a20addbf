"""Capability indices: Epoch's CSV and zip, the Arena's parquet, Artificial Analysis' keyed API."""

import csv
import gzip
import hashlib
import io
import json
import zipfile
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.standin.message import Answer, Request, document, not_found, page

if TYPE_CHECKING:
    from tests.standin.corpus import Corpus
    from tests.standin.server import StandIn

_VINTAGES = {
    "2026-08": "epoch_eci/2026-08/eci_scores.csv",
    "2025-12": "epoch_eci/2025-12_eci_scores.csv",
}
_BOARD_COLUMNS = (
    "model_name", "organization", "license", "rating", "rating_lower", "rating_upper", "variance",
    "vote_count", "rank", "category", "leaderboard_publish_date",
)  # fmt: skip
_HUB_BENCHMARKS = {"GPQA diamond": "gpqa_diamond", "Cybench": "cybench", "WeirdML": "weirdml"}
_REVISION = "0f5c2d1e9a7b3c4d5e6f708192a3b4c5d6e7f809"


class Epoch:
    """The files under epoch.ai/data; unknown names answer 404 with a long page of HTML."""

    def __init__(self, standin: "StandIn") -> None:
        self._corpus = standin.corpus

    def answer(self, request: Request) -> Answer:
        """Return the file of that name."""
        name = request.path.rsplit("/", 1)[-1]
        makers = {
            "eci_scores.csv": self._scores,
            "eci_benchmarks.csv": self._benchmarks,
            "edi_scores.csv": lambda: self._corpus.read(
                "epoch_eci/2026-08/edi_scores.csv", "edi_scores.csv"
            ),
            "notable_ai_models.csv": self._notable,
            "all_ai_models.csv": self._all,
        }
        if name == "benchmark_data.zip":
            return _tagged(page(self._benchmark_zip, "application/zip"))
        if name == "ai_models.zip":
            return _tagged(page(self._models_zip, "application/zip"))
        if name in makers:
            return _tagged(page(makers[name](), "text/csv; charset=utf-8"))
        filler = "<p>We could not find what you were looking for.</p>" * 1100
        return page(f"<!doctype html><html><body>{filler}</body></html>", status=404)

    def _scores(self) -> bytes:
        return self._corpus.read(_VINTAGES[self._corpus.vintage], "eci_scores.csv")

    def _benchmarks(self) -> bytes:
        return self._corpus.read("epoch_eci/2026-08/eci_benchmarks.csv", "eci_benchmarks.csv")

    def _notable(self) -> bytes:
        return self._corpus.read(
            "epoch_models/notable_ai_models_2026-07.csv.gz", "notable_ai_models.csv"
        )

    def _all(self) -> bytes:
        """Return the old schema: no column on open weights, the country column named otherwise."""
        return self._corpus.read("epoch_models/all_ai_models_2025-04.csv.gz", "all_ai_models.csv")

    @cached_property
    def _benchmark_zip(self) -> bytes:
        files = {"data/epoch_capabilities_index/eci_scores.csv": self._scores()}
        rows = list(csv.DictReader(io.StringIO(self._benchmarks().decode("utf-8-sig"))))
        for benchmark, stem in _HUB_BENCHMARKS.items():
            files[f"data/{stem}.csv"] = _benchmark_csv(
                stem, [r for r in rows if r["benchmark"] == benchmark]
            )
        return _zipped(files)

    @cached_property
    def _models_zip(self) -> bytes:
        return _zipped({"notable_ai_models.csv": self._notable(), "all_ai_models.csv": self._all()})


def _benchmark_csv(stem: str, rows: list[dict[str, str]]) -> bytes:
    """Return a file in the shape of the benchmark hub; its score column differs by benchmark."""
    score = {"cybench": "Unguided % Solved", "weirdml": "Accuracy"}.get(stem, "mean_score")
    out = io.StringIO()
    names = ["Model version", score, "Release date", "Organization", "Country", "id"]
    writer = csv.writer(out)
    writer.writerow(names)
    for row in rows:
        writer.writerow(
            [row["model_version"], row["performance"], row["date"], "", "", row["model_id"]]
        )
    return out.getvalue().encode()


def _zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(zipfile.ZipInfo(name), body)
    return out.getvalue()


class Lmarena:
    """The Arena's data set on the Hub: `{subset}/{latest|full}-00000-of-00001.parquet`."""

    def __init__(self, standin: "StandIn") -> None:
        self._corpus = standin.corpus

    def answer(self, request: Request) -> Answer:
        """Return a file of the data set, or what the Hub says about it."""
        path = request.path
        if path.endswith("/rows"):
            return self._rows(request)
        if path.endswith(".parquet"):
            return self._resolve(request)
        if path.startswith("/api/datasets/"):
            siblings = [
                {"rfilename": f"text/{part}-00000-of-00001.parquet"} for part in ("latest", "full")
            ]
            name = path.removeprefix("/api/datasets/").split("/revision/")[0]
            return document(
                {"_id": _REVISION[:24], "id": name, "sha": _REVISION, "private": False,
                 "siblings": siblings}
            )  # fmt: skip
        return not_found("Entry not found").plus({"X-Error-Code": "EntryNotFound"})

    def _resolve(self, request: Request) -> Answer:
        name = request.path.rsplit("/", 2)
        parts = {
            "latest-00000-of-00001.parquet": lambda: self.latest,
            "full-00000-of-00001.parquet": lambda: self.full,
        }
        if name[-2] != "text" or name[-1] not in parts:
            return not_found("Entry not found").plus({"X-Error-Code": "EntryNotFound"})
        answer = _tagged(page(parts[name[-1]](), "application/octet-stream"))
        return _ranged(answer.plus({"X-Repo-Commit": _REVISION, "Accept-Ranges": "bytes"}), request)

    def _rows(self, request: Request) -> Answer:
        """Answer as the data-set viewer does, 100 rows at most."""
        start = request.number("offset", 0)
        size = min(request.number("length", 100), 100)
        table = self._latest_rows
        rows = [
            {"row_idx": start + n, "row": row} for n, row in enumerate(table[start : start + size])
        ]
        return document({"rows": rows, "num_rows_total": len(table)})

    @cached_property
    def _latest_rows(self) -> list[dict[str, Any]]:
        board = self._corpus.json("lmarena/hf_text_2026-08-22.json.gz", "arena_text.json")
        day = board["meta"]["leaderboard_publish_date"]
        return [dict(row) | {"leaderboard_publish_date": day} for row in board["rows"]]

    @cached_property
    def latest(self) -> bytes:
        """Return the newest board, every category, as parquet."""
        return _parquet(self._latest_rows)

    @cached_property
    def full(self) -> bytes:
        """Return the newest board and the older boards' overall ratings."""
        rows = self._latest_rows
        newest = rows[0]["leaderboard_publish_date"]
        earlier = [r for r in _history(self._corpus) if r["leaderboard_publish_date"] != newest]
        return _parquet(rows + earlier)


def _history(corpus: "Corpus") -> list[dict[str, Any]]:
    """Return the overall ratings of the boards kept day by day, one row a model and board."""
    path = corpus.real("lmarena/derived_panel.csv.gz")
    if path is None:
        return []
    rows = csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode()))
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        seen[row["date"], row["model"]] = {
            "model_name": row["model"],
            "rating": float(row["rating"]),
            "category": "overall",
            "leaderboard_publish_date": row["date"],
        }
    return list(seen.values())


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    columns = {name: [row.get(name) for row in rows] for name in _BOARD_COLUMNS}
    columns["leaderboard_publish_date"] = [
        date.fromisoformat(str(v)[:10]) for v in columns["leaderboard_publish_date"]
    ]
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, compression="zstd")
    return out.getvalue()


def _tagged(answer: Answer) -> Answer:
    body = answer.body if isinstance(answer.body, bytes) else b""
    digest = hashlib.sha256(body).hexdigest()
    return answer.plus({"ETag": f'"{digest[:40]}"', "X-Linked-Size": str(len(body))})


def _ranged(answer: Answer, request: Request) -> Answer:
    """Return the asked range of bytes, as resuming clients ask for."""
    asked = request.headers.get("range", "")
    body = answer.body
    if not asked.startswith("bytes=") or not isinstance(body, bytes):
        return answer
    first, _, last = asked.removeprefix("bytes=").partition("-")
    start, end = int(first or 0), min(int(last or len(body) - 1), len(body) - 1)
    headers = {**answer.headers, "Content-Range": f"bytes {start}-{end}/{len(body)}"}
    return Answer(206, body[start : end + 1], headers, answer.type)


class ArtificialAnalysis:
    """The index API: nothing without a key; the free tier says neither openness nor country."""

    def __init__(self, standin: "StandIn") -> None:
        self._models: list[dict[str, Any]] = json.loads(
            standin.corpus.own("artificial_analysis.json")
        )

    def answer(self, request: Request) -> Answer:
        """Return one page of models to whoever shows a key."""
        if not request.headers.get("x-api-key"):
            return document({"error": "API key is required"}, 401)
        if not request.path.endswith(("/language/models/free", "/data/llms/models")):
            return not_found()
        size = 5
        number = max(1, request.number("page", 1))
        pages = -(-len(self._models) // size)
        return document(
            {
                "tier": "free",
                "intelligence_index_version": "4.1",
                "pagination": {
                    "page": number,
                    "page_size": size,
                    "total_pages": pages,
                    "has_more": number < pages,
                },
                "data": self._models[(number - 1) * size : number * size],
            }
        )
