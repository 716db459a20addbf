"""The command itself, as a process of its own, against the stand-in: addresses by environment."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from monitor.asking import collect_all
from monitor.context import open_context
from monitor.indicators import evaluate
from monitor.record import open_view
from tests.standin import StandIn
from tests.standin.faults import HOSTILE_NAME

NOW = datetime(2026, 8, 22, 6, tzinfo=UTC)
_MONTH = 30.4375


@dataclass
class Installation:
    """A home folder and the stand-in that its sources point at."""

    standin: StandIn
    home: Path

    def environment(self) -> dict[str, str]:
        """Return the environment of a person who did what the manual says."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
        floor = {"TOCSIN_SOURCES__HUGGINGFACE__FLOOR": "0", "TOCSIN_HOME": str(self.home)}
        return kept | self.standin.env() | floor

    def tocsin(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the console script and return how it ended."""
        command = [str(Path(sys.executable).with_name("tocsin")), *arguments]
        return subprocess.run(
            command,
            env=self.environment(),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )

    def collect(self, *names: str) -> dict[str, dict[str, Any]]:
        """Collect and return the outcome of each source by name."""
        done = self.tocsin("collect", *names, "--json")
        assert done.returncode in (0, 3), done.stderr
        return {outcome["source"]: outcome for outcome in json.loads(done.stdout)}

    def collected(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table that were collected here, from all files of the lake."""
        rows: list[dict[str, Any]] = []
        for file in sorted((self.home / "lake" / table).rglob("*.parquet")):
            found = pq.read_table(file).to_pylist()
            rows += [r for r in found if r["source_url"].startswith(self.standin.url)]
        return rows


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Installation]:
    """Return a fresh installation on our own small documents."""
    with StandIn() as standin:
        yield Installation(standin, tmp_path)


@pytest.fixture(scope="module")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Return an installation on the real files, with one whole cycle behind it."""
    with StandIn(shared / "data") as standin:
        yield Installation(standin, tmp_path_factory.mktemp("home"))


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_one_run_collects_every_source_and_ends_with_levels(real: Installation) -> None:
    done = real.tocsin("run", "--json")

    assert done.returncode == 0, done.stderr[-2000:]
    document = json.loads(done.stdout)
    assert set(document["risks"]) == {"misuse", "spillover", "backdoor"}
    for risk in document["risks"].values():
        for indicator in risk["indicators"]:
            assert (indicator["value"] is None) == (indicator["missing"] is not None)
    models = {r["model_id"] for r in real.collected("models") if r["source"] == "huggingface"}
    assert len(models) == 4167
    for language in ("zh", "en"):
        assert (real.home / f"site/public/{language}/index.html").is_file()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_an_earlier_day_reads_the_same_before_and_after_newer_batches(real: Installation) -> None:
    moment = "2026-08-12T00:00:00Z"
    first = real.tocsin("assess", "--as-of", moment, "--reconstructed", "--json")
    real.collect("kev", "govcn")
    second = real.tocsin("assess", "--as-of", moment, "--reconstructed", "--json")

    assert first.returncode == 0, first.stderr[-2000:]
    assert first.stdout == second.stdout


def lag_months(file: Path) -> float:
    """Return the lag on the day of the last release, by hand: dates as published, no tolerance."""
    with file.open(encoding="utf-8-sig") as handle:
        rows = [
            (date.fromisoformat(r["date"]), float(r["eci"]), r["Accessibility group"])
            for r in csv.DictReader(handle)
            if r["date"]
        ]
    last = max(day for day, _, group in rows if group in ("Open weights", "Closed weights"))
    best = max(score for _, score, group in rows if group == "Open weights")
    reached = min(d for d, score, group in rows if group == "Closed weights" and score >= best)
    return (last - reached).days / _MONTH


@pytest.mark.parametrize(
    ("vintage", "file", "point"),
    [
        ("2026-08", "epoch_eci/2026-08/eci_scores.csv", 4.86),
        ("2025-12", "epoch_eci/2025-12_eci_scores.csv", None),
    ],
)
def test_the_open_closed_lag_comes_from_the_vintage_that_was_served(
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    vintage: str,
    file: str,
    point: float | None,
) -> None:
    with StandIn(shared / "data", vintage=vintage) as standin:
        for name, value in standin.env().items():
            monkeypatch.setenv(name, value)
        context = open_context(tmp_path, now=lambda: NOW)
        outcomes = collect_all(context, only=["epoch", "lmarena"])
        view = open_view(context, context.method)
    lag = next(i for i in context.method.indicators if i.code == "S05")
    reading = evaluate(view.at(NOW), lag, NOW, home=context.settings.home)

    assert not any(o.failed for o in outcomes)
    assert reading.companions["point_eci"] == pytest.approx(
        lag_months(shared / "data" / file), abs=0.01
    )
    if point is not None:  # RULINGS.md 13, on the file of 2026-08
        assert reading.companions["point_eci"] == pytest.approx(4.9, abs=0.3)
        assert reading.companions["point_eci"] == pytest.approx(point, abs=0.01)
        assert reading.companions["tolerance_2_eci"] == pytest.approx(3.25, abs=0.01)
        assert reading.votes["eci"] == pytest.approx(6.2, abs=0.3)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Return an installation that has collected the hub once, without a fault."""
    with StandIn() as standin:
        installation = Installation(standin, tmp_path_factory.mktemp("filled"))
        assert installation.collect("huggingface")["huggingface"]["state"] == "done"
        yield installation


@pytest.mark.parametrize("kind", ["html", "truncate", "missing_field", "huge"])
def test_a_spoilt_list_is_refused_said_clearly_and_loses_nothing(
    filled: Installation, kind: str
) -> None:
    rows = filled.collected("models")
    filled.standin.faults.clear()
    filled.standin.fault("huggingface", kind=kind, times=None)
    after = filled.collect("huggingface", "kev")

    assert after["huggingface"]["state"] == "changed"
    assert "huggingface" in after["huggingface"]["message"]
    assert len({r["model_id"] for r in rows}) == 60
    assert filled.collected("models") == rows
    assert after["kev"]["state"] in ("done", "unchanged")


def test_a_duplicate_and_a_hostile_name_spoil_no_other_row(own: Installation) -> None:
    for kind in ("duplicate", "hostile"):
        own.standin.fault("huggingface", kind=kind)
        outcome = own.collect("huggingface")["huggingface"]
        assert outcome["state"] == "done", outcome["message"]
    names = [r["model_id"] for r in own.collected("models")]

    assert not any(HOSTILE_NAME in name for name in names)
    assert len(set(names)) == 60


def test_a_source_that_is_down_is_named_and_the_exit_code_says_so(own: Installation) -> None:
    own.standin.fault("epoch", kind="status", code=404, times=None)
    done = own.tocsin("collect", "epoch", "kev")

    assert done.returncode == 3
    assert "epoch" in done.stdout + done.stderr
    assert "404" in done.stdout + done.stderr
