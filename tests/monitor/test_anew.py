"""Kept pages parsed again: equal rows by a second way; nothing from pages that are not whole."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from collectors import huggingface, registry
from collectors.base import Collector, Columns, Parsed, Payload
from collectors.errors import PayloadChanged
from collectors.record import Model
from config.settings import Settings, SourceSettings
from monitor import kept, quarantine
from monitor.alerts.opening import open_desk
from monitor.anew import Anew, make_anew
from monitor.asof import View
from monitor.collect import Outcome, collect
from monitor.context import Context
from monitor.errors import LakeError
from monitor.kept import find, kept_batches
from monitor.raw import RawWriter
from monitor.store.audit import AuditEntry
from monitor.store.runs import Batch, BatchState, Mark, Run, RunState, Sweep
from monitor.sweep import Sweeping
from tests.standin import StandIn
from tests.standin.generate import Generated

NOW = datetime(2026, 8, 22, 6, tzinfo=UTC)
MODELS = 3500


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(catalogue=Generated(MODELS)) as running:
        yield running


class Home:
    """An installation that asks for a census, on a clock that we move."""

    def __init__(self, folder: Path, standin: StandIn) -> None:
        asked = SourceSettings(
            base_url=f"{standin.url}/huggingface", passes=("census",), deadline_seconds=9
        )
        self.moment = NOW
        settings = Settings(sources={"huggingface": asked})
        self.context = Context(folder, settings, None, now=lambda: self.moment)

    def collect(self, collector: Collector = huggingface.COLLECTOR) -> Outcome:
        self.moment += timedelta(hours=1)
        return collect(self.context, collector, f"run-{self.moment:%d%H}")

    def anew(self, *names: str, **more: Any) -> Anew:
        self.moment += timedelta(hours=1)
        (batch,) = find(self.context.lake, names or (self.batches()[0].id,))
        return make_anew(self.context, batch, actor="os:tester", **more)

    def batches(self) -> list[kept.KeptBatch]:
        return kept_batches(self.context.lake)

    def rows(self, table: str, batch: str) -> list[tuple[Any, ...]]:
        """Return the rows of one batch but for its name, wherever they lie."""
        lake = self.context.lake
        files = [lake.full(f.path) for f in lake.visible() if f.batch_id == batch]
        names = [f for f in files if f"/{table}/" in f]
        view = View(lake, [], home="CN", views={})
        read = f"SELECT * EXCLUDE (batch_id) FROM read_parquet({names}) ORDER BY ALL"
        found = view.connection.execute(read).fetchall()
        view.close()
        return found

    def seen(self, at: datetime, ask: str) -> list[tuple[Any, ...]]:
        lake = self.context.lake
        view = View(lake, lake.visible(), home="CN", views={})
        found = view.at(at).execute(ask).fetchall()
        view.close()
        return found


@pytest.fixture
def home(tmp_path: Path, standin: StandIn) -> Home:
    return Home(tmp_path / "var", standin)


def table(context: Context, kind: type[Any]) -> list[Any]:
    with Session(context.engine, expire_on_commit=False) as session:
        return list(session.exec(select(kind)))


def test_pages_of_several_parts_parsed_again_give_equal_rows(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.sweep.PART_PAYLOADS", 1)
    live = home.collect()
    assert live.state is RunState.DONE, live.message
    (batch,) = home.batches()
    assert len(batch.files) > 1
    marks, runs = table(home.context, Mark), table(home.context, Run)

    made = home.anew()
    assert made.outcome.state is RunState.DONE, made.outcome.message
    assert (made.kept, made.outcome.rows) == (batch.id, live.rows)
    for name in ("models", "tags", "bases", "counters"):
        rows = home.rows(name, batch.id)
        assert rows
        assert home.rows(name, made.batch) == rows  # fetched_at_s and all
    assert table(home.context, Mark) == marks
    assert table(home.context, Run) == runs  # so the source looks no fresher than it is
    named = {b.id: b for b in table(home.context, Batch)}
    old, new = named[batch.id], named[made.batch]
    assert (new.fetched_at, new.is_live, new.sweep) == (old.fetched_at, old.is_live, old.sweep)
    assert new.facts == old.facts
    assert new.visible_at == home.moment
    assert len(home.batches()) == 1  # the pages are kept once
    (entry,) = table(home.context, AuditEntry)
    assert (entry.actor, entry.action) == ("os:tester", "collect.kept")
    assert batch.id in entry.detail


def mistaken(payload: Payload) -> Iterator[Parsed]:
    """Parse as a parser with a mistake does: every model with the same licence."""
    for item in huggingface.COLLECTOR.parse(payload):
        if isinstance(item, Columns) and item.record is Model:
            count = len(item.columns["model_id"])
            yield replace(item, columns={**item.columns, "licence": ["wrong"] * count})
        else:
            yield item


def test_a_mended_parser_is_read_from_now_on_and_no_past_moves(home: Home) -> None:
    home.collect(Collector(huggingface.SOURCE, huggingface.fetch, mistaken))
    ask = "SELECT DISTINCT licence FROM models ORDER BY 1"
    before = home.moment
    assert home.seen(before, ask) == [("wrong",)]
    made = home.anew()
    assert made.outcome.state is RunState.DONE
    assert ("wrong",) not in home.seen(home.moment, ask)
    assert home.seen(before, ask) == [("wrong",)]
    with Session(home.context.engine) as session, session.begin():
        quarantine.revoke(
            session, open_desk(home.context), quarantine.find(session, made.kept),
            reason="the parser's mistake", actor="os:tester", now=home.moment, risks=(),
        )  # fmt: skip
    assert home.seen(home.moment, "SELECT count(*) FROM models") == [(MODELS,)]


def test_a_batch_made_anew_goes_through_quarantine_against_the_one_before_it(
    home: Home, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home.collect().state is RunState.DONE
    standin.service("huggingface").catalogue = Generated(MODELS * 6 // 10)  # type: ignore[union-attr]
    assert home.collect().state is RunState.QUARANTINED
    _, shrunk = home.batches()
    again = home.anew(shrunk.id)
    assert again.outcome.state is RunState.QUARANTINED
    assert "rows" in again.outcome.message
    states = {b.id: b.state for b in table(home.context, Batch)}
    assert states[again.batch] == BatchState.HELD
    # The first is not compared with what came after it, nor with itself.
    compared: list[Batch | None] = []
    real = Sweeping._previous

    def noted(sweep: Sweeping) -> Batch | None:
        compared.append(real(sweep))
        return compared[-1]

    monkeypatch.setattr(Sweeping, "_previous", noted)
    assert home.anew(home.batches()[0].id).outcome.state is RunState.DONE
    assert compared == [None]


def test_a_sweep_in_hand_is_left_in_hand(home: Home, standin: StandIn) -> None:
    assert home.collect().state is RunState.DONE
    home.moment += timedelta(days=8)
    standin.fault("huggingface", "rate_limited", after=2, times=1, seconds=3600)
    assert home.collect().state is RunState.UNAVAILABLE
    (paused,) = table(home.context, Sweep)
    told = kept.described(home.context.lake, home.batches())
    assert [t["state"] for t in told] == ["visible", "in_hand"]
    assert home.anew(home.batches()[0].id).outcome.state is RunState.DONE
    assert table(home.context, Sweep) == [paused]
    assert home.collect().state is RunState.DONE


def test_a_page_refused_in_the_middle_is_read_once(home: Home) -> None:
    seen: list[Payload] = []

    def strict(payload: Payload) -> Iterator[Parsed]:
        seen.append(payload)
        if len(seen) == 2:
            raise PayloadChanged("huggingface", "$", "what the parser knows")
        yield from huggingface.COLLECTOR.parse(payload)

    home.collect(Collector(huggingface.SOURCE, huggingface.fetch, strict))
    whole = home.collect()
    assert whole.state is RunState.DONE
    assert home.anew().outcome.rows == table(home.context, Run)[-1].rows == whole.rows


Damage = Callable[[bytearray], bytes]


def _flipped(data: bytearray) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        member = tar.getmember("00002.json.gz")
    data[member.offset_data + 100] ^= 1
    return bytes(data)


DAMAGE: dict[str, tuple[Damage, str]] = {
    "cut": (lambda data: bytes(data[: len(data) // 2]), "unfinished"),
    "no end": (lambda data: bytes(data[:-2048]), "unfinished"),
    "empty": (lambda _: b"", "damaged"),
    "no tar": (lambda _: b"hello" * 1000, "damaged"),
    "a bit": (_flipped, "00002.json.gz: damaged, it is not what its sha256 says"),
    "address": (lambda data: bytes(data.replace(b"/huggingface/", b"/higgingface/")), "headers"),
    "key": (lambda data: bytes(data.replace(b"TOCSIN.shape=", b"TOCSIN.shade=")), "damaged"),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_damage_is_said_and_nothing_becomes_visible(home: Home, how: str) -> None:
    home.collect()
    (batch,) = home.batches()
    before = table(home.context, Batch)
    files = set(home.context.lake.files.find(home.context.lake.root))
    damage, said = DAMAGE[how]
    file = Path(batch.files[0])
    file.write_bytes(damage(bytearray(file.read_bytes())))
    with pytest.raises(LakeError, match=said) as caught:
        home.anew()
    assert str(file) in str(caught.value)
    assert table(home.context, Batch) == before
    assert set(home.context.lake.files.find(home.context.lake.root)) == files


def test_pages_of_a_source_that_is_no_more_are_said(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.collect()
    monkeypatch.setattr(registry, "COLLECTORS", ())
    with pytest.raises(LakeError, match="'huggingface', which is no source here"):
        home.anew()


def test_pages_that_cannot_be_read_now_are_not_called_damaged(home: Home) -> None:
    home.collect()
    (batch,) = home.batches()
    Path(batch.files[0]).unlink()
    with pytest.raises(LakeError, match="cannot be read now"):
        make_anew(home.context, batch, actor="os:tester")


def test_pages_lost_to_a_full_disk_leave_a_gap_that_is_said(
    home: Home, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        real = RawWriter._member

        def failing(writer: RawWriter, name: str, *more: Any) -> None:
            if name.startswith("00003"):
                raise OSError(28, "No space left on device")
            real(writer, name, *more)

        full.setattr(RawWriter, "_member", failing)
        with pytest.raises(OSError, match="No space left"):
            home.collect()
    assert home.collect().state is RunState.DONE
    with pytest.raises(LakeError, match="part 0 is missing"):
        home.anew()


def test_a_missing_part_is_said(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.sweep.PART_PAYLOADS", 1)
    live = home.collect()
    (batch,) = home.batches()
    for gone, said in ((-1, "another part should follow"), (0, "part 0 is missing")):
        Path(batch.files[gone]).unlink()
        with pytest.raises(LakeError, match=said):
            home.anew()
    made = home.anew(incomplete=True)
    assert made.outcome.state is RunState.DONE
    assert 0 < made.outcome.rows < live.rows


def test_a_run_that_was_broken_off_is_made_a_batch_only_if_told(home: Home) -> None:
    def failing(payload: Payload) -> Iterator[Parsed]:
        raise PayloadChanged("huggingface", "$", "what the parser knows")
        yield

    home.collect(Collector(huggingface.SOURCE, huggingface.fetch, failing))
    with pytest.raises(LakeError, match=r"the run ended here.*--incomplete"):
        home.anew()
    made = home.anew(incomplete=True)
    assert made.outcome.state is RunState.DONE
    assert home.seen(home.moment, "SELECT count(*) FROM models") == [(1000,)]


def test_what_parse_still_refuses_is_no_batch(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.collect()

    def failing(payload: Payload) -> Iterator[Parsed]:
        raise PayloadChanged("huggingface", "$[0].id", "a name")
        yield

    broken = Collector(huggingface.SOURCE, huggingface.fetch, failing)
    monkeypatch.setattr(registry, "COLLECTORS", (broken,))
    made = home.anew()
    assert (made.outcome.state, made.batch) == (RunState.CHANGED, "")
    assert "$[0].id" in made.outcome.message
    assert len(table(home.context, Batch)) == 1


def test_files_elsewhere_are_put_together_in_the_order_of_their_parts(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.sweep.PART_PAYLOADS", 1)
    live = home.collect()
    moved = []
    for number, file in enumerate(home.batches()[0].files):
        moved.append(Path(file).rename(tmp_path / f"{9 - number}.tar"))
    made = home.anew(*map(str, sorted(moved)))
    assert made.outcome.rows == live.rows
    with pytest.raises(LakeError, match="no such file"):
        find(home.context.lake, [str(tmp_path / "none.tar")])
    with pytest.raises(LakeError, match="no kept batch begins so"):
        find(home.context.lake, ["2026"])


def test_a_bomb_among_kept_pages_does_not_go_off(home: Home, tmp_path: Path) -> None:
    home.collect()
    (batch,) = home.batches()
    bomb = gzip.compress(b"\0" * (64 << 20))
    changed = tmp_path / "bomb.tar"
    with tarfile.open(batch.files[0]) as tar, tarfile.open(changed, "w") as other:
        for member in tar:
            content = tar.extractfile(member)
            assert content is not None
            data = content.read()
            if member.name == "00001.json.gz":
                data, member.size = bomb, len(bomb)
                digest = hashlib.sha256(bomb).hexdigest()
                member.pax_headers = {**member.pax_headers, "TOCSIN.sha256": digest}
            other.addfile(member, io.BytesIO(data))
    with pytest.raises(LakeError, match="damaged, it cannot be unpacked"):
        home.anew(str(changed))
