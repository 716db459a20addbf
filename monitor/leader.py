"""One daemon acts: a file lock beside SQLite, a lease row with a fencing token on PostgreSQL.

The lease is renewed well within its life; a leader that cannot renew stops acting, and a follower
takes over as soon as it has run out. Every taking-over raises the token, so that a leader that
slept through its own replacement finds a newer token at its next write and gives up. The lease runs
by the server's clock: those of two machines differ, by more than its life where nobody sets them.
"""

import fcntl
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy import Engine, text, update
from sqlmodel import Session, col

from monitor.store.lease import Lease

LIFE = timedelta(seconds=6)
RENEW = timedelta(seconds=2)


def server_time(session: Session) -> datetime:
    """Return what PostgreSQL's clock says."""
    micros = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=session.scalar(micros) or 0)


class Leadership(Protocol):
    """Whether this process may act."""

    def acquire(self) -> bool:
        """Become, or stay, the leader; False if another one is."""
        ...

    def leader(self) -> str:
        """Return who leads, in the words of the leader."""
        ...

    def release(self) -> None:
        """Give way at once."""
        ...


class FileLock:
    """One daemon a folder: the lock dies with the process, so a kill frees it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._handle: IO[str] | None = None

    def acquire(self) -> bool:
        """Take the lock; False if another process has it."""
        if self._handle is not None:
            return True
        self.file.parent.mkdir(parents=True, exist_ok=True)
        handle = self.file.open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            return False
        handle.truncate(0)
        handle.write(f"{os.getpid()} since {datetime.now(UTC).isoformat(timespec='seconds')}\n")
        handle.flush()
        self._handle = handle
        return True

    def leader(self) -> str:
        """Return what the holder of the lock wrote about itself."""
        return self.file.read_text(encoding="utf-8").strip() if self.file.exists() else ""

    def release(self) -> None:
        """Free the lock."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None


class LeaseLock:
    """A row that one daemon holds for a few seconds at a time; `token` only ever grows."""

    def __init__(
        self, engine: Engine, holder: str, clock: Callable[[Session], datetime] = server_time
    ) -> None:
        self.engine, self.holder, self.clock = engine, holder, clock
        self.token = 0

    def acquire(self) -> bool:
        """Renew our lease or take one that has run out; one statement decides."""
        with Session(self.engine) as session:
            now = self.clock(session)
            if session.get(Lease, 1) is None:
                session.merge(Lease(id=1, holder="", token=0, until=now))
                session.commit()
            renewed = session.exec(
                update(Lease)
                .where(col(Lease.holder) == self.holder, col(Lease.token) == self.token)
                .where(col(Lease.token) > 0)
                .values(until=now + LIFE)
            )
            if renewed.rowcount == 0:
                taken = session.exec(
                    update(Lease)
                    .where(col(Lease.until) <= now)
                    .values(holder=self.holder, token=Lease.token + 1, until=now + LIFE)
                )
                if taken.rowcount == 0:
                    session.rollback()
                    return False
            session.commit()
            self.token = session.get_one(Lease, 1).token
            return True

    def leader(self) -> str:
        """Return machine and pid of the holder of the lease."""
        with Session(self.engine) as session:
            return session.get_one(Lease, 1).holder

    def release(self) -> None:
        """Let the lease run out now."""
        with Session(self.engine) as session:
            session.exec(
                update(Lease)
                .where(col(Lease.holder) == self.holder, col(Lease.token) == self.token)
                .values(until=datetime(1970, 1, 2, tzinfo=UTC))
            )
            session.commit()


def fence(session: Session, leadership: Leadership) -> None:
    """Raise LostLeadership inside a transaction whose writer is no longer the leader."""
    if isinstance(leadership, LeaseLock):
        row = session.get(Lease, 1, with_for_update=True)
        if row is None or row.token != leadership.token:
            raise LostLeadership(f"token {leadership.token}, the leader's is {row and row.token}")


class LostLeadership(Exception):  # noqa: N818  (the name says what is the case)
    """Another daemon leads now; whatever this one had in hand is rolled back."""
