"""The smaller hubs and catalogues over real HTTP, and over the real files where they are."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from collectors import civitai, models_dev, modelscope, ollama, openrouter
from collectors.base import Collector, Options, Parsed, Payload, Refused
from collectors.document import decode_json
from collectors.errors import PayloadChanged
from collectors.http import Client
from collectors.record import Counter, Figure, Model, Openness, Record, Release, Usage
from tests.standin import StandIn

R = TypeVar("R", bound=Record)
NOW = datetime(2026, 8, 22, 6, tzinfo=UTC)


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


def fetched(
    collector: Collector,
    standin: StandIn,
    marks: dict[str, str] | None = None,
    now: datetime = NOW,
    **settings: object,
) -> list[Payload]:
    base = f"{standin.url}/{collector.source.id}"
    client = Client(collector.source, base, now=lambda: now, sleep=lambda _: None)
    options = Options(now=now, base_url=base, **settings)  # type: ignore[arg-type]
    return list(collector.fetch(client, marks or {}, options))


def parsed(collector: Collector, payloads: list[Payload]) -> list[Parsed]:
    return [item for payload in payloads for item in collector.parse(payload)]


def payload(
    collector: Collector, shape: str, body: bytes, url: str = "https://x.example/"
) -> Payload:
    return Payload(collector.source.id, shape, url, 200, {}, body, NOW)


def of(kind: type[R], found: list[Parsed]) -> list[R]:
    return [item for item in found if isinstance(item, kind)]


def test_modelscope_takes_the_32_real_rows(shared: Path) -> None:
    owners = {"owners": "moonshotai,deepseek-ai"}
    with StandIn(shared / "data") as standin:
        found = parsed(modelscope.COLLECTOR, fetched(modelscope.COLLECTOR, standin, extra=owners))
    counters = {c.model_id: c for c in of(Counter, found)}
    assert len(of(Model, found)) == len(counters) == 32
    assert counters["moonshotai/Kimi-K2-Thinking"].downloads_all_time == 1_808_210
    assert all(c.downloads_30d is None for c in counters.values())


@pytest.mark.long
def test_modelscope_stays_inside_its_window_and_cuts_finer_beyond(standin: StandIn) -> None:
    hub = standin.service("modelscope")
    hub.grow("big", 3050)  # type: ignore[union-attr]
    payloads = fetched(modelscope.COLLECTOR, standin, extra={"owners": "big"})
    assert {a.status for a in standin.asked} == {200}
    assert len(payloads) == 120  # the window twice, from both ends
    ids = {m.model_id for m in of(Model, parsed(modelscope.COLLECTOR, payloads))}
    assert len(ids) == 3050


def test_modelscope_lists_its_owners_once() -> None:
    assert len(set(modelscope.owners())) == len(modelscope.owners()) >= 20


def test_modelscope_takes_a_polite_refusal_for_a_change() -> None:
    body = b'{"success": false, "data": {"models": [], "total_count": 0}}'
    with pytest.raises(PayloadChanged, match="success"):
        parsed(modelscope.COLLECTOR, [payload(modelscope.COLLECTOR, "models", body)])


def test_models_dev_takes_the_231_real_files(shared: Path) -> None:
    folder = shared / "data" / "models_dev" / "models"
    payloads = [
        payload(
            models_dev.COLLECTOR,
            "toml",
            path.read_bytes(),
            f"https://x.example/models/{path.relative_to(folder).as_posix()}",
        )
        for path in sorted(folder.rglob("*.toml"))
    ]
    found = of(Release, parsed(models_dev.COLLECTOR, payloads))
    assert len(found) == len({r.model_name for r in found}) == 231
    assert sum(r.openness is Openness.OPEN for r in found) == 108
    assert max(r.released_on for r in found if r.released_on) == date(2026, 6, 30)
    assert sum(r.hub_id is not None for r in found) >= 75


def test_models_dev_falls_back_to_the_list_by_provider(standin: StandIn) -> None:
    whole = of(Release, parsed(models_dev.COLLECTOR, fetched(models_dev.COLLECTOR, standin)))
    standin.fault("models_dev", "status", code=404, path="models.json", times=None)
    payloads = fetched(models_dev.COLLECTOR, standin)
    again = of(Release, parsed(models_dev.COLLECTOR, payloads))
    assert [p.shape for p in payloads] == ["providers"]
    assert {r.model_name for r in whole} <= {r.model_name for r in again}


def test_openrouter_reads_the_364_real_models_as_347_releases(shared: Path) -> None:
    body = (shared / "data" / "models_dev" / "openrouter_api_v1_models_raw.json").read_bytes()
    given = payload(openrouter.COLLECTOR, "models", body)
    assert len(decode_json(given, openrouter.Listed).data) == 364
    found = of(Release, parsed(openrouter.COLLECTOR, [given]))
    assert len(found) == len({r.model_name for r in found}) == 347
    assert sum(r.hub_id is not None for r in found) > 150
    assert Openness.CLOSED not in {r.openness for r in found}  # unmapped is unknown, not closed


def test_openrouter_without_a_key_gives_models_alone(standin: StandIn) -> None:
    assert [p.shape for p in fetched(openrouter.COLLECTOR, standin)] == ["models"]


def test_openrouter_adds_variants_up_and_goes_on_from_its_mark(standin: StandIn) -> None:
    first = fetched(openrouter.COLLECTOR, standin, key="stand-in-key")
    assert first[1].url.split("start_date=")[1].startswith("2025-01-01")
    assert first[-1].watermark == {"rankings.day": "2026-08-22"}
    usage = of(Usage, parsed(openrouter.COLLECTOR, first))
    assert usage
    assert len({(u.served_on, u.model_name) for u in usage}) == len(usage)
    again = fetched(openrouter.COLLECTOR, standin, dict(first[-1].watermark), key="stand-in-key")
    assert len(again) == 2
    assert "start_date=2026-08-19" in again[1].url


def test_civitai_keeps_counts_and_nothing_that_could_be_looked_up(standin: StandIn) -> None:
    payloads = fetched(civitai.COLLECTOR, standin)
    kept = b"".join(p.body for p in payloads)
    for trace in (b"Adapter", b"1000", b"SHA256", b"hashes", b"cursor="):
        assert trace not in kept
    figures = of(Figure, parsed(civitai.COLLECTOR, payloads))
    assert {f.measure for f in figures} >= {"civitai_new", "civitai_new_likeness"}
    assert max(f.period_on for f in figures) == NOW.date() - timedelta(days=1)


def test_civitai_counts_only_days_that_were_seen_whole() -> None:
    body = (
        b'{"whole_from":"2026-08-20","rows":['
        b'{"day":"2026-08-20","kind":"LORA","likeness":true,"adult":false,"removed":false},'
        b'{"day":"2026-08-19","kind":"LORA","likeness":true,"adult":false,"removed":false},'
        b'{"day":"2026-08-22","kind":"LORA","likeness":true,"adult":false,"removed":false}]}'
    )
    found = of(Figure, parsed(civitai.COLLECTOR, [payload(civitai.COLLECTOR, "counted", body)]))
    likeness = {f.period_on: f.value_micro for f in found if f.measure == "civitai_new_likeness"}
    assert likeness == {date(2026, 8, 20): 1_000_000, date(2026, 8, 21): 0}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("845", 845), ("10.6K", 10_600), ("1.2M", 1_200_000), ("0.5k", 500), ("2B", 2_000_000_000),
        ("1,024", 1024), ("1.234K", 1234), ("", None), ("many", None), ("-3", None), ("1e9", None),
    ],
)  # fmt: skip
def test_ollama_reads_rounded_pulls(text: str, number: int | None) -> None:
    assert ollama.pulls(text) == number


def test_ollama_ends_when_a_page_repeats(standin: StandIn) -> None:
    payloads = fetched(ollama.COLLECTOR, standin)
    assert len(payloads) == 1
    found = parsed(ollama.COLLECTOR, payloads)
    assert {c.model_id for c in of(Counter, found)} == {
        "library/deep-r",
        "library/qwen-like",
        "library/gemma-like",
    }


def test_a_script_is_no_model_anywhere() -> None:
    name = "<script>alert(1)</script>"
    bodies = {
        modelscope.COLLECTOR: b'{"data":{"models":[{"id":"%s"}],"total_count":1}}',
        models_dev.COLLECTOR: b'{"%s":{}}',
        openrouter.COLLECTOR: b'{"data":[{"id":"%s"}]}',
    }
    for collector, body in bodies.items():
        found = parsed(collector, [payload(collector, "models", body % name.encode())])
        records = [item for item in found if isinstance(item, Record)]
        assert not records, collector.source.id
        assert any(isinstance(item, Refused) for item in found)
