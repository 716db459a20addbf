"""The record's own score as the reports print it, over a real lake."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from collectors.record import PolicyEvent
from config.method import load_method
from monitor.asof import View
from monitor.batch import BatchWriter
from monitor.context import open_context
from monitor.record import Record
from monitor.replay import Fold
from monitor.reportcard import measures, scorecard
from monitor.store.runs import Batch, BatchState
from rules.types import Assessment, Level, Risk

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def event(name: str, on: date) -> PolicyEvent:
    """Return a verified incident of misuse."""
    return PolicyEvent(
        source_url="https://example.org", event_id=name, title=f"Event {name}",
        title_zh="去护栏报道",
        kind="incident", risks="misuse", verification="verified", day_verified=True,
        occurred_on=on, published_on=on,
    )  # fmt: skip


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Return a record of 300 days on which misuse was yellow from day 100 to 200 and red to 220."""
    context = open_context(tmp_path / "home")
    at = FIRST
    writer = BatchWriter(context.lake, "events", "tocsin", is_live=True)
    writer.add([event("first", date(2026, 2, 1)), event("second", date(2026, 7, 20))], at)
    batch = Batch(
        id="events", run_id="events", source="tocsin", state=BatchState.VISIBLE, is_live=True,
        fetched_at=at, visible_at=at, rows=2,
    )  # fmt: skip
    with Session(context.engine) as session:
        context.lake.commit(session, batch, writer.finish())
        session.commit()
    method = load_method("2026")
    few = method.model_copy(update={"indicators": (method.indicator("S05"),)})
    view = View(context.lake, context.lake.visible(), home="CN", views=few.views)
    fold = Fold(view, few)
    begun = fold.step(FIRST)
    return Record(tuple(_day(begun, n) for n in range(300)), fold)


def _day(begun: Assessment, number: int) -> Assessment:
    level = (
        Level.YELLOW if 100 <= number < 200 else Level.RED if 200 <= number < 220 else Level.GREEN
    )
    risks = tuple(
        replace(r, model_level=level, level=level) if r.risk is Risk.MISUSE else r
        for r in begun.risks
    )
    return replace(begun, as_of=FIRST + timedelta(days=number), risks=risks)


def test_each_event_is_listed_with_its_words_result_and_lead(record: Record) -> None:
    card = scorecard(record)
    assert card is not None
    first, second = (e for e in card.events if e.risk is Risk.MISUSE)
    assert (first.words.zh, first.words.en) == ("去护栏报道", "Event first")
    assert (first.on, first.result) == (date(2026, 2, 1), "not_scorable")
    assert first.reason is not None
    assert first.reason.zh == "记录尚未开始"
    assert (second.on, second.result, second.lead_days) == (date(2026, 7, 20), "caught", 100)
    assert card.days_red == 20
    assert card.level_changes == 3
    assert (card.first, card.last) == (date(2026, 1, 1), date(2026, 10, 27))


def test_one_day_is_no_record(record: Record) -> None:
    assert scorecard(replace(record, assessments=record.assessments[:1])) is None


def test_the_measures_of_the_method_stand_by_level(record: Record) -> None:
    found = measures(record)
    assert set(found) == set(Risk)
    assert {m.level for m in found[Risk.MISUSE]} >= {Level.YELLOW, Level.RED}
    assert all(m.words.zh and m.words.en for many in found.values() for m in many)
