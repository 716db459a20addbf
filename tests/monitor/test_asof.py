"""The lake cut to a moment: what was known, newest row per key, lineage, stamps."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from collectors.record import Base, Counter, Model, Record, Tag
from monitor.asof import View
from monitor.batch import BatchWriter
from monitor.errors import LakeError
from monitor.lake import Lake
from monitor.store.engine import open_store, sqlite_url
from monitor.store.runs import Batch, BatchState

MONDAY = datetime(2026, 8, 3, 6, tzinfo=UTC)
TUESDAY = datetime(2026, 8, 4, 6, tzinfo=UTC)
URL = "https://hub.example/api/models"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"), open_store(sqlite_url(tmp_path / "tocsin.db")))


def put(
    lake: Lake, name: str, rows: list[Record], at: datetime, *, live: bool = True
) -> BatchWriter:
    writer = BatchWriter(lake, name, "huggingface", is_live=live)
    writer.add(rows, at)
    batch = Batch(
        id=name, run_id=name, source="huggingface", state=BatchState.VISIBLE, is_live=live,
        fetched_at=at, visible_at=at, rows=len(rows),
    )  # fmt: skip
    files = writer.finish()
    with Session(lake.engine) as session:
        lake.commit(session, batch, files)
        session.commit()
    return writer


def model(model_id: str, **fields: object) -> Model:
    return Model(source_url=URL, model_id=model_id, **fields)  # type: ignore[arg-type]


def base(model_id: str, base_id: str, position: int = 0) -> Base:
    return Base(source_url=URL, model_id=model_id, base_id=base_id, position=position)


def view(lake: Lake, *, reconstructed: bool = False) -> View:
    return View(lake, lake.visible(), home="CN", views={}, reconstructed=reconstructed)


def test_a_newer_row_hides_an_older_one_only_from_the_moment_it_was_fetched(lake: Lake) -> None:
    put(lake, "a", [model("x/y", licence="mit")], MONDAY)
    put(lake, "b", [model("x/y", licence="other")], TUESDAY)
    seen = view(lake)
    assert seen.at(MONDAY).execute("SELECT licence FROM models").fetchall() == [("mit",)]
    assert seen.at(TUESDAY).execute("SELECT licence FROM models").fetchall() == [("other",)]


def test_later_batches_do_not_change_an_earlier_stamp(lake: Lake) -> None:
    put(lake, "a", [model("x/y")], MONDAY)
    before = view(lake).stamp("models", MONDAY)
    put(lake, "b", [model("x/z")], TUESDAY)
    seen = view(lake)
    assert seen.stamp("models", MONDAY) == before
    assert seen.stamp("models", TUESDAY) != before


def test_what_we_collected_wins_over_a_baseline_that_came_later(lake: Lake) -> None:
    put(lake, "ours", [model("x/y", licence="mit")], MONDAY)
    put(lake, "wheel", [model("x/y", licence="stale")], TUESDAY, live=False)
    assert view(lake).at(TUESDAY).execute("SELECT licence FROM models").fetchall() == [("mit",)]


def test_reconstruction_reads_by_the_day_the_world_could_know(lake: Lake) -> None:
    known = datetime(2025, 12, 19, tzinfo=UTC)
    put(lake, "a", [model("x/y", known_from=known)], TUESDAY, live=False)
    assert view(lake).at(MONDAY).execute("SELECT count(*) FROM models").fetchall() == [(0,)]
    reconstructed = view(lake, reconstructed=True)
    assert reconstructed.at(MONDAY).execute("SELECT count(*) FROM models").fetchall() == [(1,)]


def test_tags_vanish_with_the_snapshot_they_came_with(lake: Lake) -> None:
    put(lake, "a", [model("x/y"), Tag(source_url=URL, model_id="x/y", tag="old")], MONDAY)
    put(lake, "b", [model("x/y"), Tag(source_url=URL, model_id="x/y", tag="new")], TUESDAY)
    counter = Counter(source_url=URL, model_id="x/y", observed_on=date(2026, 8, 5))
    put(lake, "c", [counter], datetime(2026, 8, 5, tzinfo=UTC))
    seen = view(lake)
    assert seen.at(MONDAY).execute("SELECT tag FROM tags").fetchall() == [("old",)]
    later = seen.at(datetime(2026, 8, 6, tzinfo=UTC))
    assert later.execute("SELECT tag FROM tags").fetchall() == [("new",)]


def test_lineage_reaches_the_root_and_cuts_cycles(lake: Lake) -> None:
    rows: list[Record] = [model(m) for m in ("o/root", "a/ft", "b/quant", "c/self", "d/1", "d/2")]
    rows += [model("m/merge"), base("a/ft", "o/root"), base("b/quant", "a/ft")]
    rows += [base("c/self", "c/self"), base("d/1", "d/2"), base("d/2", "d/1")]
    rows += [base("m/merge", "a/ft"), base("m/merge", "gone/base", 1)]
    put(lake, "a", rows, MONDAY)
    found = (
        view(lake)
        .at(MONDAY)
        .execute(
            "SELECT model_id, root_id, depth, unanimous, n_terminals FROM roots ORDER BY model_id"
        )
    )
    assert found.fetchall() == [
        ("a/ft", "o/root", 1, 1, 1),
        ("b/quant", "o/root", 2, 1, 1),
        ("c/self", "c/self", 0, 1, 1),
        ("d/1", "d/2", 1, 1, 1),
        ("d/2", "d/1", 1, 1, 1),
        ("m/merge", "o/root", 2, 0, 2),
        ("o/root", "o/root", 0, 1, 1),
    ]


def test_views_are_made_in_the_order_they_need_each_other(lake: Lake) -> None:
    put(lake, "a", [model("x/y"), model("x/z", gated="auto")], MONDAY)
    views = {
        "a_count": "SELECT count(*) AS n FROM open_models",
        "open_models": "SELECT model_id FROM models WHERE gated <> 'auto'",
    }
    seen = View(lake, lake.visible(), home="CN", views=views)
    assert seen.at(MONDAY).execute("SELECT n FROM a_count").fetchall() == [(1,)]


def test_a_changed_file_is_refused(lake: Lake) -> None:
    put(lake, "a", [model("x/y")], MONDAY)
    file = Path(lake.full(lake.visible()[0].path))
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(LakeError, match="sha256"):
        view(Lake(lake.url, lake.engine))


def test_orphans_of_a_killed_run_are_swept_and_visible_files_stay(lake: Lake) -> None:
    put(lake, "a", [model("x/y")], MONDAY)
    BatchWriter(lake, "killed", "huggingface", is_live=True).add([model("x/z")], MONDAY)
    writer = BatchWriter(lake, "killed", "huggingface", is_live=True)
    writer.add([model("x/z")], MONDAY)
    writer.finish()
    assert lake.sweep_orphans() == 1
    assert view(lake).at(TUESDAY).execute("SELECT model_id FROM models").fetchall() == [("x/y",)]


def test_a_batch_that_was_held_is_known_only_from_its_release(lake: Lake) -> None:
    put(lake, "a", [model("x/y", licence="mit")], MONDAY)
    put(lake, "held", [model("x/y", licence="other")], MONDAY)
    with Session(lake.engine) as session:
        session.get_one(Batch, "held").visible_at = TUESDAY
        session.commit()
    seen = view(lake)
    assert seen.at(MONDAY).execute("SELECT licence FROM models").fetchall() == [("mit",)]
    assert seen.at(TUESDAY).execute("SELECT licence FROM models").fetchall() == [("other",)]
