"""Runs, the manifests of their batches, and how far each source has been read."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from monitor.store.columns import UtcDateTime


class RunState(StrEnum):
    """How a run of one source, or of a cycle, ended."""

    RUNNING = "running"
    DONE = "done"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    CHANGED = "changed"  # the payload no longer has our shape
    QUARANTINED = "quarantined"
    CRASHED = "crashed"


class BatchState(StrEnum):
    """Whether indicators may read a batch."""

    VISIBLE = "visible"
    HELD = "held"
    DROPPED = "dropped"
    REVOKED = "revoked"


class Run(SQLModel, table=True):
    """One attempt to read one source (`source` set) or one whole cycle (`source` empty)."""

    id: str = Field(primary_key=True)
    source: str = Field(default="", index=True)
    state: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    message: str = ""
    rows: int = 0
    requests: int = 0
    is_live: bool = True
    """False when the address was a loopback stand-in or the shipped baseline."""


class Batch(SQLModel, table=True):
    """The manifest of one batch: its row makes all its files visible at once."""

    id: str = Field(primary_key=True)
    run_id: str = Field(index=True)
    source: str = Field(index=True)
    sweep: str = ""
    """Which of the source's passes it is."""
    state: str
    is_live: bool
    fetched_at: datetime = Field(sa_type=UtcDateTime)
    """Moment of the newest payload in it."""
    visible_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    url: str = ""
    rows: int = 0
    facts: str = "{}"
    """What quarantine compares the next batch with (JSON)."""
    findings: str = "[]"
    """What quarantine found (JSON)."""


class BatchFile(SQLModel, table=True):
    """One Parquet file of a batch."""

    path: str = Field(primary_key=True)
    """Relative to the lake."""
    batch_id: str = Field(foreign_key="batch.id", index=True)
    table_name: str = Field(index=True)
    sha256: str
    rows: int
    bytes: int
    min_known_s: int = 0
    max_known_s: int = 0
    min_fetched_s: int = 0
    max_fetched_s: int = 0


class Retired(SQLModel, table=True):
    """A file that left the manifest; kept a while for who read the manifest before."""

    path: str = Field(primary_key=True)
    """Relative to the lake."""
    at: datetime = Field(sa_type=UtcDateTime)


class Sweep(SQLModel, table=True):
    """A long sweep in hand: parts already on disk, and where to go on after a kill."""

    source: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    batch_id: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    state: str = "{}"
    """Marks to resume from, and what quarantine has seen so far (JSON)."""
    parts: str = "[]"
    """Files written so far (JSON), not yet visible to anyone."""


class Mark(SQLModel, table=True):
    """How far a source has been read, by the collector's own keys."""

    source: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    value: str


class ValidatorRow(SQLModel, table=True):
    """ETag and Last-Modified of an address, for conditional requests."""

    __tablename__ = "validator"

    url: str = Field(primary_key=True)
    etag: str | None = None
    last_modified: str | None = None


class Refusal(SQLModel, table=True):
    """A payload or row that was refused, kept for a developer to look at."""

    id: int | None = Field(default=None, primary_key=True)
    run_id: str = Field(index=True)
    source: str = Field(index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    url: str = ""
    reason: str
    key: str = ""
    """Identifier of a refused row; may be hostile text."""
    kept_as: str = ""
    """File under `refused/` that holds the payload, compressed; empty if nothing was kept."""
