"""The daemon watches itself: a late cycle, a stale source and its return, a disk that fills.

Each is told once, by name of what it was late since, through the operations routes; none of it
raises a risk.
"""

from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, func, select

from monitor.alerts.desk import Desk
from monitor.alerts.health import Trouble, raise_operations
from monitor.disk import LOW_BYTES
from monitor.sources import SourceHealth
from monitor.store.alerts import NoticeRow
from monitor.store.conclusions import AssessmentRow


def tell_late_cycle(
    session: Session, desk: Desk, late_after: timedelta, now: datetime
) -> NoticeRow | None:
    """Add an alarm if the last conclusion is older than `late_after`; None before the first."""
    newest = session.exec(
        select(func.max(AssessmentRow.concluded_at)).where(
            col(AssessmentRow.reconstructed).is_(False)
        )
    ).one()
    if newest is None or now - newest <= late_after:
        return None
    minutes = str(int((now - newest) / timedelta(minutes=1)))
    trouble = Trouble("cycle_late", newest.isoformat(), {"minutes": minutes})
    return raise_operations(session, desk, trouble, now)


def tell_disk(
    session: Session, desk: Desk, home: Path, free: int, now: datetime
) -> NoticeRow | None:
    """Add an alarm, once a day, if the disk of the home folder is nearly full."""
    if free >= LOW_BYTES:
        return None
    detail = {"home": str(home), "free": f"{free / 1e9:.1f} GB"}
    trouble = Trouble("disk_low", f"{home}:{now:%Y-%m-%d}", detail)
    return raise_operations(session, desk, trouble, now)


def tell_sources(
    session: Session, desk: Desk, sources: list[SourceHealth], now: datetime
) -> list[NoticeRow]:
    """Add an alarm for each source that is stale, and a notice for each that is back."""
    found: list[NoticeRow | None] = []
    for source in sources:
        last = source.last_good.started_at.isoformat() if source.last_good else ""
        detail = {"source": source.id, "since": last}
        if source.state == "stale":
            trouble = Trouble("source_stale", f"{source.id}:{last}", detail)
            found.append(raise_operations(session, desk, trouble, now))
        elif source.state == "fresh" and (told := _told_stale(session, source.id)) is not None:
            found.append(raise_operations(session, desk, Trouble("source_back", told, detail), now))
    return [n for n in found if n is not None]


def _told_stale(session: Session, source: str) -> str | None:
    """Return what the newest alarm about this source was about, None if there was none."""
    prefix = "operations:source_stale:"
    origin = session.exec(
        select(NoticeRow.origin)
        .where(col(NoticeRow.origin).startswith(f"{prefix}{source}:", autoescape=True))
        .order_by(col(NoticeRow.at).desc())
        .limit(1)
    ).first()
    return origin.removeprefix(prefix) if origin else None
