"""A silent daemon and a stale source say so themselves, once, and say when they are back."""

import json
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from collectors.registry import COLLECTORS
from monitor.alerts.desk import Desk
from monitor.disk import LOW_BYTES
from monitor.sources import SourceHealth
from monitor.store.conclusions import AssessmentRow
from monitor.store.runs import Run
from monitor.watchdog import tell_disk, tell_late_cycle, tell_sources

HOURS = timedelta(hours=2)


def health(state: str, at: datetime) -> SourceHealth:
    good = Run(id=f"r{at}", source=COLLECTORS[0].source.id, state="done", started_at=at)
    return SourceHealth(COLLECTORS[0], state, "", good, good, 0, 1, True, 0, 0.0)


def test_a_late_cycle_is_told_once(session: Session, desk: Desk, now: datetime) -> None:
    assert tell_late_cycle(session, desk, HOURS, now) is None
    session.add(
        AssessmentRow(
            as_of=now, concluded_at=now, method="2026", method_sha256="m", home="CN", run_id="r",
            document=json.dumps({}),
        )
    )  # fmt: skip
    assert tell_late_cycle(session, desk, HOURS, now + HOURS) is None
    late = tell_late_cycle(session, desk, HOURS, now + HOURS + timedelta(seconds=1))
    assert late is not None
    assert late.topic == "cycle_late"
    assert tell_late_cycle(session, desk, HOURS, now + 2 * HOURS) is None


def test_a_disk_that_is_nearly_full_is_told_once_a_day(
    session: Session, desk: Desk, now: datetime
) -> None:
    home = Path("/var/lib/tocsin")
    assert tell_disk(session, desk, home, LOW_BYTES, now) is None
    low = tell_disk(session, desk, home, LOW_BYTES - 1, now)
    assert low is not None
    assert low.topic == "disk_low"
    assert "2.0 GB" in low.view
    assert tell_disk(session, desk, home, 0, now + timedelta(hours=1)) is None
    assert tell_disk(session, desk, home, 0, now + timedelta(days=1)) is not None


def test_a_stale_source_is_told_once_and_so_is_its_return(
    session: Session, desk: Desk, now: datetime
) -> None:
    day = timedelta(days=1)
    assert tell_sources(session, desk, [health("fresh", now)], now) == []
    for later in (now + 9 * day, now + 10 * day):
        told = [n.topic for n in tell_sources(session, desk, [health("stale", now)], later)]
        assert told == (["source_stale"] if later == now + 9 * day else [])
    back = health("fresh", now + 11 * day)
    assert [n.topic for n in tell_sources(session, desk, [back], now + 11 * day)] == ["source_back"]
    assert tell_sources(session, desk, [back], now + 12 * day) == []
    again = tell_sources(session, desk, [health("stale", now + 11 * day)], now + 30 * day)
    assert [n.topic for n in again] == ["source_stale"]
