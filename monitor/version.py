"""The version of the installed distribution."""

from importlib.metadata import PackageNotFoundError, distribution


def version() -> str:
    """Return the version, or `0+unknown` for a tree that was never installed."""
    try:
        return distribution("tocsin").version
    except PackageNotFoundError:
        return "0+unknown"
