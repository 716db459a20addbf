"""What was concluded: readings by vintage, assessments by day, and the methods they used."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from monitor.store.columns import UtcDateTime


class MethodSnapshot(SQLModel, table=True):
    """A method as taken over, all its files by content hash: replay never needs the disk."""

    sha256: str = Field(primary_key=True)
    version: str
    taken_over_at: datetime = Field(sa_type=UtcDateTime)
    files: str
    """JSON: path → text."""


class IndicatorValue(SQLModel, table=True):
    """One reading; a new row only where something changed since the last one."""

    id: int | None = Field(default=None, primary_key=True)
    indicator: str = Field(index=True)
    as_of: datetime = Field(sa_type=UtcDateTime, index=True)
    method_sha256: str
    home: str
    reconstructed: bool
    value: float | None = None
    missing: str | None = None
    newest_on: date | None = None
    coverage: float | None = None
    vintage: str = ""
    document: str
    """The whole reading (JSON)."""


class AssessmentRow(SQLModel, table=True):
    """One assessment that was concluded by a cycle, as the document that `status` prints."""

    __tablename__ = "assessment"

    id: int | None = Field(default=None, primary_key=True)
    as_of: datetime = Field(sa_type=UtcDateTime, index=True)
    concluded_at: datetime = Field(sa_type=UtcDateTime)
    method: str
    method_sha256: str
    home: str
    reconstructed: bool = False
    run_id: str
    document: str
