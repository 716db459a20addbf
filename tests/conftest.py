"""Fixtures that more than one part of the tests needs."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


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


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's own TOCSIN_ settings out of the tests."""
    for name in list(os.environ):
        if name.startswith("TOCSIN_") and name != "TOCSIN_SHARED":
            monkeypatch.delenv(name)
