"""What people did: cases with their six steps, tasks, votes, overrides, releases, signatures."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from monitor.store.columns import UtcDateTime


class CaseState(StrEnum):
    """A case is superseded when the level rises again and a new clock starts."""

    OPEN = "open"
    CLOSED = "closed"
    SUPERSEDED = "superseded"
    RETRACTED = "retracted"


class CaseRow(SQLModel, table=True):
    """The response to one rise."""

    __tablename__ = "response_case"

    id: int = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="alert.id", index=True)
    transition_id: str = Field(foreign_key="transition.id", unique=True)
    risk: str
    level: str
    exercise: bool = False
    state: str = Field(default=CaseState.OPEN, index=True)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    conclusion: str = ""


class StepRow(SQLModel, table=True):
    """One of the six steps of a case, with its deadline where a clock runs on it."""

    __tablename__ = "case_step"

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="response_case.id", index=True)
    position: int
    name: str
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: str | None = None
    note: str = ""

    __table_args__ = (sa.UniqueConstraint("case_id", "name", name="uq_step"),)


class TaskRow(SQLModel, table=True):
    """Something one person owes by a moment."""

    __tablename__ = "case_task"

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="response_case.id", index=True)
    title: str
    owner: str
    due_at: datetime = Field(sa_type=UtcDateTime)
    created_by: str
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: str | None = None
    note: str = ""


class VoteRow(SQLModel, table=True):
    """A member of the joint meeting signs or dissents; a later vote of the same person counts."""

    __tablename__ = "panel_vote"

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="response_case.id", index=True)
    person: str
    identity: str
    sector: str
    """government, industry or research."""
    level: str
    """The level that the member holds right."""
    agrees: bool
    """Whether the member signs the draft plan."""
    reason: str
    at: datetime = Field(sa_type=UtcDateTime)


class OverrideRow(SQLModel, table=True):
    """A person's level beside the model's."""

    __tablename__ = "override"

    id: int = Field(default=None, primary_key=True)
    risk: str = Field(index=True)
    level: str
    model_level: str
    """The model's level when it was asked for."""
    reason: str
    author: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    needs_second: bool
    second: str | None = None
    in_force_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = None
    case_id: int | None = None
    """Set where it follows the vote of a joint meeting."""


class ReleaseRow(SQLModel, table=True):
    """Leave to leave red: the rule alone never does it."""

    __tablename__ = "release"

    id: int = Field(default=None, primary_key=True)
    risk: str = Field(index=True)
    reason: str
    author: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    second: str | None = None
    in_force_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    """A release that was not used by then is void."""


class ConfirmationRow(SQLModel, table=True):
    """Two people confirm what a tripwire reported; one alone confirms nothing."""

    __tablename__ = "confirmation"

    id: int = Field(default=None, primary_key=True)
    indicator: str = Field(index=True)
    reason: str
    author: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    second: str | None = None
    in_force_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = None


class SignatureRow(SQLModel, table=True):
    """A signature with a registered key, kept so that anyone can verify it again."""

    __tablename__ = "signature"

    id: int = Field(default=None, primary_key=True)
    identity: str
    statement: str
    """The exact text that was signed."""
    signature: str
    """Ed25519, base64."""
    at: datetime = Field(sa_type=UtcDateTime)
