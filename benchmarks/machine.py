"""What it was measured on: without this, a figure says nothing."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.measure import ROOT

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


def _commit() -> str:
    """Return the commit that is measured; `+` where files differ from it."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*"], cwd=ROOT, text=True,
            capture_output=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()


def circumstances() -> dict[str, str]:
    """Return time, commit and load as they are now."""
    load = ", ".join(f"{v:.1f}" for v in os.getloadavg())
    return {"at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "commit": _commit(), "load": load}


def lines() -> list[str]:
    """Return machine and versions as lines of Markdown."""
    packages = ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    return [
        f"- {_processor()}, {os.cpu_count()} cores, {_memory_gb():.0f} GB",
        f"- {platform.system()} {platform.release()}, Python {platform.python_version()}",
        f"- {packages}",
    ]
