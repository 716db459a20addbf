"""The stand-in in a process of its own, so that its cost is not ours, and its pages as bytes."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import requests

from benchmarks.measure import ROOT
from collectors.huggingface import _EVERYTHING

PAGE = 1000


@contextmanager
def serving(models: int, cache: Path) -> Iterator[str]:
    """Yield the address of a hub with so many generated models and no rate limit to speak of.

    Pages once made are kept in `cache` (650 kB each), so that making them is not in the way.
    """
    command = [
        sys.executable, "-m", "tests.standin", "--port", "0", "--models", str(models),
        "--quota", "1000000000", "--cache", str(cache),
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait(timeout=10)
        assert process.stdout is not None
        process.stdout.close()


def raw_pages(url: str) -> Iterator[tuple[str, bytes]]:
    """Yield the address and the packed bytes of each page, as they come off the wire."""
    asked = [("sort", "createdAt"), ("limit", str(PAGE)), *(("expand", e) for e in _EVERYTHING)]
    place: str | None = f"{url}/huggingface/api/models?{urlencode(asked)}"
    with requests.Session() as session:
        while place:
            with session.get(place, stream=True, timeout=60) as answer:
                body = answer.raw.read(decode_content=False)
                yield place, body
                place = answer.links.get("next", {}).get("url")
