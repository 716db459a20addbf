"""Openness is dated: opened, closed and relicensed, between two vintages of one source."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from sqlmodel import Session

from collectors.record import Model, Openness, Record, Release, Score
from monitor.asof import View
from monitor.batch import BatchWriter
from monitor.lake import Lake
from monitor.openness import Turn, changes, document, weights_released_between
from monitor.store.engine import open_store, sqlite_url
from monitor.store.runs import Batch, BatchState
from reports.schema import schema

JUNE, JULY, AUGUST = (datetime(2026, month, 1, 6, tzinfo=UTC) for month in (6, 7, 8))
URL = "https://catalogue.example.org/models"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"), open_store(sqlite_url(tmp_path / "tocsin.db")))


def put(
    lake: Lake, rows: list[Record], at: datetime, *, source: str = "cat", live: bool = True
) -> None:
    name = f"{source}-{at:%m}-{int(live)}-{len(lake.visible())}"
    writer = BatchWriter(lake, name, source, is_live=live)
    writer.add(rows, at)
    batch = Batch(
        id=name, run_id=name, source=source, state=BatchState.VISIBLE, is_live=live,
        fetched_at=at, visible_at=at, rows=len(rows),
    )  # fmt: skip
    files = writer.finish()
    with Session(lake.engine) as session:
        lake.commit(session, batch, files)
        session.commit()


def release(name: str, state: Openness, licence: str | None = None) -> Release:
    return Release(source_url=URL, model_name=name, openness=state, licence=licence)


def score(name: str, board_on: date, state: Openness, licence: str | None = "as stated") -> Score:
    return Score(
        source_url=URL, board="eci", board_on=board_on, model_name=name, openness=state,
        score_micro=1, licence=licence,
    )  # fmt: skip


def view(lake: Lake) -> View:
    return View(lake, lake.visible(), home="CN", views={})


def test_weights_come_out_after_the_announcement(lake: Lake) -> None:
    put(lake, [release("Glade", Openness.CLOSED), release("Moor", Openness.OPEN)], JUNE)
    put(lake, [release("Glade", Openness.CLOSED), release("Moor", Openness.OPEN)], JULY)
    put(lake, [release("Glade", Openness.OPEN), release("Moor", Openness.OPEN)], AUGUST)
    (change,) = changes(view(lake), AUGUST)
    assert (change.name, change.turn) == ("Glade", Turn.OPENED)
    assert (change.last_seen_on, change.seen_on) == (date(2026, 7, 1), date(2026, 8, 1))
    assert weights_released_between(view(lake), AUGUST) == {
        "Glade": (date(2026, 7, 1), date(2026, 8, 1))
    }
    assert changes(view(lake), JULY) == (), "not known a month before"


def test_unknown_opens_nothing_and_hides_nothing(lake: Lake) -> None:
    put(lake, [release("a", Openness.UNKNOWN), release("b", Openness.CLOSED)], JUNE)
    put(lake, [release("a", Openness.OPEN), release("b", Openness.UNKNOWN)], JULY)
    put(lake, [release("a", Openness.OPEN), release("b", Openness.OPEN)], AUGUST)
    (change,) = changes(view(lake), AUGUST)
    assert (change.name, change.last_seen_on) == ("b", date(2026, 6, 1))


def test_a_source_that_did_not_know_the_access_yet_tells_no_event(lake: Lake) -> None:
    put(lake, [release("a", Openness.OPEN, "Unknown")], JUNE)
    put(lake, [release("a", Openness.OPEN, "Open weights (unrestricted)")], JULY)
    assert changes(view(lake), JULY) == ()


def test_a_new_licence_is_an_event_and_closing_is_told_before_it(lake: Lake) -> None:
    put(lake, [release("a", Openness.OPEN, "MIT"), release("b", Openness.OPEN, "MIT")], JUNE)
    put(lake, [release("a", Openness.OPEN, "own"), release("b", Openness.CLOSED, "own")], JULY)
    found = {c.name: (c.turn, c.before, c.now) for c in changes(view(lake), JULY)}
    assert found == {
        "a": (Turn.RELICENSED, "MIT", "own"),
        "b": (Turn.CLOSED, "open", "closed"),
    }


def test_a_board_dates_by_its_own_days(lake: Lake) -> None:
    old, new = date(2025, 12, 19), date(2026, 5, 11)
    put(lake, [score("m", old, Openness.CLOSED), score("m", new, Openness.OPEN)], AUGUST)
    (change,) = changes(view(lake), AUGUST)
    assert (change.name, change.last_seen_on, change.seen_on) == ("eci m", old, new)


def test_a_flag_read_from_the_name_alone_is_no_observation(lake: Lake) -> None:
    old, new = date(2025, 12, 19), date(2026, 5, 11)
    put(lake, [score("m", old, Openness.CLOSED, None), score("m", new, Openness.OPEN)], AUGUST)
    assert changes(view(lake), AUGUST) == ()


def test_a_repository_that_changes_its_licence(lake: Lake) -> None:
    put(lake, [Model(source_url=URL, model_id="x/y", licence="mit")], JUNE)
    put(lake, [Model(source_url=URL, model_id="x/y", licence="other")], JULY)
    (change,) = changes(view(lake), JULY)
    assert (change.table, change.turn) == ("models", Turn.RELICENSED)


def test_two_sources_or_a_shipped_row_change_nothing(lake: Lake) -> None:
    put(lake, [release("a", Openness.CLOSED)], JUNE)
    put(lake, [release("a", Openness.OPEN)], JULY, source="other")
    put(lake, [release("a", Openness.OPEN)], AUGUST, live=False)
    assert changes(view(lake), AUGUST) == ()


def test_a_day_of_two_minds_is_passed_over(lake: Lake) -> None:
    put(lake, [release("a", Openness.CLOSED)], JUNE)
    put(lake, [release("a", Openness.OPEN)], JULY)
    put(lake, [release("a", Openness.CLOSED)], JULY.replace(hour=9))
    put(lake, [release("a", Openness.CLOSED)], AUGUST)
    assert changes(view(lake), AUGUST) == ()


def test_the_document_holds_its_schema_and_names_no_repository(lake: Lake) -> None:
    repository = Model(source_url=URL, model_id="x/secret", licence="mit")
    put(lake, [release("a", Openness.CLOSED), repository], JUNE)
    later = Model(source_url=URL, model_id="x/secret", licence="other")
    put(lake, [release("a", Openness.OPEN), later], JULY)
    told = document(changes(view(lake), JULY), JULY, reconstructed=False)
    Draft202012Validator(schema("openness")).validate(told)
    assert told["repositories_relicensed"] == 1
    assert "secret" not in str(told)
    assert isinstance(told["changes"], list)
    assert told["changes"][0]["turn"] == "opened"
