"""The outbox: one row per (notice, receiver), every attempt, and receivers that were disabled."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from monitor.store.columns import UtcDateTime


class OutboxState(StrEnum):
    """Where one delivery stands."""

    PENDING = "pending"
    CLAIMED = "claimed"
    DELIVERED = "delivered"
    DEAD = "dead"
    SILENCED = "silenced"
    """Held back by a silence; told later if it is still the newest when that ends."""


class OutboxRow(SQLModel, table=True):
    """One notice for one receiver, with the bytes that every attempt sends."""

    __tablename__ = "outbox"

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    """Idempotency key: Message-ID, webhook-id, CAP file name. The same on every attempt."""
    notice_id: str = Field(foreign_key="notice.id", index=True)
    receiver: str
    channel: str
    body: bytes = Field(sa_type=sa.LargeBinary)
    sha256: str
    state: str = OutboxState.PENDING
    created_at: datetime = Field(sa_type=UtcDateTime)
    trying_since: datetime = Field(sa_type=UtcDateTime)
    """Start of the 72 hours; moved when a person sends a dead letter again."""
    next_at: datetime = Field(sa_type=UtcDateTime)
    claimed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    claimed_by: str | None = None
    attempts: int = 0
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str = ""
    silenced_by: int | None = None
    """Silence that held it back when it was written."""

    __table_args__ = (
        sa.UniqueConstraint("notice_id", "receiver", name="uq_outbox"),
        sa.Index("ix_outbox_due", "state", "next_at"),
    )


class AttemptRow(SQLModel, table=True):
    """One attempt to deliver; never changed."""

    __tablename__ = "attempt"

    id: int = Field(default=None, primary_key=True)
    outbox_id: int = Field(foreign_key="outbox.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    worker: str
    outcome: str
    """delivered, again, dead, abandoned (its worker died)."""
    message: str = ""


class ReceiverRow(SQLModel, table=True):
    """A receiver that asked for no more (410) until a person enables it again."""

    __tablename__ = "receiver"

    name: str = Field(primary_key=True)
    disabled_at: datetime = Field(sa_type=UtcDateTime)
    reason: str
