"""KEV, GitHub, ATLAS and Artificial Analysis: what is particular to each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from collectors import artificial_analysis, atlas, github_advisories, kev
from collectors.base import Options, Payload, Response
from collectors.errors import PayloadChanged, SourceRefused
from collectors.record import Advisory, Incident, Openness, Score
from tests.collectors.conftest import NOW, Shelf, samples

Opts = Callable[..., Options]


def sample(name: str) -> Payload:
    return next(s.payload for s in samples() if s.name == name)


def test_kev_counts_what_it_lists() -> None:
    body = sample("kev/catalogue.json").body.replace(b'"count": 2', b'"count": 3')
    with pytest.raises(PayloadChanged, match="count"):
        list(kev.parse(replace(sample("kev/catalogue.json"), body=body)))


def test_kev_unchanged_gives_nothing(options: Opts) -> None:
    url = "https://kev.example.org/known_exploited_vulnerabilities.json"
    shelf = Shelf({url: Response(url, 304, {}, b"", NOW)})
    assert list(kev.fetch(shelf, {}, options("https://kev.example.org"))) == []


def test_github_is_asked_for_malware_too_and_follows_the_link(options: Opts) -> None:
    base = "https://api.example.org"
    url = f"{base}/advisories"
    body = sample("github_advisories/advisories.json").body
    linked = Response(url, 200, {"link": f'<{url}?after=x>; rel="next"'}, body, NOW)
    shelf = Shelf({url: [linked, []], f"{url}?after=x": [[]]})
    chosen = options(base, extra={"packages": "PyPI/vllm"}, key="t")
    payloads = list(github_advisories.fetch(shelf, {}, chosen))
    asked: list[Any] = [dict(params) for address, params in shelf.asked if address == url]
    assert [a["type"] for a in asked] == ["reviewed", "malware"]
    assert {a["affects"] for a in asked} == {"vllm"}
    marks = [p.watermark for p in payloads]
    assert marks == [{}, {}, {"updated": "2026-07-09T00:00:00+00:00"}]
    assert {h["Authorization"] for h in shelf.headers} == {"Bearer t"}


def test_github_increments_by_day(options: Opts) -> None:
    shelf = Shelf({"https://api.example.org/advisories": [[], []]})
    chosen = options("https://api.example.org", extra={"packages": "PyPI/vllm"})
    list(github_advisories.fetch(shelf, {"updated": "2026-07-09T00:00:00+00:00"}, chosen))
    assert {dict(params)["modified"] for _, params in shelf.asked} == {">=2026-07-08"}


def test_github_speaks_of_the_same_flaw_and_package_as_osv() -> None:
    found = [
        a
        for a in github_advisories.parse(sample("github_advisories/advisories.json"))
        if isinstance(a, Advisory)
    ]
    assert [(a.ecosystem, a.kind, a.fixed) for a in found] == [
        ("PyPI", "vulnerability", True),
        ("PyPI", "malware", False),
        ("Go", "vulnerability", True),
    ]
    assert [a.flaw_id for a in found][:2] == ["CVE-2026-90001", "GHSA-dddd-eeee-ffff"]
    assert [(a.cvss_x10, a.severity) for a in found] == [
        (98, "critical"),
        (None, "critical"),
        (None, None),
    ]


def test_atlas_prints_no_day_that_it_does_not_know() -> None:
    found = [i for i in atlas.parse(sample("atlas/compiled.yaml")) if isinstance(i, Incident)]
    assert [(i.occurred_on, i.date_precision) for i in found] == [
        (date(2025, 1, 1), "year"),
        (date(2024, 11, 1), "month"),
        (date(2026, 1, 9), "day"),
    ]
    assert [i.intent for i in found] == ["Intentional", "exercise", "Intentional"]
    assert {i.known_from for i in found} == {None}
    assert {i.risk_subdomain for i in found} == {"2.2"}, "an attack on AI is no misuse of it"


@pytest.mark.parametrize("body", [b"[" * 50_000, b"a: " * 5_000, b"x: &a [*a]", b"\xff\xfe\x00"])
def test_atlas_refuses_yaml_that_breaks_readers(body: bytes) -> None:
    with pytest.raises(PayloadChanged):
        list(atlas.parse(replace(sample("atlas/compiled.yaml"), body=body)))


def test_the_index_states_its_version_and_guesses_nothing() -> None:
    payload = sample("artificial_analysis/models.json")
    found = [s for s in artificial_analysis.parse(payload) if isinstance(s, Score)]
    assert {s.index_version for s in found} == {"4.1"}
    assert [(s.openness, s.jurisdictions) for s in found] == [
        (Openness.UNKNOWN, "unknown"),
        (Openness.OPEN, "CN"),
    ]


def test_the_index_sends_its_key_and_is_not_passed_on(options: Opts) -> None:
    url = "https://aa.example.org/language/models/free"
    shelf = Shelf({url: [{"data": [], "pagination": {"page": 1, "has_more": True}}, {"data": []}]})
    chosen = options("https://aa.example.org", key="k")
    assert len(list(artificial_analysis.fetch(shelf, {}, chosen))) == 2
    assert {h["x-api-key"] for h in shelf.headers} == {"k"}
    assert not artificial_analysis.SOURCE.redistributable
    with pytest.raises(SourceRefused):
        list(artificial_analysis.fetch(Shelf({}), {}, chosen))
