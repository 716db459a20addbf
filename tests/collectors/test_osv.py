"""OSV: one flaw under many names, scores from vectors, increments that miss nothing."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from collectors import kev, osv
from collectors.base import Options, Payload
from collectors.errors import PayloadChanged, SourceUnavailable
from collectors.record import Advisory
from tests.collectors.conftest import Shelf

BASE = osv.SOURCE.base_url
BATCH, VULNS = f"{BASE}/v1/querybatch", f"{BASE}/v1/vulns"
CHANGES = f"{osv.BULK}/PyPI/modified_id.csv"
Read = Callable[[str], bytes]
Maker = Callable[..., Payload]
Opts = Callable[..., Options]


def advisories(payload: Payload) -> list[Advisory]:
    return [a for a in osv.parse(payload) if isinstance(a, Advisory)]


@pytest.fixture
def vllm(options: Opts) -> Options:
    return options(BASE, extra={"packages": "PyPI/vllm"})


def hit(id_: str, modified: str) -> dict[str, str]:
    return {"id": id_, "modified": modified}


def test_ghsa_pysec_and_cve_count_once(read_own: Read, vllm: Options) -> None:
    """PYSEC names only GHSA, GHSA only CVE: joined over all records they are one flaw."""
    both = [
        hit("GHSA-aaaa-bbbb-cccc", "2026-06-03T10:00:00Z"),
        hit("PYSEC-2026-9001", "2026-06-04T10:00:00Z"),
    ]
    shelf = Shelf(
        {
            BATCH: {"results": [{"vulns": both}]},
            f"{VULNS}/GHSA-aaaa-bbbb-cccc": read_own("osv/ghsa.json"),
            f"{VULNS}/PYSEC-2026-9001": read_own("osv/pysec.json"),
        }
    )
    payloads = list(osv.fetch(shelf, {}, vllm))
    found = [a for p in payloads for a in advisories(p)]
    assert {a.flaw_id for a in found if a.package == "vllm"} == {"CVE-2026-90001"}
    assert [p.watermark for p in payloads] == [{}, {"modified": "2026-06-04T10:00:00+00:00"}]


def test_a_new_name_is_joined_to_a_record_read_long_ago(read_own: Read, vllm: Options) -> None:
    """Only PYSEC is new: its alias is read as well, because it may know the CVE."""
    both = [
        hit("GHSA-aaaa-bbbb-cccc", "2026-06-03T10:00:00Z"),
        hit("PYSEC-2026-9001", "2026-06-04T10:00:00Z"),
    ]
    shelf = Shelf(
        {
            BATCH: {"results": [{"vulns": both}]},
            CHANGES: b"2026-06-04T10:00:00Z,PYSEC-2026-9001\n",
            f"{VULNS}/GHSA-aaaa-bbbb-cccc": read_own("osv/ghsa.json"),
            f"{VULNS}/PYSEC-2026-9001": read_own("osv/pysec.json"),
        }
    )
    payloads = list(osv.fetch(shelf, {"modified": "2026-06-04T00:00:00+00:00"}, vllm))
    assert {a.flaw_id for p in payloads for a in advisories(p)} == {"CVE-2026-90001"}


def test_nothing_changed_asks_for_no_record(vllm: Options) -> None:
    shelf = Shelf(
        {BATCH: {"results": [{"vulns": [hit("GHSA-x", "2026-01-01T00:00:00Z")]}]}, CHANGES: b""}
    )
    assert list(osv.fetch(shelf, {"modified": "2026-01-01T00:00:00+00:00"}, vllm)) == []
    assert [url for url, _ in shelf.asked] == [BATCH, CHANGES]


def test_a_clean_package_is_an_empty_object(vllm: Options) -> None:
    assert list(osv.fetch(Shelf({BATCH: {"results": [{}]}}), {}, vllm)) == []


def test_every_page_of_a_result_is_asked_for(vllm: Options) -> None:
    first = {"results": [{"vulns": [], "next_page_token": "t2"}]}
    shelf = Shelf({BATCH: [first, {"results": [{}]}]})
    assert list(osv.fetch(shelf, {}, vllm)) == []
    queries: list[Any] = [document["queries"][0] for _, document in shelf.asked]
    assert "page_token" not in queries[0]
    assert queries[1]["page_token"] == "t2"


def test_results_out_of_step_are_refused(vllm: Options) -> None:
    with pytest.raises(PayloadChanged, match="results in order"):
        list(osv.fetch(Shelf({BATCH: {"results": []}}), {}, vllm))


def test_without_the_list_of_changes_the_batch_is_enough(read_own: Read, vllm: Options) -> None:
    shelf = Shelf(
        {
            BATCH: {"results": [{"vulns": [hit("GHSA-aaaa-bbbb-cccc", "2026-06-03T10:00:00Z")]}]},
            CHANGES: SourceUnavailable("down"),
            f"{VULNS}/GHSA-aaaa-bbbb-cccc": read_own("osv/ghsa.json"),
        }
    )
    assert len(list(osv.fetch(shelf, {"modified": "2026-06-01T00:00:00+00:00"}, vllm))) == 1


def test_the_list_of_changes_is_read_whatever_its_order() -> None:
    body = b"2026-01-01T00:00:00Z,A\n2026-03-01T00:00:00Z,dir/B\r\nbroken\n2026-02-01T00:00:00Z,C"
    assert osv.changed_ids(body, datetime(2026, 1, 15, tzinfo=UTC)) == {"B", "C"}


def test_the_score_is_of_the_newest_vector(payload_of: Maker, read_own: Read) -> None:
    found = advisories(payload_of("osv", "vulnerability", read_own("osv/ghsa.json")))
    assert {(a.cvss_x10, a.severity) for a in found} == {(93, "critical")}


def test_fixed_is_yes_no_or_not_said(payload_of: Maker, read_own: Read) -> None:
    found = advisories(payload_of("osv", "vulnerability", read_own("osv/ghsa.json")))
    assert {a.package: a.fixed for a in found} == {"vllm": True, "vllm-extras": False}
    document = json.loads(read_own("osv/ghsa.json"))
    document["affected"] = document["affected"][1:2]
    (only,) = advisories(payload_of("osv", "vulnerability", json.dumps(document)))
    assert only.fixed is None


def test_malware_and_withdrawal(payload_of: Maker, read_own: Read) -> None:
    (found,) = advisories(payload_of("osv", "vulnerability", read_own("osv/mal.json")))
    assert (found.kind, found.withdrawn_on) == ("malware", date(2026, 7, 3))
    assert found.cvss_x10 is None, "no score is not a low score"
    assert found.severity is None


def test_a_mirror_is_not_dated_by_its_import(payload_of: Maker, read_own: Read) -> None:
    (found,) = advisories(payload_of("osv", "vulnerability", read_own("osv/bit.json")))
    assert found.imported_in_bulk
    assert found.known_from is None
    assert found.flaw_id == "CVE-2026-90001"


def test_an_exploited_flaw_joins_by_cve(payload_of: Maker, read_own: Read) -> None:
    listed = kev.parse(payload_of("kev", "catalogue", read_own("kev/catalogue.json")))
    exploited = {a.flaw_id: a for a in listed if isinstance(a, Advisory) and a.exploited}
    found = advisories(payload_of("osv", "vulnerability", read_own("osv/ghsa.json")))
    assert found[0].flaw_id in exploited
    assert exploited[found[0].flaw_id].published_on == date(2026, 6, 18)
