"""The command line as a person calls it, in this process, on homes that cost little."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from collectors.registry import COLLECTORS
from monitor.cli import main
from tests.standin import StandIn

SOURCES = tuple(c.source.id for c in COLLECTORS)


@dataclass(frozen=True)
class Answer:
    """How one command ended and what it said on each stream."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Both streams, with the line breaks of a narrow terminal undone."""
        return " ".join((self.out + self.err).split())

    def document(self) -> Any:
        """Return the one JSON document on stdout; anything beside it is an error."""
        return json.loads(self.out)


Tocsin = Callable[..., Answer]


def call(*words: str) -> Answer:
    """Run the entry point of the console script and return how it ended."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["tocsin", *words]
    code: object = 0
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as ended:
        code = ended.code or 0
    finally:
        sys.argv = before
    assert isinstance(code, int), code
    return Answer(code, out.getvalue(), err.getvalue())


def write_settings(home: Path, sources: dict[str, dict[str, Any]]) -> Path:
    """Write `tocsin.yaml`: these sources, and every other one disabled."""
    home.mkdir(parents=True, exist_ok=True)
    every = {name: sources.get(name, {"enabled": False}) for name in SOURCES}
    file = home / "tocsin.yaml"
    file.write_text(yaml.safe_dump({"sources": every}), encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def tocsin() -> Tocsin:
    """Return the command line: `tocsin("--home", home, "status", "--json")`."""
    return call


@pytest.fixture(scope="session")
def settings() -> Callable[[Path, dict[str, dict[str, Any]]], Path]:
    """Return the writer of a home's settings."""
    return write_settings


@pytest.fixture(scope="session")
def standin() -> Iterator[StandIn]:
    """Return a stand-in with our own small documents, for the home of the session."""
    with StandIn() as running:
        yield running


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, standin: StandIn) -> Path:
    """Return a home that has asked three sources, of which one fails, and judged once."""
    folder = tmp_path_factory.mktemp("home")
    asked = {name: {"base_url": f"{standin.url}/{name}"} for name in ("kev", "epoch", "openrouter")}
    asked["openrouter"]["key"] = "swordfish-in-file"
    write_settings(folder, asked)
    standin.fault("kev", "html", times=None)
    collected = call("--home", str(folder), "collect", "--json")
    assert collected.code == 3, collected.err
    (folder / "collected.json").write_text(collected.out, encoding="utf-8")
    judged = call("--home", str(folder), "assess", "--json")
    assert judged.code == 0, judged.err
    (folder / "judged.json").write_text(judged.out, encoding="utf-8")
    return folder
