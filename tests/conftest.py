"""Fixtures that more than one part of the tests needs."""

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests import servers

ROOT = Path(__file__).parent.parent

# No test is timed: the first example often pays for an import.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def absent(reason: str) -> None:
    """Skip by name where a part is not installed; with CI=true a skip is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have it: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real data; its absence is a skip, unless it was promised."""
    promised = os.environ.get("TOCSIN_SHARED")
    folder = Path(promised) if promised else ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        if promised:
            pytest.fail(f"TOCSIN_SHARED={promised} holds no data/")
        pytest.skip("no ../shared/data: golden tests on real data are skipped")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Return the address of a real PostgreSQL server that lives as long as the tests."""
    if servers.postgres_bin() is None:
        absent("PostgreSQL is not installed")
    with servers.postgres() as address:
        yield address


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Return a database of its own on the server."""
    name = f"t{secrets.token_hex(6)}"
    admin = sa.create_engine(f"{postgres_server}/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield f"{postgres_server}/{name}"
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return a fresh store's URL, once per kind of store: the same tests hold both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's own TOCSIN_ settings out of the tests."""
    for name in list(os.environ):
        if name.startswith("TOCSIN_") and name != "TOCSIN_SHARED":
            monkeypatch.delenv(name)
