"""Raw pages: kept as they came, whole or said to be in part, without a secret, for a while."""

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from collectors import huggingface
from collectors.base import Collector, Http, Options, Parsed, Payload, Seen, Source, Watermark
from collectors.document import answered, decode_json
from collectors.errors import PayloadChanged, SourceUnavailable
from collectors.record import Figure
from config.settings import Settings, SourceSettings
from monitor.backup import back_up
from monitor.cli.doctor import examine
from monitor.collect import Outcome, collect
from monitor.context import Context
from monitor.housekeeping import housekeeping
from monitor.metrics import exposition
from monitor.raw import raw_files
from monitor.store.runs import Refusal, RunState, Sweep
from tests.collectors.loopback import Loopback, Reply
from tests.standin import StandIn
from tests.standin.generate import Generated

NOW = datetime(2026, 8, 22, 6, tzinfo=UTC)
KEY = "sword fish/1"
SOURCE = Source(
    id="hub", title="Hub", base_url="https://hub.example", homepage="https://hub.example",
    licence="", redistributable=True, every=timedelta(days=1), stale_after=timedelta(days=2),
    seen=Seen.DOCUMENTED, tables=("figures",), pause=timedelta(0),
)  # fmt: skip


def fetch(http: Http, _: Watermark, options: Options) -> Iterator[Payload]:
    """Yield what stands at /a, /b and /c, asked with the key in the query and in a header."""
    for path in ("a", "b", "c"):
        headers = {"Authorization": f"Bearer {options.key}"}
        params = [("key", options.key or ""), ("page", path)]
        answer = http.get(f"{options.base_url}/{path}", params=params, headers=headers)
        yield answered(SOURCE, "page", answer, context={"asked": f"{path}?token={options.key}"})


def parse(payload: Payload) -> Iterator[Parsed]:
    for number in decode_json(payload, list[int]):
        day = payload.fetched_at.date()
        yield Figure(
            source_url="https://hub.example", occurred_on=day, published_on=day, period_on=day,
            figure_id=f"f{number}", measure="m", unit="models", value_micro=number,
        )  # fmt: skip


HUB = Collector(SOURCE, fetch, parse)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as running:
        for path in "abc":
            running.say(f"/{path}", Reply(b"[1]"))
        yield running


Open = Callable[..., Context]


@pytest.fixture
def opened(tmp_path: Path, server: Loopback) -> Open:
    def make(now: datetime = NOW, **retention: Any) -> Context:
        hub = SourceSettings.model_validate({"base_url": server.url, "key": KEY})
        settings = Settings.model_validate({"sources": {"hub": hub}, "retention": retention})
        return Context(tmp_path / "var", settings, None, now=lambda: now)

    return make


def tars(context: Context) -> list[Path]:
    return [Path(context.lake.full(f.path)) for f in raw_files(context.lake)]


def members(file: Path) -> dict[str, tuple[bytes, dict[str, str]]]:
    with tarfile.open(file) as tar:
        found = {}
        for member in tar:
            content = tar.extractfile(member)
            assert content is not None
            headers = {k.removeprefix("TOCSIN."): v for k, v in member.pax_headers.items()}
            found[member.name] = content.read(), headers
        return found


def test_payloads_are_kept_byte_for_byte_as_they_came(opened: Open, server: Loopback) -> None:
    twice, framed = gzip.compress(b"[1,") + gzip.compress(b"2]"), zlib.compress(b"[3]")
    server.say("/a", Reply(twice, headers={"Content-Encoding": "gzip", "Content-Type": "text/x"}))
    server.say("/b", Reply(framed, headers={"Content-Encoding": "deflate"}))
    server.say("/c", Reply(b"[4]"))
    context = opened()
    assert collect(context, HUB, "r").state is RunState.DONE
    (file,) = tars(context)
    assert file.parent == Path(context.lake.url) / "raw" / "hub"
    kept = members(file)
    assert list(kept) == [
        "begin.json", "00001.json.gz", "00002.json.deflate", "00003.json.gz", "end.json",
    ]  # fmt: skip
    assert kept["00001.json.gz"][0] == twice
    assert kept["00002.json.deflate"][0] == framed
    assert gzip.decompress(kept["00003.json.gz"][0]) == b"[4]"
    data, headers = kept["00001.json.gz"]
    assert headers["sha256"] == hashlib.sha256(data).hexdigest()
    told = {n: headers[n] for n in ("shape", "status", "fetched_at", "wire", "coding", "bytes")}
    assert told == {
        "shape": "page", "status": "200", "fetched_at": "2026-08-22T06:00:00+00:00",
        "wire": "gzip", "coding": "gzip", "bytes": "5",
    }  # fmt: skip
    assert json.loads(headers["headers"])["content-type"] == "text/x"
    assert kept["00003.json.gz"][1]["wire"] == ""
    end = json.loads(kept["end.json"][0])
    assert (end["payloads"], end["ends"], end["taken"]) == (3, "whole", True)


def test_no_key_gets_into_it(opened: Open, server: Loopback) -> None:
    cookie = {"Set-Cookie": "session=sword", "Location": f"/x?token={KEY}", "X-Trace": "sword"}
    server.say("/a", Reply(b"[1]", headers=cookie))
    context = opened()
    collect(context, HUB, "r")
    assert any("sword" in asked.path for asked in server.asked)
    (file,) = tars(context)
    assert b"sword" not in file.read_bytes()
    url = members(file)["00001.json.gz"][1]["url"]
    assert url == f"{server.url}/a?key=***&page=a"


def test_an_archive_is_not_packed_again(opened: Open, server: Loopback) -> None:
    bundle = io.BytesIO()
    with tarfile.open(fileobj=bundle, mode="w:bz2") as tar:
        tar.addfile(tarfile.TarInfo("x"))
    server.say("/a", Reply(bundle.getvalue()))
    context = opened()
    assert collect(context, HUB, "r").state is RunState.CHANGED
    assert members(tars(context)[0])["00001.bz2"][0] == bundle.getvalue()


def test_what_parse_refused_is_kept_and_that_the_rest_was_not_fetched(
    opened: Open, server: Loopback
) -> None:
    server.say("/b", Reply(b'{"now": "an object"}'))
    context = opened()
    assert collect(context, HUB, "r").state is RunState.CHANGED
    kept = members(tars(context)[0])
    assert gzip.decompress(kept["00002.json.gz"][0]) == b'{"now": "an object"}'
    end = json.loads(kept["end.json"][0])
    assert (end["payloads"], end["ends"], end["taken"]) == (2, "broken", False)
    with Session(context.engine) as session:
        assert len(session.exec(select(Refusal)).all()) == 1


def test_zero_days_keep_nothing(opened: Open) -> None:
    context = opened(raw_days=0)
    assert collect(context, HUB, "r").state is RunState.DONE
    assert tars(context) == []


def test_a_body_that_a_collector_made_is_kept_and_nothing_else(
    opened: Open, server: Loopback
) -> None:
    """As Civitai's does, which counts before it hands on."""
    server.say("/a", Reply(gzip.compress(b'["a name"]'), headers={"Content-Encoding": "gzip"}))

    def reduced(http: Http, _: Watermark, options: Options) -> Iterator[Payload]:
        answer = http.get(f"{options.base_url}/a")
        payload = answered(SOURCE, "counted", answer)
        yield Payload(**{**vars(payload), "body": b"[1]"})

    context = opened()
    assert collect(context, Collector(SOURCE, reduced, parse), "r").state is RunState.DONE
    (file,) = tars(context)
    data, headers = members(file)["00001.json.gz"]
    assert (gzip.decompress(data), headers["wire"]) == (b"[1]", "")
    assert b"a name" not in b"".join(
        gzip.decompress(d) if name.endswith(".gz") else d for name, (d, _) in members(file).items()
    )


class Full(io.FileIO):
    """A file on a disk that has room for so many bytes more."""

    room = 0

    def write(self, data: Any) -> int:
        if len(data) > self.room:
            raise OSError(28, "No space left on device")
        Full.room -= len(data)
        return super().write(data)


@pytest.mark.parametrize("room", [0, 3000, 8500])
def test_a_full_disk_ends_the_run_and_leaves_nothing_that_looks_whole(
    opened: Open, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    context = opened()
    Full.room = room
    real = context.lake.files.open

    def open_(path: str, mode: str = "rb", **more: Any) -> Any:
        return Full(path, mode) if path.endswith(".tar") else real(path, mode, **more)

    monkeypatch.setattr(context.lake.files, "open", open_)
    with pytest.raises(OSError, match="No space left"):
        collect(context, HUB, "r")
    assert tars(context) == []
    assert context.lake.visible() == []


def test_retention_takes_pages_by_age_and_doctor_and_metrics_tell_their_size(opened: Open) -> None:
    context = opened()
    collect(context, HUB, "r")
    folder = Path(context.lake.url) / "raw" / "hub"
    names = ("someones-own.tar", "20269999T999999Z-hub-0000.tar", "x/20260101T000000Z-a-0000.tar")
    strange = [folder.parent / "own.tar", *(folder / name for name in names)]
    for own in strange:
        own.parent.mkdir(exist_ok=True)
        own.write_bytes(b"x")
    (file,) = tars(context)
    size = file.stat().st_size
    disk = next(f.said for f in examine(context) if f.about == "disk")
    assert f"raw pages of 14 days {size / 1e6:,.1f} MB" in disk
    assert f"tocsin_raw_bytes {float(size)}" in exposition(context).decode()
    tables = sum(f.bytes for f in context.lake.visible())
    assert context.lake.bytes() == tables

    at_the_edge = opened(NOW + timedelta(days=14))
    assert housekeeping(at_the_edge).gone.raw_files == 0
    over = opened(NOW + timedelta(days=14, seconds=1))
    gone = housekeeping(over).gone
    assert (gone.raw_files, gone.raw_bytes) == (1, size)
    assert tars(over) == []
    assert all(own.exists() for own in strange)
    assert len(over.lake.visible()) == 1


def test_a_backup_does_not_carry_them(opened: Open, tmp_path: Path) -> None:
    context = opened()
    collect(context, HUB, "r")
    assert back_up(context, tmp_path / "backup").files > 0
    assert tars(context)
    assert not list((tmp_path / "backup").rglob("*.tar"))


class Census:
    """A home whose every run asks for a census, on a clock that we move."""

    def __init__(self, home: Path, standin: StandIn) -> None:
        self.moment = NOW
        asked = SourceSettings(
            base_url=f"{standin.url}/huggingface", passes=("census",), deadline_seconds=9
        )
        configured = {"huggingface": asked}
        self.context = Context(home, Settings(sources=configured), None, now=lambda: self.moment)

    def collect(self, collector: Collector = huggingface.COLLECTOR) -> Outcome:
        self.moment += timedelta(hours=1)
        return collect(self.context, collector, f"run-{self.moment:%H}")

    def ends(self) -> list[tuple[str, int, bool]]:
        found = []
        for file in tars(self.context):
            end = json.loads(members(file)["end.json"][0])
            found.append((end["ends"], end["payloads"], end["taken"]))
        return found


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(catalogue=Generated(3500)) as running:
        yield running


def test_a_sweep_that_goes_on_keeps_a_tar_a_part(tmp_path: Path, standin: StandIn) -> None:
    home = Census(tmp_path, standin)
    standin.fault("huggingface", "rate_limited", after=2, times=1, seconds=3600)
    assert home.collect().state is RunState.UNAVAILABLE
    assert home.ends() == [("part", 2, True)]
    # A run that gets no page at all leaves no part, and no number is missing.
    standin.fault("huggingface", "rate_limited", times=1, seconds=3600)
    assert home.collect().state is RunState.UNAVAILABLE
    assert home.collect().state is RunState.DONE
    assert home.ends() == [("part", 2, True), ("whole", 2, True)]
    assert [f.part for f in raw_files(home.context.lake)] == [0, 1]


def test_a_sweep_begun_before_pages_were_kept_tells_that_the_first_are_missing(
    tmp_path: Path, standin: StandIn
) -> None:
    home = Census(tmp_path, standin)
    standin.fault("huggingface", "rate_limited", after=2, times=1, seconds=3600)
    home.collect()
    tars(home.context)[0].unlink()
    with Session(home.context.engine) as session, session.begin():
        (sweep,) = session.exec(select(Sweep))
        state = json.loads(sweep.state)
        del state["raw_parts"]
        sweep.state = json.dumps(state)
        session.add(sweep)
    assert home.collect().state is RunState.DONE
    assert [f.part for f in raw_files(home.context.lake)] == [1]


class Killed(BaseException):
    """Stands for the end of the process: nothing of ours runs after it."""


def test_a_kill_leaves_at_most_an_unfinished_tar_that_hinders_nothing(
    tmp_path: Path, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Census(tmp_path, standin)
    monkeypatch.setattr("monitor.sweep.PART_PAYLOADS", 1)
    pages: list[Payload] = []

    def dying(payload: Payload) -> Iterator[Parsed]:
        pages.append(payload)
        if len(pages) == 3:
            raise Killed
        yield from huggingface.COLLECTOR.parse(payload)

    with monkeypatch.context() as dead:
        dead.setattr("monitor.sweep.Sweeping.pause", lambda _: None)
        with pytest.raises(Killed):
            home.collect(Collector(huggingface.SOURCE, huggingface.fetch, dying))
    unfinished = tars(home.context)[-1]
    with pytest.raises(KeyError):
        members(unfinished)["end.json"]
    housekeeping(home.context)
    assert home.collect().state is RunState.DONE
    ends = home.ends()
    assert [e for e, _, _ in ends] == ["part"] * (len(ends) - 1) + ["whole"]
    assert sum(count for _, count, _ in ends) == 4


def test_a_page_that_was_refused_is_told_apart(tmp_path: Path, standin: StandIn) -> None:
    home = Census(tmp_path, standin)
    seen: list[Payload] = []

    def strict(payload: Payload) -> Iterator[Parsed]:
        seen.append(payload)
        if len(seen) == 2:
            raise PayloadChanged("huggingface", "$", "what the parser knows")
        yield from huggingface.COLLECTOR.parse(payload)

    refused = home.collect(Collector(huggingface.SOURCE, huggingface.fetch, strict))
    assert refused.state is RunState.CHANGED
    assert home.ends() == [("part", 2, False)]
    assert home.collect().state is RunState.DONE
    assert home.ends() == [("part", 2, False), ("whole", 3, True)]


def test_a_source_that_goes_away_leaves_what_came(opened: Open, server: Loopback) -> None:
    server.say("/b", Reply(b"", 500))

    def failing(http: Http, since: Watermark, options: Options) -> Iterator[Payload]:
        yield next(iter(fetch(http, since, options)))
        raise SourceUnavailable("hub: away")

    context = opened()
    assert collect(context, Collector(SOURCE, failing, parse), "r").state is RunState.UNAVAILABLE
    end = json.loads(members(tars(context)[0])["end.json"][0])
    assert (end["ends"], end["payloads"], end["taken"]) == ("broken", 1, True)
