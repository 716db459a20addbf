"""The commands of people's work: what they do, what they refuse, and JSON that holds its schema."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlmodel import Session
from typer.testing import CliRunner

from config.roster import Roster
from monitor.acts import acts_of
from monitor.alerts.opening import open_desk
from monitor.alerts.raising import raise_alerts
from monitor.cli import app
from monitor.context import Context, open_context
from monitor.response.four_eyes import find
from monitor.response.four_eyes import sign as put_in_force
from monitor.response.identity import Identity, os_identity
from monitor.store.conclusions import AssessmentRow
from monitor.store.response import ConfirmationRow
from reports.schema import schema
from rules.types import ActKind, Assessment

Assess = Callable[..., Assessment]
Run = Callable[..., Any]


@pytest.fixture
def home(tmp_path: Path, letterbox: Any) -> Path:
    me = os_identity_name()
    (tmp_path / "tocsin.yaml").write_text(
        f"""
notify:
  receivers:
    hook:
      channel: webhook
      url: {letterbox.url}
      allow_private: true
      secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
""",
        encoding="utf-8",
    )
    (tmp_path / "roster.yaml").write_text(
        f"""
people:
  li:
    name: {{zh: 李, en: Li}}
    sector: research
    os_users: [{me}]
    receivers: [hook]
roles:
  duty: [{{person: li}}]
""",
        encoding="utf-8",
    )
    return tmp_path


def os_identity_name() -> str:
    return os_identity(Roster()).mark.removeprefix("os:")


@pytest.fixture
def context(home: Path) -> Context:
    return open_context(home)


@pytest.fixture
def run(home: Path) -> Run:
    """Return a runner that gives the parsed JSON, or the text, and checks the exit code."""

    def ran(*words: str, code: int = 0) -> Any:
        result = CliRunner().invoke(app, ["--home", str(home), *words])
        assert result.exit_code == code, result.output + repr(result.exception)
        if "--json" not in words:
            return result.output
        return json.loads(result.stdout)

    return ran


def holds(name: str, document: Any) -> None:
    """Check a real output against its schema."""
    checker = Draft202012Validator.FORMAT_CHECKER
    Draft202012Validator(schema(name), format_checker=checker).validate(document)


@pytest.fixture
def raised(context: Context, assess: Assess) -> Context:
    """An installation in which misuse has risen to yellow an hour ago."""
    desk, now = open_desk(context), context.now()
    with Session(context.engine) as session, session.begin():
        before = assess(at=now - timedelta(hours=2))
        after = assess("yellow", at=now - timedelta(hours=1))
        levels = {r.risk.value: {"model_level": r.level.value} for r in after.risks}
        session.add(
            AssessmentRow(
                as_of=after.as_of, concluded_at=now, method="2026", method_sha256="m", home="CN",
                run_id="r", document=json.dumps({"risks": levels}),
            )
        )  # fmt: skip
        raise_alerts(session, None, before, desk, now)
        raise_alerts(session, before, after, desk, now)
    return context


def test_alerts_are_listed_shown_saved_and_acknowledged(
    raised: Context, run: Run, tmp_path: Path
) -> None:
    listed = run("alert", "list", "--json")
    holds("alerts", listed)
    [alert] = listed["alerts"]
    number = alert["number"]
    assert (alert["risk"], alert["level"], alert["acknowledged_at"]) == ("misuse", "yellow", None)
    run("alert", "show", number, "--save", str(tmp_path / "saved"))
    saved = {p.name for p in (tmp_path / "saved/internal").rglob("*") if p.is_file()}
    assert f"report.alert-{number}.zh.html" in saved
    assert f"pack.meeting-{number}.en.html" in saved
    run("alert", "ack", number, "--note", "on it")
    shown = run("alert", "show", number, "--json")
    holds("alert", shown)
    assert shown["acknowledgements"][0]["by"].startswith("li (os:")
    assert shown["acknowledged_at"] is not None
    assert "no alert 2026-99" in run("alert", "show", "2026-99", code=1)
    run("alert", "retract", number, "--reason", "batch 7 was doubled")
    assert run("alert", "list", "--json")["alerts"] == []
    assert run("alert", "list", "--all", "--json")["alerts"][0]["state"] == "retracted"


def test_a_case_is_carried_through_on_the_command_line(raised: Context, run: Run) -> None:
    listed = run("response", "list", "--json")
    holds("cases", listed)
    case = str(listed["cases"][0]["id"])
    assert "comes after" in run("response", "step", case, "plan", code=1)
    run("response", "step", case, "acknowledge")
    run("response", "step", case, "convene", "--note", "三方到会")
    run("response", "task", case, "补测S06", "--owner", "lab", "--due", "3d")
    run("panel", "sign", case, "--level", "yellow")
    assert "reason" in run("panel", "dissent", case, "--level", "red", "--reason", "no", code=1)
    votes = run("panel", "show", case, "--json")
    holds("votes", votes)
    assert votes["votes"][0]["sector"] == "research"
    assert "model's level stands" in run("panel", "conclude", case)
    run("response", "done", "1", "--note", "measured")
    shown = run("response", "show", case, "--json")
    holds("case", shown)
    assert [s["done_at"] is not None for s in shown["steps"]] == [True, True] + [False] * 4
    assert "三方到会" in run("response", "show", case)


def test_overrides_and_releases_wait_for_a_second_person(raised: Context, run: Run) -> None:
    why = "两项黄色均为误报，已由第二家复核"
    said = run("override", "set", "misuse", "green", "--reason", why, "--until", "30d")
    assert "waits for a second person" in said
    assert "author cannot be" in run("override", "sign", "1", code=1)
    run("override", "set", "misuse", "red", "--reason", why, "--until", "2d")
    run("override", "end", "2")
    overrides = run("override", "list", "--json")
    holds("overrides", overrides)
    assert [o["in_force_from"] is None for o in overrides["overrides"]] == [False, True]
    run("release", "propose", "misuse", "--reason", why)
    assert "author cannot be" in run("release", "sign", "1", code=1)
    holds("releases", run("release", "list", "--json"))
    run("override", "set", "misuse", "green", "--reason", why, "--until", "soon", code=2)


def test_a_tripwire_is_confirmed_by_two_people(raised: Context, run: Run) -> None:
    why = "两家实验室独立复现，报告编号见附件"
    tripwire = next(i for i in raised.method.indicators if i.tripwire)
    other = next(i for i in raised.method.indicators if not i.tripwire)
    assert "no tripwire" in run("confirm", "propose", other.code, "--reason", why, code=1)
    assert "no indicator" in run("confirm", "propose", "X99", "--reason", why, code=1)
    run("confirm", "propose", tripwire.code, "--reason", why)
    assert "author cannot be" in run("confirm", "sign", "1", code=1)
    assert acts_of(raised) == ()
    with Session(raised.engine) as session, session.begin():
        roster = Roster()
        put_in_force(
            session,
            roster,
            find(session, ConfirmationRow, 1),
            second=Identity("os:second", None),
            now=raised.now(),
        )
    [act] = acts_of(raised)
    assert (act.kind, act.indicator, act.author, act.second) == (
        ActKind.CONFIRM, tripwire.id, "li", "os:second",
    )  # fmt: skip
    run("confirm", "end", "1", "--reason", "the report was withdrawn")
    assert [a.kind for a in acts_of(raised)] == [ActKind.CONFIRM, ActKind.RETRACT]
    holds("confirmations", run("confirm", "list", "--json"))


def test_silences_outbox_and_test_notice(raised: Context, run: Run, letterbox: Any) -> None:
    run("silence", "add", "--reason", "moving the server", "--until", "2h", "--risk", "misuse")
    silences = run("silence", "list", "--json")
    holds("silences", silences)
    assert silences["silences"][0]["active"]
    run("silence", "end", "1")
    waiting = run("outbox", "list", "--json")
    holds("outbox", waiting)
    assert {d["state"] for d in waiting["deliveries"]} == {"pending"}
    assert "no delivery 99" in run("outbox", "retry", "99", code=1)
    run("outbox", "retry", str(waiting["deliveries"][0]["id"]))
    tested = run("notify", "test", "--json")
    holds("notify_test", tested)
    assert json.loads(letterbox.taken[0][2])["data"]["topic"] == "test"
    letterbox.always = (404, {})
    failed = run("notify", "test", "hook", "--json", code=3)
    assert failed["receivers"][0]["error"] == "receiver answered 404"


def test_the_audit_log_is_listed_exported_and_verified_offline(
    raised: Context, run: Run, tmp_path: Path
) -> None:
    holds("audit", run("audit", "list", "--json"))
    verdict = run("audit", "verify", "--json")
    holds("audit_verify", verdict)
    assert verdict["sound"]
    file = tmp_path / "audit.jsonl"
    run("audit", "export", "--out", str(file))
    run("audit", "verify", "--file", str(file))
    head = f"{verdict['head']['seq']}:{verdict['head']['sha256']}"
    run("audit", "verify", "--file", str(file), "--expect", head)
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([lines[0].replace("green", "yellow"), *lines[1:]]), "utf-8")
    broken = run("audit", "verify", "--file", str(file), "--json", code=1)
    holds("audit_verify", broken)
    assert "was changed" in broken["faults"][0]["what"]
