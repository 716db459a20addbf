"""Whose turn it is: one run at a time of one thing, whichever process of the installation asks.

A file lock beside SQLite, an advisory lock on PostgreSQL: both die with their process, so a kill
frees them, and both keep threads of one process apart too. The leader's lease says who acts; turns
see to it that what an earlier leader, a reload or a person has in hand is not done a second time.
"""

import fcntl
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Engine

from monitor.context import Context
from monitor.errors import StoreError

FOLDER = "turns"
LONGEST = timedelta(minutes=15)
"""How long another's turn is waited for; a first judgement of a whole hub takes some minutes."""
_AGAIN_SECONDS = 0.1
_KEEPALIVE = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}
"""Seconds, and tries, after which the server gives up a holder whose machine went away."""

_Try = Callable[[], bool]


@contextmanager
def turn(context: Context, name: str, *, shared: bool = False) -> Iterator[bool]:
    """Hold the turn `name`; yields False, at once, if another has it.

    Several may hold it `shared`; nobody holds it besides one who does not share it.
    """
    with _door(context, name, shared=shared) as enter:
        yield enter()


@contextmanager
def own_turn(context: Context, name: str, *, shared: bool = False) -> Iterator[None]:
    """Hold the turn `name`, waiting for whoever has it; raises StoreError after 15 minutes."""
    with _door(context, name, shared=shared) as enter:
        until = time.monotonic() + LONGEST.total_seconds()
        while not enter():
            if time.monotonic() > until:
                minutes = LONGEST // timedelta(minutes=1)
                raise StoreError(f"{name}: another process has had it in hand for {minutes} min")
            time.sleep(_AGAIN_SECONDS)
        yield


def _door(context: Context, name: str, *, shared: bool) -> AbstractContextManager[_Try]:
    if context.engine.dialect.name == "sqlite":
        return _file(context.home / FOLDER / f"{name}.lock", shared=shared)
    return _advisory(context.engine, name, shared=shared)


@contextmanager
def _file(file: Path, *, shared: bool) -> Iterator[_Try]:
    file.parent.mkdir(parents=True, exist_ok=True)
    how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
    with file.open("a") as handle:

        def enter() -> bool:
            try:
                fcntl.flock(handle, how)
            except BlockingIOError:
                return False
            return True

        yield enter


@contextmanager
def _advisory(engine: Engine, name: str, *, shared: bool) -> Iterator[_Try]:
    number = int.from_bytes(hashlib.sha256(f"tocsin:{name}".encode()).digest()[:8], signed=True)
    lock = sa.text(f"SELECT pg_try_advisory_lock{'_shared' if shared else ''}(:number)")
    with _own_connections(engine).connect() as connection:
        for setting, value in _KEEPALIVE.items():
            connection.execute(sa.text(f"SET {setting} = {value}"))
        yield lambda: bool(connection.execute(lock, {"number": number}).scalar_one())


@lru_cache(maxsize=4)
def _own_connections(engine: Engine) -> Engine:
    """Return a way to connections outside the pool: a turn may be held for an hour."""
    return sa.create_engine(engine.url, poolclass=sa.pool.NullPool, isolation_level="AUTOCOMMIT")
