"""The method that ships, and engines to run its cases on."""

from collections.abc import Iterator

import pytest

from config.method import Method, load_method
from monitor.method_cases import Engines, case_engines


@pytest.fixture(scope="session")
def method() -> Method:
    """Return the method of 2026 as shipped."""
    return load_method("2026")


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    """Yield DuckDB and SQLite with every table."""
    with case_engines() as found:
        yield found
