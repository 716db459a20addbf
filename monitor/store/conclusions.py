"""What was concluded: readings by vintage, assessments by day, and the methods they used."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from monitor.store.columns import UtcDateTime


class MethodSnapshot(SQLModel, table=True):
    """A method as taken over, all its files by content hash: replay never needs the disk."""

    sha256: str = Field(primary_key=True)
    version: str
    taken_over_at: datetime = Field(sa_type=UtcDateTime)
    files: str
    """JSON: path → text."""


class ReadingRow(SQLModel, table=True):
    """One reading, remembered by what it was made of: folding a record again asks nothing twice."""

    __tablename__ = "reading"

    key: str = Field(primary_key=True)
    """Hash of indicator and its queries, moment, vintage of its inputs and home country."""
    indicator: str = Field(index=True)
    as_of: datetime = Field(sa_type=UtcDateTime, index=True)
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
