"""What was told: transitions, alerts, notices with their rendered bytes, silences."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from monitor.store.columns import UtcDateTime


class AlertState(StrEnum):
    """An alert is open from a rise until the all-clear; a retracted one rested on a bad batch."""

    OPEN = "open"
    CLOSED = "closed"
    RETRACTED = "retracted"


class TransitionRow(SQLModel, table=True):
    """A change of one risk's adjudicated level; the only thing that raises an alarm."""

    __tablename__ = "transition"

    id: str = Field(primary_key=True)
    """Hash of risk, moment, levels, method and exercise: the same conclusion is the same row."""
    seq: int = Field(unique=True)
    """Order in which transitions were concluded."""
    risk: str = Field(index=True)
    kind: str
    before: str
    after: str
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    method: str
    method_sha256: str
    assessment_id: int | None = None
    alert_id: int | None = Field(default=None, index=True)
    exercise: bool = False
    flapping: bool = False
    retracted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AlertRow(SQLModel, table=True):
    """One episode of one risk: opened by a rise, carried on by later transitions, then closed."""

    __tablename__ = "alert"

    id: int = Field(default=None, primary_key=True)
    year: int
    serial: int
    """Counts within the year; exercises have a series of their own."""
    exercise: bool = False
    risk: str = Field(index=True)
    level: str
    peak: str
    """The most severe level of the episode."""
    state: str = Field(default=AlertState.OPEN, index=True)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str = ""
    """Why it was retracted."""

    __table_args__ = (sa.UniqueConstraint("exercise", "year", "serial", name="uq_alert_number"),)

    @property
    def number(self) -> str:
        """The number as typed at the command line: `2026-3`, for exercises `X2026-1`."""
        return f"{'X' if self.exercise else ''}{self.year}-{self.serial}"


class NoticeRow(SQLModel, table=True):
    """One thing to tell: (transition or case step or other origin, kind, sequence)."""

    __tablename__ = "notice"

    id: str = Field(primary_key=True)
    origin: str = Field(index=True)
    """`transition:ID`, `step:ID`, `alert:ID`, `outbox:ID`, `operations:TOPIC:…`."""
    kind: str
    sequence: int
    topic: str = ""
    """What an operations notice is about."""
    risk: str | None = Field(default=None, index=True)
    level: str | None = None
    alert_id: int | None = Field(default=None, index=True)
    case_id: int | None = None
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    exercise: bool = False
    view: str
    """The view it was rendered from (JSON)."""
    silenced_by: int | None = None
    """Silence that held back some or all of its deliveries."""
    told_later_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    __table_args__ = (sa.UniqueConstraint("origin", "kind", "sequence", name="uq_notice"),)


class ArtefactRow(SQLModel, table=True):
    """Rendered bytes, kept as told; nothing is rendered again to be delivered."""

    __tablename__ = "artefact"

    id: int = Field(default=None, primary_key=True)
    notice_id: str = Field(foreign_key="notice.id", index=True)
    kind: str
    """subject, text, html, report, pack, cap."""
    lang: str
    """zh, en, or mul for both in one."""
    audience: str
    """internal or public."""
    marking: str = ""
    media_type: str
    name: str
    sha256: str
    body: bytes = Field(sa_type=sa.LargeBinary)


class AckRow(SQLModel, table=True):
    """A person has seen the alert."""

    __tablename__ = "ack"

    id: int = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="alert.id", index=True)
    identity: str
    at: datetime = Field(sa_type=UtcDateTime)
    note: str = ""


class SilenceRow(SQLModel, table=True):
    """Notices held back for a while, by whom and why; what happened is recorded all the same."""

    __tablename__ = "silence"

    id: int = Field(default=None, primary_key=True)
    risk: str | None = None
    kinds: str = ""
    """Space-separated; empty: every kind."""
    receiver: str | None = None
    author: str
    reason: str
    starts_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    ended_by: str | None = None
    caught_up: bool = False
    """Whether the final state was told after it ended."""
