"""Who leads, where several daemons share one database."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from monitor.store.columns import UtcDateTime


class Lease(SQLModel, table=True):
    """The one row (id 1); `token` grows with every new leader and fences the old one off."""

    id: int = Field(primary_key=True)
    holder: str
    token: int
    until: datetime = Field(sa_type=UtcDateTime)
