"""The audit log: each entry carries the hash of the one before."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from monitor.store.columns import UtcDateTime


class AuditEntry(SQLModel, table=True):
    """One conclusion or human act; never changed, never removed."""

    __tablename__ = "audit_entry"

    seq: int = Field(primary_key=True)
    """1, 2, 3… without a gap."""
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str
    action: str
    subject: str
    detail: str
    """JSON, keys sorted."""
    previous: str
    """sha256 of the entry before; 64 zeros for the first."""
    sha256: str


class AuditHead(SQLModel, table=True):
    """How long the chain is and where it ends, so that a cut tail is seen."""

    __tablename__ = "audit_head"

    id: int = Field(default=1, primary_key=True)
    seq: int
    sha256: str
