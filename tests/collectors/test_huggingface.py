"""The Hub's four passes over real HTTP: paging, watermarks, resumption, what is refused."""

from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest

from collectors import huggingface
from collectors.base import Columns, Options, Parsed, Payload, Refused
from collectors.errors import PayloadChanged, SourceRefused, SourceUnavailable
from collectors.http import Client
from collectors.huggingface_link import next_page
from collectors.record import Base, Counter, File, Model, Presence, Scan, Tag
from tests.standin import StandIn
from tests.standin.catalogue import Listed
from tests.standin.corpus import Corpus
from tests.standin.services.huggingface import listed_models

NOW = datetime(2026, 8, 22, 6, tzinfo=UTC)


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@cache
def catalogue(data: Path) -> Listed:
    return listed_models(Corpus(data))


def real(shared: Path, **settings: float) -> StandIn:
    """Return a stand-in that serves the 4,167 real models, read once for all tests."""
    data = shared / "data"
    return StandIn(data, catalogue=catalogue(data), **settings)  # type: ignore[arg-type]


class Run:
    """One run of the collector against a stand-in, with a clock that only sleeping moves."""

    def __init__(self, standin: StandIn, now: datetime = NOW) -> None:
        self.base, self.begun = f"{standin.url}/huggingface", now
        self.slept: list[float] = []
        self.client = Client(huggingface.SOURCE, self.base, now=self.now, sleep=self.slept.append)

    def now(self) -> datetime:
        return self.begun + timedelta(seconds=sum(self.slept))

    def fetch(self, marks: dict[str, str], **settings: object) -> Iterator[Payload]:
        options = Options(now=self.begun, base_url=self.base, **settings)  # type: ignore[arg-type]
        return huggingface.fetch(self.client, marks, options)


def plain(values: Sequence[object]) -> Sequence[object]:
    return values.to_pylist() if isinstance(values, pa.Array) else values


def rows(parsed: list[Parsed], record: type) -> list[dict[str, object]]:
    found = []
    for item in parsed:
        if isinstance(item, Columns) and item.record is record:
            names = list(item.columns)
            found += [
                dict(zip(names, values, strict=True))
                for values in zip(*map(plain, item.columns.values()), strict=True)
            ]
    return found


def parse_all(payloads: list[Payload]) -> list[Parsed]:
    return [item for payload in payloads for item in huggingface.parse(payload)]


def ids(payloads: list[Payload]) -> list[object]:
    return [r["model_id"] for r in rows(parse_all(payloads), Model)]


@pytest.mark.parametrize(
    ("header", "place"),
    [
        ('<https://h/x?cursor=1>; rel="next"', "https://h/x?cursor=1"),
        ("<https://h/x>; rel=next", "https://h/x"),
        ('<https://h/a,b>; title="x"; rel="prev next"', "https://h/a,b"),
        ('</c>; rel="api-catalog", <https://h/x>; rel="next"', "https://h/x"),
        ('<https://h/x>; rel="next-archive"', None),
        ('</.well-known/api-catalog>; rel="api-catalog"', None),
        ("", None),
    ],
)
def test_the_next_page_is_the_one_with_that_relation(header: str, place: str | None) -> None:
    assert next_page(header) == place


def test_the_first_active_pass_describes_later_ones_count(standin: StandIn) -> None:
    first = list(Run(standin).fetch({}, floor=0, passes=("active",)))
    assert {p.sweep for p in first} == {"first"}
    assert [p.last for p in first] == [False] * (len(first) - 1) + [True]
    marks = dict(first[-1].watermark)
    assert set(marks) == {"active.done", "active.first"}
    again = list(Run(standin).fetch(marks, floor=0, passes=("active",)))
    assert {p.shape for p in again} == {"counters"}
    assert not rows(parse_all(again), Model)


def test_the_active_pass_stops_under_the_floor(shared: Path) -> None:
    with real(shared) as standin:
        payloads = list(Run(standin).fetch({}, floor=10_000, passes=("active",)))
    counts = [r["downloads_30d"] for r in rows(parse_all(payloads), Counter)]
    assert len(payloads) < 5
    assert min(int(str(c)) for c in counts) < 10_000


def test_the_new_pass_stops_at_its_mark_with_an_overlap(shared: Path) -> None:
    marks = {"new.created": "2026-04-20T00:00:00+00:00"}
    with real(shared) as standin:
        payloads = list(Run(standin).fetch(marks, passes=("new",)))
    assert len(payloads) == 1
    assert payloads[0].watermark["new.created"] > marks["new.created"]


def test_a_mark_never_lies_in_the_future(standin: StandIn) -> None:
    marks = {"new.created": "2026-08-21T00:00:00+00:00"}
    payload = list(Run(standin).fetch(marks, passes=("new",)))[-1]
    assert payload.watermark["new.created"] <= payload.fetched_at.isoformat()


def test_a_census_killed_on_its_way_goes_on_and_has_every_id_once(shared: Path) -> None:
    with real(shared) as standin:
        whole = ids(list(Run(standin).fetch({}, passes=("census",))))
        broken = Run(standin).fetch({}, passes=("census",))
        begun = [next(broken), next(broken)]
        broken.close()  # type: ignore[attr-defined]
        assert all(p.resumable and not p.last for p in begun)
        rest = list(Run(standin).fetch(dict(begun[-1].watermark), passes=("census",)))
    assert len(whole) == len(set(whole)) == 4167
    assert Tally(ids([*begun, *rest])) == Tally(whole)
    assert rest[-1].last
    assert rest[-1].watermark["census.cursor"] == ""


def test_a_census_interrupted_for_long_begins_again(standin: StandIn) -> None:
    marks = {"census.cursor": "cursor=old", "census.started": "2026-07-01T00:00:00+00:00"}
    payloads = list(Run(standin).fetch(marks, passes=("census",)))
    assert "cursor=old" not in payloads[0].url


@pytest.mark.parametrize(
    ("marks", "due"),
    [
        ({}, ("active", "new")),
        ({"active.done": "2026-08-21T20:00:00+00:00"}, ("new",)),
        ({"active.done": "2026-08-21T09:00:00+00:00"}, ("active", "new")),
        (
            {"active.done": "2026-08-22T05:00:00+00:00", "active.first": "2026-08-01T00:00:00Z"},
            ("new", "census"),
        ),
        (
            {
                "active.done": "2026-08-22T05:00:00+00:00",
                "active.first": "2026-08-01T00:00:00Z",
                "census.done": "2026-08-20T00:00:00Z",
            },
            ("new",),
        ),
        ({"active.done": "2026-08-22T05:00:00+00:00", "census.cursor": "x"}, ("new", "census")),
    ],
)
def test_passes_come_due(marks: dict[str, str], due: tuple[str, ...]) -> None:
    options = Options(now=NOW, base_url="https://hub.example")
    assert huggingface.passes_due(marks, options) == due


def test_rate_limits_are_met_before_they_bite(shared: Path) -> None:
    with real(shared, quota=3, window=30) as standin:
        run = Run(standin)
        standin.window.clock = lambda: run.now().timestamp()
        payloads = list(run.fetch({}, passes=("census",)))
        statuses = [a.status for a in standin.asked]
    assert payloads[-1].last
    assert statuses == [200] * 5
    assert 30 <= sum(run.slept) <= 31  # two windows for five pages


@pytest.mark.parametrize("kind", ["cut", "status", "edge_429", "reset"])
def test_a_failure_on_the_way_is_mended(shared: Path, kind: str) -> None:
    with real(shared) as standin:
        standin.fault("huggingface", kind=kind, after=1, times=2)
        payloads = list(Run(standin).fetch({}, passes=("census",)))
    assert len(ids(payloads)) == 4167


def test_a_list_that_refuses_a_field_is_asked_for_the_sure_ones(standin: StandIn) -> None:
    standin.fault("huggingface", kind="status", times=1, code=400)
    payloads = list(Run(standin).fetch({}, passes=("new",)))
    assert "baseModels" not in payloads[0].url
    assert rows(parse_all(payloads), Model)


def test_a_list_that_refuses_everything_is_refused(standin: StandIn) -> None:
    standin.fault("huggingface", kind="status", times=None, code=400)
    with pytest.raises(SourceRefused, match="400"):
        list(Run(standin).fetch({}, passes=("new",)))


def test_a_pass_that_does_not_exist_is_refused_by_name(standin: StandIn) -> None:
    with pytest.raises(SourceRefused, match="'hourly'"):
        list(Run(standin).fetch({}, passes=("hourly",)))


def test_a_hub_that_stays_down_is_unavailable(standin: StandIn) -> None:
    standin.fault("huggingface", kind="status", times=None, code=503)
    with pytest.raises(SourceUnavailable, match="503"):
        list(Run(standin).fetch({}, passes=("new",)))


@pytest.mark.parametrize(
    ("kind", "said"),
    [("html", "web page"), ("truncate", "JSON"), ("empty", "empty"), ("missing_field", "id")],
)
def test_a_page_that_is_none_is_refused_by_name(standin: StandIn, kind: str, said: str) -> None:
    standin.fault("huggingface", kind=kind, times=None)
    payload = next(Run(standin).fetch({}, passes=("new",)))
    with pytest.raises(PayloadChanged, match=said):
        list(huggingface.parse(payload))


def test_a_hostile_name_is_refused_and_the_rest_is_kept(shared: Path) -> None:
    with real(shared) as standin:
        standin.fault("huggingface", kind="hostile", times=None)
        payload = next(Run(standin).fetch({}, passes=("new",)))
    parsed = list(huggingface.parse(payload))
    refused = [p for p in parsed if isinstance(p, Refused)]
    assert [(r.table, r.key) for r in refused] == [("models", "evil/<script>alert(1)</script>")]
    assert "characters" in refused[0].reason
    assert len(rows(parsed, Model)) == 999


def test_a_duplicate_on_a_page_counts_once_and_is_told(shared: Path) -> None:
    with real(shared) as standin:
        standin.fault("huggingface", kind="duplicate", times=None)
        payload = next(Run(standin).fetch({}, passes=("new",)))
    parsed = list(huggingface.parse(payload))
    models = [m["model_id"] for m in rows(parsed, Model)]
    assert len(models) == len(set(models)) == 1000
    assert [p.reason for p in parsed if isinstance(p, Refused)] == [
        "twice on one page; the later row counts"
    ]


def test_a_row_of_another_shape_is_refused_by_its_place() -> None:
    good = b'{"id":"a/b%d","createdAt":"2026-08-01T00:00:00.000Z","downloads":1}'
    page = [good % n for n in range(30)]
    page[7] = b'{"id":"a/b7","downloads":"many"}'
    payload = Payload(
        "huggingface", "models", "https://hub.example/", 200, {}, b"[" + b",".join(page) + b"]", NOW
    )
    parsed = list(huggingface.parse(payload))
    refused = [p for p in parsed if isinstance(p, Refused)]
    assert [r.key for r in refused] == ["a/b7"]
    assert "$[7].downloads" in refused[0].reason
    assert len(rows(parsed, Model)) == 29


def test_a_page_where_many_rows_changed_is_refused_with_the_place() -> None:
    page = b'[{"id":"a/b","downloads":1},{"id":"a/c","downloads":[]},{"id":"a/d","downloads":[]}]'
    payload = Payload("huggingface", "counters", "https://hub.example/", 200, {}, page, NOW)
    with pytest.raises(PayloadChanged) as caught:
        list(huggingface.parse(payload))
    assert caught.value.path == "$[1].downloads"


@pytest.mark.parametrize(
    ("bases", "expected"),
    [
        ('{"relation":"finetune","models":[{"_id":"1","id":"x/y"}]}', [("x/y", "finetune")]),
        ('["x/y","x/z","x/y"]', [("x/y", "quantized"), ("x/z", "unknown")]),
        ('[{"_id":"1","id":"x/y"}]', [("x/y", "quantized")]),
        ('{"relation":"novel","models":["x/y"]}', [("x/y", "quantized")]),
        ("null", [("x/y", "quantized")]),
        ('{"relation":"merge","models":[{"id":"a/b"},{"id":"x/y"}]}', [("x/y", "merge")]),
    ],
)
def test_lineage_is_read_in_each_of_its_forms(bases: str, expected: list[tuple[str, str]]) -> None:
    body = (
        b'[{"id":"a/b","createdAt":"2026-08-01T00:00:00.000Z","downloads":1,"baseModels":%s,'
        b'"tags":["base_model:x/y","base_model:quantized:x/y"]}]' % bases.encode()
    )
    payload = Payload("huggingface", "models", "https://hub.example/", 200, {}, body, NOW)
    found = rows(list(huggingface.parse(payload)), Base)
    assert [(r["base_id"], r["relation"]) for r in found] == expected
    assert [r["position"] for r in found] == list(range(len(found)))


def detail(standin: StandIn, *watch: str, **settings: object) -> list[Parsed]:
    run = Run(standin)
    return parse_all(list(run.fetch({}, passes=("detail",), watch=watch, **settings)))


def test_the_watch_list_tells_where_each_repository_is(shared: Path) -> None:
    names = ("gpt2", "Qwen/Qwen2.5-7B-Instruct", "nobody/nothing", "a/shut", "nvidia/gone")
    with real(shared) as standin:
        hub = standin.service("huggingface")
        hub.disabled.add("a/shut")  # type: ignore[union-attr]
        found = [p for p in detail(standin, *names) if isinstance(p, Presence)]
    states = {p.model_id: (p.state, p.now_id) for p in found}
    assert states == {
        "gpt2": ("renamed", "openai-community/gpt2"),
        "openai-community/gpt2": ("present", None),
        "Qwen/Qwen2.5-7B-Instruct": ("present", None),
        "nobody/nothing": ("gone", None),
        "a/shut": ("disabled", None),
        "nvidia/gone": ("gone", None),
    }


def test_the_watch_list_gives_hashes_and_every_scanner(shared: Path) -> None:
    name = "Qwen/Qwen2.5-7B-Instruct"
    with real(shared) as standin:
        hub = standin.service("huggingface")
        hub.scans[name] = [{"path": "danger.dat", "level": "unsafe"}]  # type: ignore[union-attr]
        parsed = detail(standin, name)
    weights = [p for p in parsed if isinstance(p, File) and p.sha256]
    assert {w.path for w in weights} == {"model.safetensors", "danger.dat"}
    scans = {(p.path, p.scanner): p.status for p in parsed if isinstance(p, Scan)}
    assert scans["", "hub"] == scans["danger.dat", "hub"] == "unsafe"
    assert {s for p, s in scans if p == "danger.dat"} >= {"av", "pickle", "jfrog", "virustotal"}


def test_what_was_not_scanned_is_a_row(shared: Path) -> None:
    name = "Qwen/Qwen2.5-7B-Instruct"
    with real(shared) as standin:
        hub = standin.service("huggingface")
        hub.unscanned.add(name)  # type: ignore[union-attr]
        parsed = detail(standin, name)
    statuses = {p.status for p in parsed if isinstance(p, Scan)}
    assert statuses <= {"queued", "unscanned"}


def test_the_hub_s_client_asks_for_nothing_but_models(shared: Path) -> None:
    with real(shared) as standin:
        detail(standin, "Qwen/Qwen2.5-7B-Instruct", key="hf_secret")
        asked = [a.path for a in standin.asked]
    assert asked
    assert all(path.startswith("/api/models/") for path in asked)


def test_a_key_that_is_refused_makes_no_repository_look_gone(standin: StandIn) -> None:
    standin.fault("huggingface", kind="status", times=None, code=401)
    with pytest.raises(SourceRefused, match="key"):
        detail(standin, "a/b", key="hf_wrong")


def answer(status: int, **headers: str) -> list[Parsed]:
    named = {k.replace("_", "-"): v for k, v in headers.items()}
    payload = Payload(
        "huggingface", "detail", "https://hub.example/api/models/a/b", status, named, b"{}", NOW
    )
    return list(huggingface.parse(payload))


@pytest.mark.parametrize(
    ("status", "headers", "state"),
    [
        (404, {}, "gone"),
        (410, {}, "gone"),
        (401, {"x_error_code": "RepoNotFound"}, "gone"),
        (401, {"x_error_code": "GatedRepo"}, "gated"),
        (403, {"x_error_code": "GatedRepo"}, "gated"),
        (403, {}, "unknown"),
        (403, {"x_error_message": "Access to this resource is disabled."}, "disabled"),
        (451, {}, "disabled"),
        (400, {}, "unknown"),
        (307, {"location": "https://hub.example/api/models/c/d"}, "renamed"),
        (307, {"location": "https://hub.example/login"}, "unknown"),
    ],
)
def test_a_refusal_says_what_became_of_the_repository(
    status: int, headers: dict[str, str], state: str
) -> None:
    (found,) = answer(status, **headers)
    assert isinstance(found, Presence)
    assert found.state == state


def test_takes_all_4167_real_models(shared: Path) -> None:
    with real(shared) as standin:
        payloads = list(Run(standin).fetch({}, floor=0, passes=("active",)))
    parsed = parse_all(payloads)
    models = rows(parsed, Model)
    assert len(models) == len({m["model_id"] for m in models}) == 4167
    assert len({str(r["model_id"]) for r in rows(parsed, Base)}) == 2581  # 5 name themselves
    assert sum(m["parameters"] is not None for m in models) >= 3760
    assert len(rows(parsed, Tag)) == 64839
    assert not [p for p in parsed if isinstance(p, Refused)]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("api_models_list_2026-04-24_raw", 3),
        ("api_models_expand_2026-09_raw", 2),
        ("api_models_trending_2026-08_trimmed", 6),
    ],
)
def test_reads_what_the_hub_really_sent(shared: Path, name: str, count: int) -> None:
    body = (shared / "data" / "hf_raw_fixtures" / f"{name}.json").read_bytes()
    payload = Payload("huggingface", "models", "https://hub.example/", 200, {}, body, NOW)
    parsed = list(huggingface.parse(payload))
    assert len(rows(parsed, Model)) == count
    assert not [p for p in parsed if isinstance(p, Refused)]
