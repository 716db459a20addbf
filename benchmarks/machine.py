"""What it was measured on: without this, a figure says nothing."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = (
    "duckdb",
    "pyarrow",
    "msgspec",
    "huggingface_hub",
    "requests",
    "sqlmodel",
    "jinja2",
    "pandas",
)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _memory_gb() -> float:
    for line in Path("/proc/meminfo").read_text("utf-8").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) / 2**20
    return 0.0


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def lines() -> list[str]:
    """Return machine, load and versions as lines of Markdown."""
    load = ", ".join(f"{v:.1f}" for v in os.getloadavg())
    packages = ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    return [
        f"- measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"- {_processor()}, {os.cpu_count()} cores, {_memory_gb():.0f} GB; "
        f"load at the start {load} (other work on the machine included)",
        f"- {platform.system()} {platform.release()}, Python {platform.python_version()}",
        f"- {packages}",
    ]
