"""Real files of the sources, as kept beside the repository: counts and known facts asserted."""

import gzip
import io
import json
import tarfile
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collectors import aiid, atlas, epoch, federal_register, feeds, lmarena, osv
from collectors.base import Payload, Refused
from collectors.errors import PayloadChanged
from collectors.licence import unknown_spellings
from collectors.record import Advisory, Incident, Openness, PolicyEvent, Release, Score
from collectors.table import read_rows

Maker = Callable[..., Payload]

ECI = {
    "2025-12": ("epoch_eci/2025-12_eci_scores.csv", 140),
    "2026-08": ("epoch_eci/2026-08/eci_scores.csv", 222),
}


def scores(payload: Payload) -> list[Score]:
    return [s for s in epoch.parse(payload) if isinstance(s, Score)]


@pytest.mark.parametrize("vintage", ECI)
def test_both_vintages_of_eci(shared: Path, payload_of: Maker, vintage: str) -> None:
    file, rows = ECI[vintage]
    found = scores(payload_of("epoch", "eci", (shared / "data" / file).read_bytes()))
    assert len(found) == rows
    assert len({s.model_name for s in found}) == rows
    assert "," not in {s.jurisdictions for s in found if s.organisation == "OpenAI"}.pop()
    assert {s.jurisdictions for s in found} <= {"US", "CN", "FR", "GB", "AE", "GB,US", "unknown"}


def test_eci_of_2026_names_openness_as_its_source_counts_it(
    shared: Path, payload_of: Maker
) -> None:
    body = (shared / "data/epoch_eci/2026-08/eci_scores.csv").read_bytes()
    found = scores(payload_of("epoch", "eci", body))
    assert Counter(s.openness for s in found) == {
        Openness.OPEN: 94,
        Openness.CLOSED: 104,
        Openness.UNKNOWN: 24,
    }
    assert max(s.score_micro for s in found) == 161_650_000
    assert sum(s.released_on is None for s in found) == 0


def test_eci_of_2025_has_a_row_without_date(shared: Path, payload_of: Maker) -> None:
    body = (shared / "data/epoch_eci/2025-12_eci_scores.csv").read_bytes()
    found = scores(payload_of("epoch", "eci", body))
    assert sum(s.released_on is None for s in found) == 1


@pytest.mark.parametrize(
    ("file", "releases", "refused", "opened"),
    [("all_ai_models_2025-04", 2223, 2, 605), ("notable_ai_models_2026-07", 1036, 0, 319)],
)
def test_models_of_the_old_and_the_new_schema(
    shared: Path, payload_of: Maker, file: str, releases: int, refused: int, opened: int
) -> None:
    body = gzip.decompress((shared / f"data/epoch_models/{file}.csv.gz").read_bytes())
    parsed = list(epoch.parse(payload_of("epoch", "models", body)))
    found = [r for r in parsed if isinstance(r, Release)]
    assert (len(found), len(parsed) - len(found)) == (releases, refused)
    assert sum(r.openness is Openness.OPEN for r in found) == opened
    assert sum(r.jurisdictions == "unknown" for r in found) < 150


def test_the_arena_board_of_393_models_and_its_licence_spellings(
    shared: Path, payload_of: Maker
) -> None:
    file = shared / "data/lmarena/hf_text_2026-08-22.json.gz"
    board = json.loads(gzip.decompress(file.read_bytes()))
    day = board["meta"]["leaderboard_publish_date"]
    out = io.BytesIO()
    rows = [row | {"leaderboard_publish_date": day} for row in board["rows"]]
    pq.write_table(pa.Table.from_pylist(rows), out)
    context = {"subset": "text", "categories": "overall"}
    payload = payload_of("lmarena", "latest", out.getvalue(), context=context)
    found = [s for s in lmarena.parse(payload) if isinstance(s, Score)]
    assert len(found) == 393
    assert {s.board_on for s in found} == {date(2026, 8, 19)}
    spelled = {s.licence for s in found}
    assert len(spelled - {"Proprietary"}) == 38
    assert set(unknown_spellings(found)) <= {"Other", "Qwen"}
    assert unknown_spellings(found).total() <= 5
    states = Counter(s.openness for s in found)
    assert states[Openness.OPEN] + states[Openness.CLOSED] == 393
    assert states[Openness.OPEN] >= 210
    assert sum(s.jurisdictions == "unknown" for s in found) <= 20


def test_543_osv_records_count_once_each_and_are_marked_as_a_mirror(
    shared: Path, payload_of: Maker
) -> None:
    found: list[Advisory] = []
    with tarfile.open(shared / "data/osv_records/data.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None and member.name.endswith(".json"):
                payload = payload_of("osv", "vulnerability", file.read())
                found += [a for a in osv.parse(payload) if isinstance(a, Advisory)]
    assert len(found) == 543
    assert len({a.flaw_id for a in found}) == 543
    assert all(a.flaw_id.startswith("CVE-") and a.cvss_x10 is not None for a in found)
    assert all(a.imported_in_bulk and a.known_from is None for a in found)
    assert Counter(a.package for a in found)["tensorflow"] == 422


@pytest.mark.parametrize("number", range(4))
def test_recorded_batches_of_osv_are_read(shared: Path, payload_of: Maker, number: int) -> None:
    pair = json.loads((shared / f"data/osv/recorded_querybatch_{number}.json").read_bytes())
    body = json.dumps(pair["response"])
    results = osv.batch_results(payload_of("osv", "batch", body))
    assert len(results) == len(pair["request"]["queries"])


def test_1367_incidents_with_their_classes_and_first_seen_days(
    shared: Path, payload_of: Maker
) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:bz2") as archive:
        for name in ("classifications_MIT.csv", "duplicates.csv", "incidents.csv"):
            archive.add(shared / "data/aiid" / name, f"mongodump_full_snapshot/{name}")
    payload = payload_of("aiid", "snapshot", out.getvalue())
    parsed = list(aiid.parse(payload))
    found = [i for i in parsed if isinstance(i, Incident)]
    assert len(parsed) == 1367
    assert [p.reason for p in parsed if isinstance(p, Refused)] == [
        "repeats incident 1057",
        "repeats incident 112",
    ]
    assert sum(i.risk_domain == "4" for i in found) == 424
    assert all(i.known_from and i.occurred_on for i in found)
    years = Counter(i.occurred_on.year for i in found if i.risk_domain == "4" and i.occurred_on)
    assert (years[2022], years[2023], years[2024], years[2025]) == (20, 62, 139, 165)


def test_the_older_snapshot_as_a_plain_table(shared: Path, payload_of: Maker) -> None:
    body = (shared / "data/aiid/incidents_2025-03-24.csv").read_bytes()
    assert len(list(aiid.parse(payload_of("aiid", "table", body)))) == 989


def test_57_case_studies_with_the_precision_that_they_have(shared: Path, payload_of: Maker) -> None:
    body = (shared / "data/atlas/dist/ATLAS.yaml").read_bytes()
    found = list(atlas.parse(payload_of("atlas", "compiled", body)))
    incidents = [i for i in found if isinstance(i, Incident)]
    assert len(incidents) == len(found) == 57
    assert Counter(i.date_precision for i in incidents) == {"day": 34, "month": 14, "year": 9}
    coarse = [i for i in incidents if i.date_precision == "year" and i.occurred_on]
    assert {(i.occurred_on.month, i.occurred_on.day) for i in coarse if i.occurred_on} == {(1, 1)}


def test_699_executive_orders_without_abstract(shared: Path, payload_of: Maker) -> None:
    body = (shared / "data/federal_register/executive_orders_results.json").read_bytes()
    found = list(federal_register.parse(payload_of("federal_register", "documents", body)))
    events = [e for e in found if isinstance(e, PolicyEvent)]
    assert len(events) == len(found) == 699
    order = next(e for e in events if e.event_id == "2025-02172")
    assert (order.occurred_on, order.published_on) == (date(2025, 1, 23), date(2025, 1, 31))


def malformed(shared: Path) -> dict[str, bytes]:
    found = {}
    with tarfile.open(shared / "data/feeds_malformed/feeds.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None and member.name.startswith("illformed/"):
                found[member.name] = file.read()
    return found


def test_19_malformed_feeds_are_read_or_refused_by_name(shared: Path, payload_of: Maker) -> None:
    outcome: dict[str, str] = {}
    for name, body in malformed(shared).items():
        payload = payload_of("feeds", "feed", body, url="https://example.gov.cn/rss.xml")
        try:
            parsed = list(feeds.parse(payload))
        except PayloadChanged:
            outcome[name] = "refused"
        else:
            named = all(isinstance(p, Refused | PolicyEvent) for p in parsed)
            outcome[name] = "read" if named else "lost"
    assert Counter(outcome.values()) == {"read": 13, "refused": 6}


@pytest.mark.parametrize("host", ["www.example.gov.cn", "example.org"])
def test_a_feed_in_gb2312_without_declaration_reads_as_chinese(shared: Path, host: str) -> None:
    text = feeds.decode(malformed(shared)["illformed/chardet/gb2312.xml"], host=host)
    assert "不归移民漫画系列：专业工作" in text


def test_a_byte_order_mark_and_torn_rows_do_not_hide(shared: Path) -> None:
    body = (shared / "data/agora/collections.csv").read_bytes()
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(read_rows("agora", body, ("Name", "Description")))
    torn = [row.text("Name") for row in rows if row.text("Description") is None]
    assert torn[:3] == ["executive orders", "U.S. regulations", "and agency policies"]


def test_the_malicious_repositories_as_gbk(shared: Path) -> None:
    text = (shared / "data/malhug/malhug_meta_nocode.csv").read_text(encoding="gb18030")
    marked = text.replace("proof-of-concept,", "proof-of-concept,概念验证", 1)
    rows = list(read_rows("malhug", marked.encode("gbk"), ("type", "created_at", "remark")))
    assert len(rows) == 100
    assert sum(row.text("remark") == "概念验证" for row in rows) == 1
