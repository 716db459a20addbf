"""A batch that collapsed: held, shown, released or dropped, revoked; each act in the audit log."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlmodel import Session

from collectors.record import Advisory
from monitor.batch import BatchWriter
from monitor.context import open_context
from monitor.record import open_view
from monitor.store.alerts import AlertRow
from monitor.store.runs import Batch, BatchState
from reports.schema import schema
from rules.types import Risk
from tests.standin import StandIn
from tests.standin.generate import Generated

WHOLE, COLLAPSED = 600, 200
SOURCE = "huggingface"


@dataclass
class Installation:
    """A home whose one source is a hub that can collapse."""

    home: Path
    hub: StandIn
    call: Callable[..., Any]

    def tocsin(self, *words: str, code: int = 0) -> Any:
        """Run a command and return its answer; the exit code is checked."""
        answer = self.call("--home", str(self.home), *words)
        assert answer.code == code, answer.said
        return answer

    def collect(self, models: int, code: int = 0) -> dict[str, Any]:
        """Ask the hub while it holds that many models; returns the outcome.

        Each size has its own models, so that what is read does not hang on which of two batches
        of one second is the newer.
        """
        self.hub.service(SOURCE).catalogue = Generated(models, seed=models)  # type: ignore[union-attr]
        outcomes = self.tocsin("collect", SOURCE, "--json", code=code).document()
        Draft202012Validator(schema("collect")).validate(outcomes)
        (outcome,) = outcomes
        assert isinstance(outcome, dict)
        return outcome

    def batches(self, *words: str) -> list[dict[str, Any]]:
        """Return what `quarantine list` lists."""
        document = self.tocsin("quarantine", "list", *words, "--json").document()
        Draft202012Validator(schema("quarantine_list")).validate(document)
        found: list[dict[str, Any]] = document["batches"]
        return found

    def held(self) -> str:
        """Return the identifier of the one held batch."""
        (batch,) = self.batches()
        return str(batch["id"])

    def read_from(self, batch: str) -> int:
        """Return how many models an indicator reads now that came with this batch."""
        context = open_context(self.home)
        view = open_view(context, context.method).at(context.now())
        rows = view.execute(f"SELECT count(*) FROM models WHERE batch_id = '{batch}'").fetchall()
        view.close()
        context.engine.dispose()
        return int(rows[0][0])

    def acts(self) -> list[tuple[str, str, str]]:
        """Return action, subject and reason of each act on a batch, oldest first."""
        entries = self.tocsin("audit", "list", "--json").document()["entries"]
        return [
            (e["action"], e["subject"], json.loads(e["detail"])["reason"])
            for e in entries
            if e["action"].startswith("quarantine.")
        ]


@pytest.fixture
def installation(
    tmp_path: Path, tocsin: Callable[..., Any], settings: Callable[..., Path]
) -> Iterator[Installation]:
    """Return an installation that has seen the whole hub once, then a third of it."""
    with StandIn() as hub:
        settings(tmp_path, {SOURCE: {"base_url": f"{hub.url}/{SOURCE}", "passes": ["census"]}})
        made = Installation(tmp_path, hub, tocsin)
        assert made.collect(WHOLE)["state"] == "done"
        outcome = made.collect(COLLAPSED, code=3)
        assert outcome["state"] == "quarantined"
        assert any(f["severity"] == "hold" for f in outcome["findings"])
        yield made


def test_a_held_batch_is_shown_released_and_revoked(installation: Installation) -> None:
    batch = installation.held()
    shown = installation.tocsin("quarantine", "show", batch, "--json").document()
    Draft202012Validator(schema("quarantine_show")).validate(shown)
    assert (shown["state"], shown["source"]) == ("held", SOURCE)
    assert "rows" in installation.tocsin("quarantine", "show", batch).said
    assert installation.read_from(batch) == 0

    installation.tocsin("quarantine", "release", batch, "--reason", "the hub did shrink")
    assert installation.batches() == []
    assert installation.read_from(batch) > COLLAPSED * 0.9  # a few are named alike in both
    judged = installation.tocsin("assess", "--json").document()
    Draft202012Validator(schema("status")).validate(judged)
    (hub,) = [s for s in judged["sources"] if s["id"] == SOURCE]
    assert hub["quarantined"] == 0
    again = installation.tocsin("quarantine", "release", batch, "--reason", "twice", code=1)
    assert "only a held batch can be released" in again.said

    installation.tocsin("quarantine", "revoke", batch, "--reason", "the hub was broken")
    assert installation.read_from(batch) == 0
    assert [b["state"] for b in installation.batches("--all")] == ["revoked"]
    told = installation.tocsin("assess").out  # one fold: what is printed is what was stored
    assert told.startswith(
        f"as of {installation.tocsin('status', '--json').document()['as_of'][:19]}"
    )
    assert installation.acts() == [
        ("quarantine.release", f"batch:{batch}", "the hub did shrink"),
        ("quarantine.revoke", f"batch:{batch}", "the hub was broken"),
    ]
    installation.tocsin("audit", "verify")


def test_a_dropped_batch_is_never_read_and_the_next_good_one_is(
    installation: Installation,
) -> None:
    batch = installation.held()
    no_reason = installation.tocsin("quarantine", "drop", batch, "--reason", " ", code=1)
    assert "reason" in no_reason.said
    assert installation.held() == batch
    installation.tocsin("quarantine", "drop", batch, "--reason", "half an answer")

    assert installation.batches() == []
    assert [(b["id"], b["state"]) for b in installation.batches("--all")] == [(batch, "dropped")]
    refused = installation.tocsin("quarantine", "release", batch, "--reason", "late", code=1)
    assert "only a held batch can be released" in refused.said
    assert installation.read_from(batch) == 0
    assert installation.acts() == [("quarantine.drop", f"batch:{batch}", "half an answer")]
    # What is compared with is the last good batch, not the dropped one.
    assert installation.collect(COLLAPSED, code=3)["state"] == "quarantined"
    assert installation.collect(WHOLE)["state"] == "done"
    assert json.loads(installation.tocsin("collect", SOURCE, "--json").out)[0]["state"] != "skipped"


def test_revoking_retracts_the_alerts_that_rest_on_the_source_and_no_others(
    tmp_path: Path, tocsin: Callable[..., Any]
) -> None:
    """Of three open alerts one is of a risk that reads the source, since the batch was visible."""
    context = open_context(tmp_path)
    seen = context.now() - timedelta(days=2)
    writer = BatchWriter(context.lake, "kev-bad", "kev", is_live=True)
    flaw = Advisory(
        source_url="https://kev.example", advisory_id="CVE-1", flaw_id="CVE-1", ecosystem="PyPI",
        package="torch",
    )  # fmt: skip
    writer.add([flaw], seen)
    batch = Batch(
        id="kev-bad", run_id="r", source="kev", state=BatchState.VISIBLE, is_live=True,
        fetched_at=seen, visible_at=seen, rows=1,
    )  # fmt: skip
    raised = [
        (1, Risk.BACKDOOR, seen + timedelta(hours=1)),
        (2, Risk.MISUSE, seen + timedelta(hours=1)),
        (3, Risk.BACKDOOR, seen - timedelta(hours=1)),
    ]
    with Session(context.engine) as session:
        context.lake.commit(session, batch, writer.finish())
        session.add_all(
            AlertRow(
                year=2026, serial=n, risk=risk.value, level="yellow", peak="yellow", opened_at=at
            )
            for n, risk, at in raised
        )
        session.commit()
    context.engine.dispose()

    def call(*words: str) -> Any:
        answer = tocsin("--home", str(tmp_path), *words)
        assert answer.code == 0, answer.said
        return answer

    assert "2026-1" in call("quarantine", "revoke", "kev-bad", "--reason", "not theirs").said
    alerts = call("alert", "list", "--all", "--json").document()["alerts"]
    assert {a["number"]: a["state"] for a in alerts} == {
        "2026-1": "retracted",
        "2026-2": "open",
        "2026-3": "open",
    }
    assert [a["number"] for a in call("alert", "list", "--json").document()["alerts"]] == [
        "2026-2",
        "2026-3",
    ]
    call("audit", "verify")
