"""Each source of the stand-in speaks as its own documentation says."""

import bz2
import csv
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import pyarrow.parquet as pq
import pytest
import requests
import yaml

from tests.standin import StandIn

URL = str


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    """Return a stand-in with our own small documents."""
    with StandIn() as running:
        yield running


@pytest.fixture(scope="module")
def real(shared: Path) -> Iterator[StandIn]:
    """Return a stand-in with the real files."""
    with StandIn(shared / "data") as running:
        yield running


def get(standin: StandIn, path: str, **headers: str) -> requests.Response:
    """Return the answer of a path."""
    return requests.get(f"{standin.url}/{path}", headers=headers, timeout=30)


def graphql(standin: StandIn, query: str, **variables: object) -> Any:
    """Return the data of a GraphQL query to the incident database."""
    asked = {"query": query, "variables": variables}
    answer = requests.post(f"{standin.url}/aiid/api/graphql", json=asked, timeout=30).json()
    return answer["data"]


def test_every_source_has_an_address_in_the_environment(standin: StandIn) -> None:
    env = standin.env()

    assert env["TOCSIN_SOURCES__HUGGINGFACE__BASE_URL"] == f"{standin.url}/huggingface"
    assert env["TOCSIN_SOURCES__ARTIFICIAL_ANALYSIS__KEY"] == "stand-in-key"
    assert not any("RECORDED" in name for name in env)


@pytest.mark.parametrize(("vintage", "count"), [("2026-08", 222), ("2025-12", 140)])
def test_either_vintage_of_the_index_is_served(shared: Path, vintage: str, count: int) -> None:
    with StandIn(shared / "data", vintage=vintage) as running:
        rows = list(csv.DictReader(get(running, "epoch/data/eci_scores.csv").text.splitlines()))

    assert len(rows) == count


def test_an_unknown_file_of_epoch_is_a_long_page_of_html(standin: StandIn) -> None:
    answer = get(standin, "epoch/data/ai-models.csv")

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert len(answer.content) > 50_000


def test_the_benchmark_zip_holds_files_to_be_found_by_basename(real: StandIn) -> None:
    archive = zipfile.ZipFile(io.BytesIO(get(real, "epoch/data/benchmark_data.zip").content))
    names = {n.rsplit("/", 1)[-1] for n in archive.namelist()}

    assert {"eci_scores.csv", "gpqa_diamond.csv", "cybench.csv"} <= names


def test_the_arena_is_parquet_with_its_day(real: StandIn) -> None:
    place = "lmarena/datasets/lmarena-ai/leaderboard-dataset/resolve/main/text"
    latest = pq.read_table(io.BytesIO(get(real, f"{place}/latest-00000-of-00001.parquet").content))
    full = pq.read_table(io.BytesIO(get(real, f"{place}/full-00000-of-00001.parquet").content))

    assert latest.num_rows == 10_359
    assert str(latest["leaderboard_publish_date"][0]) == "2026-08-19"
    assert len(set(full["leaderboard_publish_date"].to_pylist())) > 150


def test_incidents_are_filtered_sorted_and_paged(real: StandIn) -> None:
    data = graphql(
        real,
        """query Q($since: DateTime) { incidents(filter: {created_at: {GTE: $since}},
           sort: {incident_id: DESC}, pagination: {limit: 5, skip: 0})
           { incident_id title date created_at AllegedDeployerOfAISystem { entity_id }
             reports { report_number } } }""",
        since="2026-01-01T00:00:00.000Z",
    )["incidents"]

    assert [i["incident_id"] for i in data] == sorted(
        (i["incident_id"] for i in data), reverse=True
    )
    assert len(data) == 5
    assert all(i["created_at"] >= "2026-01-01" for i in data)
    everything = graphql(real, "{ incidents { incident_id } }")["incidents"]
    assert len(everything) == 1367


def test_a_query_that_is_not_understood_is_refused(standin: StandIn) -> None:
    for query in ("mutation { x }", "{ incidents { nothing } }", "{ incidents {"):
        answer = requests.post(f"{standin.url}/aiid/api/graphql", json={"query": query}, timeout=10)
        assert answer.status_code == 400
        assert answer.json()["errors"]


def test_the_snapshot_unpacks_to_the_tables(standin: StandIn) -> None:
    listing = get(standin, "aiid/research/snapshots/").text
    place = listing.split('href="')[1].split('"')[0]
    body = bz2.decompress(requests.get(place, timeout=10).content)

    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        names = archive.getnames()
    assert "mongodump_full_snapshot/incidents.csv" in names


def test_osv_pages_and_refuses_a_version_given_twice() -> None:
    with StandIn() as running:
        service = running.service("osv")
        service.page_size = 1  # type: ignore[union-attr]
        place = f"{running.url}/osv/v1"
        asked: dict[str, object] = {"package": {"name": "torch", "ecosystem": "PyPI"}}
        first = requests.post(f"{place}/query", json=asked, timeout=10).json()
        asked["page_token"] = first["next_page_token"]
        second = requests.post(f"{place}/query", json=asked, timeout=10).json()
        twice = {"package": {"purl": "pkg:pypi/torch@2.0"}, "version": "2.0"}

        assert first["vulns"][0]["id"] != second["vulns"][0]["id"]
        assert "next_page_token" not in second
        assert requests.post(f"{place}/query", json=twice, timeout=10).status_code == 400


def test_a_fixed_version_and_a_clean_package_have_no_flaws(standin: StandIn) -> None:
    asked = {
        "queries": [
            {"package": {"name": "torch", "ecosystem": "PyPI"}, "version": "2.5.1"},
            {"package": {"name": "torch", "ecosystem": "PyPI"}, "version": "2.6.0"},
            {"package": {"purl": "pkg:pypi/harmless"}},
        ]
    }
    results = requests.post(f"{standin.url}/osv/v1/querybatch", json=asked, timeout=10).json()

    assert [len(r.get("vulns", [])) for r in results["results"]] == [2, 0, 0]
    assert results["results"][2] == {}


def test_osv_increments_are_newest_first_and_each_id_opens(real: StandIn) -> None:
    rows = list(csv.reader(get(real, "osv/Bitnami/modified_id.csv").text.splitlines()))

    assert len(rows) == 543
    assert [r[0] for r in rows] == sorted((r[0] for r in rows), reverse=True)
    assert get(real, f"osv/v1/vulns/{rows[0][1]}").json()["id"] == rows[0][1]


def test_malware_is_listed_only_when_asked_for(standin: StandIn) -> None:
    reviewed = get(standin, "github_advisories/advisories?ecosystem=pip&per_page=100")
    malware = get(standin, "github_advisories/advisories?type=malware")

    assert len(reviewed.json()) == 100
    assert 'rel="next"' in reviewed.headers["link"]
    assert {a["type"] for a in malware.json()} == {"malware"}


def test_the_federal_register_applies_its_conditions(real: StandIn) -> None:
    place = "federal_register/api/v1/documents.json"
    orders = get(real, f"{place}?conditions[type][]=PRESDOCU&per_page=1000").json()
    listed = get(
        real,
        f"{place}?conditions[agencies][]=industry-and-security-bureau"
        '&conditions[term]="Entity List"&fields[]=title&fields[]=publication_date',
    ).json()

    assert orders["count"] == 700  # 699 real orders and one of ours
    assert [set(r) for r in listed["results"]] == [{"title", "publication_date"}]


def test_the_federal_register_pages_by_an_absolute_address(standin: StandIn) -> None:
    first = get(standin, "federal_register/api/v1/documents.json?per_page=2").json()

    assert (first["count"], first["total_pages"]) == (5, 3)
    assert requests.get(first["next_page_url"], timeout=10).json()["results"]


def test_chinese_lists_keep_their_shapes(standin: StandIn) -> None:
    rows = get(standin, "govcn/zhengce/zuixin/ZUIXINZHENGCE.json").json()
    html = get(standin, "cac/wxzw/zcfg/A093703index_1.htm").text

    assert set(rows[0]) == {"TITLE", "SUB_TITLE", "URL", "DOCRELPUBTIME"}
    assert 'id="loadingInfoPage"' in html
    assert "2026-04-10" in html


def test_feeds_come_sound_and_spoilt(standin: StandIn) -> None:
    sound = feedparser.parse(get(standin, "feeds/rss.xml").content)
    raw = get(standin, "feeds/gb2312.xml")

    assert len(sound.entries) == 2
    assert "人工智能" in raw.content.decode("gb2312")
    assert "charset" not in raw.headers["content-type"]
    assert feedparser.parse(get(standin, "feeds/truncated.xml").content).bozo


def test_the_nineteen_malformed_feeds_are_served(real: StandIn) -> None:
    names = [n for n in get(real, "feeds/").json() if n.startswith("malformed/illformed/")]

    assert len(names) == 19
    assert all(get(real, f"feeds/{n}").status_code == 200 for n in names)


@pytest.mark.parametrize(
    ("path", "header"),
    [
        ("openrouter/api/v1/datasets/rankings-daily", {"Authorization": "Bearer key"}),
        ("artificial_analysis/api/v2/language/models/free", {"x-api-key": "key"}),
    ],
)
def test_keyed_lists_answer_401_without_a_key(
    standin: StandIn, path: str, header: dict[str, str]
) -> None:
    assert get(standin, path).status_code == 401
    assert get(standin, path, **header).json()["data"]


def test_catalogues_have_their_counts(real: StandIn) -> None:
    models = get(real, "models_dev/models.json").json()
    raw = get(real, "openrouter/api/v1/models").json()["data"]

    assert len(models) == 231
    assert sum(bool(m.get("open_weights")) for m in models.values()) == 108
    assert len(raw) == 364
    studies = yaml.safe_load(get(real, "atlas/ATLAS.yaml").text)["case-studies"]
    assert len(studies) == 57


def test_civitai_pages_by_cursor_alone(standin: StandIn) -> None:
    seen: list[int] = []
    place = f"{standin.url}/civitai/api/v1/models?limit=100"
    while place:
        answer = requests.get(place, timeout=10).json()
        seen += [i["id"] for i in answer["items"]]
        place = answer["metadata"].get("nextPage", "")

    assert len(seen) == len(set(seen)) == 230
    assert get(standin, "civitai/api/v1/models?limit=100&page=11").status_code == 429


def test_pulls_are_on_the_search_page(standin: StandIn) -> None:
    assert "10.6K" in get(standin, "ollama/search?o=newest").text
    assert get(standin, "kev/known_exploited_vulnerabilities.json").json()["count"] == 3
    assert json.loads(get(standin, "modelscope/openapi/v1/models").text)["success"] is True
