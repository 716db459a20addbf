"""CAP, Alertmanager, Apprise, STARTTLS: what others can read, checked with their own means."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree
from openapi_schema_validator import OAS30Validator
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from monitor.alerts.desk import Desk
from monitor.alerts.outbox import deliver_due
from monitor.alerts.raising import raise_alerts
from monitor.alerts.retraction import retract_alert
from monitor.notify.apprise_ import Apprise
from monitor.notify.cap import NAMESPACE
from monitor.notify.heartbeat import beat
from monitor.response.drill import drill
from monitor.store.alerts import AlertRow, ArtefactRow, NoticeRow
from monitor.store.outbox import OutboxRow
from rules.types import Assessment, Level, Risk

Assess = Callable[..., Assessment]
MakeDesk = Callable[..., Desk]
CAP = f"{{{NAMESPACE}}}"


def episode(session: Session, desk: Desk, assess: Assess, now: datetime) -> list[NoticeRow]:
    """Rise to yellow and red, fall to yellow, all clear."""
    before = assess(at=now - timedelta(hours=1))
    raise_alerts(session, None, before, desk, now)
    notices = []
    for hour, word in enumerate(["yellow", "red", "yellow", "green"]):
        after = assess(word, at=now + timedelta(hours=hour))
        notices += raise_alerts(session, before, after, desk, after.as_of)
        before = after
    session.flush()
    return notices


def caps(session: Session, audience: str = "public") -> list[etree._Element]:
    query = (
        select(ArtefactRow.body)
        .join(NoticeRow, col(NoticeRow.id) == col(ArtefactRow.notice_id))
        .where(ArtefactRow.kind == "cap", ArtefactRow.audience == audience)
        .order_by(col(NoticeRow.at), col(ArtefactRow.id))
    )
    return [etree.fromstring(body) for body in session.exec(query)]


def text(root: etree._Element, name: str) -> str:
    return str(root.findtext(CAP + name))


def test_cap_validates_against_the_oasis_schema_and_chains(
    session: Session, desk: Desk, assess: Assess, now: datetime, shared: Path
) -> None:
    schema = etree.XMLSchema(etree.parse(str(shared / "data/standards/cap/CAP-v1.2-schema.xsd")))
    episode(session, desk, assess, now)
    found = caps(session) + caps(session, "internal")
    assert len(found) == 8
    for document in found:
        schema.assertValid(document)


def test_cap_says_alert_update_cancel_and_refers_back(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    episode(session, desk, assess, now)
    found = caps(session)
    assert [text(d, "msgType") for d in found] == ["Alert", "Update", "Update", "Cancel"]
    assert {text(d, "scope") for d in found} == {"Public"}
    assert {text(d, "status") for d in found} == {"Actual"}
    last = text(found[-1], "references").split()
    assert [r.split(",")[1] for r in last] == [text(d, "identifier") for d in found[:-1]]
    infos = found[-1].findall(CAP + "info")
    assert [i.findtext(CAP + "language") for i in infos] == ["zh-CN", "en"]
    assert infos[0].findtext(CAP + "responseType") == "AllClear"
    levels = [d.findall(f"{CAP}info/{CAP}parameter/{CAP}value")[0].text for d in found]
    assert levels[1] == "4; red; Extreme"


def test_a_retraction_cancels_and_the_record_stays(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    before = assess(at=now - timedelta(hours=1))
    raise_alerts(session, None, before, desk, now)
    raise_alerts(session, before, assess("yellow", at=now), desk, now)
    alert = session.exec(select(AlertRow)).one()
    later = now + timedelta(hours=2)
    told = retract_alert(session, desk, alert, reason="batch 7 doubled", actor="os:li", now=later)
    assert told is not None
    assert retract_alert(session, desk, alert, reason="x", actor="os:li", now=later) is None
    assert [text(d, "msgType") for d in caps(session)] == ["Alert", "Cancel"]
    assert text(caps(session)[-1], "note") == "batch 7 doubled"
    assert alert.state == "retracted"
    row = session.exec(select(OutboxRow).where(OutboxRow.notice_id == told.id)).one()
    assert row.receiver == "duty"


@pytest.mark.parametrize(("level", "told"), [("green", []), ("yellow", ["rise"])])
def test_after_a_retraction_the_same_level_on_sound_data_is_a_rise_again(
    session: Session, desk: Desk, assess: Assess, now: datetime, level: str, told: list[str]
) -> None:
    before, risen = assess(at=now - timedelta(hours=1)), assess("yellow", at=now)
    raise_alerts(session, None, before, desk, now)
    raise_alerts(session, before, risen, desk, now)
    alert = session.exec(select(AlertRow)).one()
    retract_alert(session, desk, alert, reason="batch 7 doubled", actor="os:li", now=now)
    after = assess(level, at=now + timedelta(hours=1))
    assert [n.kind for n in raise_alerts(session, risen, after, desk, now)] == told


def test_a_drill_is_marked_exercise_everywhere_and_stays_out_of_the_record(
    session: Session, make_desk: MakeDesk, assess: Assess, now: datetime
) -> None:
    desk = make_desk(
        {
            "in": {"channel": "email", "to": "in@centre.example"},
            "out": {"channel": "email", "to": "out@press.example", "audience": "public"},
        }
    )
    current = assess("yellow")
    raise_alerts(session, None, current, desk, now)
    notices = drill(session, desk, current, Risk.MISUSE, level=Level.RED, identity="os:li", now=now)
    session.flush()
    assert [n.kind for n in notices] == ["rise"]
    alert = session.exec(select(AlertRow)).one()
    assert alert.number == f"X{now.year}-1"
    assert [text(d, "status") for d in caps(session, "internal")] == ["Exercise"]
    assert caps(session) == []
    sent = session.exec(select(OutboxRow).where(OutboxRow.notice_id == notices[0].id)).all()
    assert [o.receiver for o in sent] == ["in"]
    for artefact in session.exec(select(ArtefactRow).where(ArtefactRow.notice_id == notices[0].id)):
        assert "演练" in artefact.marking or "Exercise" in artefact.marking
        if artefact.kind == "text":
            body = artefact.body.decode()
            assert "这是演练" in body or "This is an exercise" in body
    # The record goes on as if nothing had happened.
    after = assess("red", at=now + timedelta(hours=1))
    raised = raise_alerts(session, current, after, desk, now)
    assert [(n.kind, n.exercise) for n in raised] == [("rise", False)]
    numbers = session.exec(select(AlertRow).where(col(AlertRow.exercise).is_(False))).all()
    assert [a.number for a in numbers] == [f"{now.year}-1"]


def test_alertmanager_takes_what_we_post(
    engine: Engine, make_desk: MakeDesk, assess: Assess, letterbox: Any, shared: Path,
    now: datetime,
) -> None:  # fmt: skip
    desk = make_desk(
        {
            "am": {
                "channel": "alertmanager",
                "url": f"http://127.0.0.1:{letterbox.port}/am/",
                "user": "tocsin",
                "password": "p",
            }
        }
    )
    with Session(engine) as session, session.begin():
        episode(session, desk, assess, now)
    deliver_due(engine, desk, now + timedelta(days=1), "w")
    assert {path for path, _, _ in letterbox.taken} == {"/am/api/v2/alerts"}
    assert all(h["Authorization"].startswith("Basic ") for _, h, _ in letterbox.taken)
    spec = yaml.safe_load((shared / "data/standards/alertmanager/api_v2_openapi.yaml").read_text())
    definitions = spec["definitions"]
    schema = {"$ref": "#/definitions/postableAlerts", "definitions": definitions}
    posted = [json.loads(body) for _, _, body in letterbox.taken]
    for alerts in posted:
        OAS30Validator(schema, format_checker=OAS30Validator.FORMAT_CHECKER).validate(alerts)
    risk = [a[0] for a in posted if a[0]["labels"]["alertname"] == "TocsinRiskLevel"][1:]
    assert len({json.dumps(a["labels"], sort_keys=True) for a in risk}) == 1
    assert [a["endsAt"] <= a["startsAt"] for a in risk] == [False, False, False, True]


def test_apprise_reaches_a_real_receiver(
    make_desk: MakeDesk, letterbox: Any, assess: Assess, engine: Engine, now: datetime
) -> None:
    desk = make_desk(
        {"chat": {"channel": "apprise", "url": f"json://127.0.0.1:{letterbox.port}/chat"}}
    )
    assert isinstance(desk.channels["apprise"], Apprise)
    with Session(engine) as session, session.begin():
        episode(session, desk, assess, now)
    assert not deliver_due(engine, desk, now + timedelta(days=1), "w").failed
    message = json.loads(letterbox.taken[1][2])
    assert message["title"] == "【内部】【黄】滥用风险由绿升为黄（预警〔2026〕1号）"
    assert message["type"] == "warning"
    assert "不少于三项黄色" in message["message"]


def test_cap_files_are_left_in_a_folder_whole(
    engine: Engine, make_desk: MakeDesk, assess: Assess, tmp_path: Path, now: datetime
) -> None:
    desk = make_desk({"files": {"channel": "cap", "folder": str(tmp_path / "cap")}})
    with Session(engine) as session, session.begin():
        episode(session, desk, assess, now)
    assert deliver_due(engine, desk, now + timedelta(days=1), "w").delivered == 4
    names = sorted(p.name for p in (tmp_path / "cap").iterdir())
    assert len(names) == 4
    assert all(name.startswith("msg_") and name.endswith(".xml") for name in names)


def test_a_good_cycle_beats_and_a_dead_address_is_only_logged(
    make_desk: MakeDesk, letterbox: Any
) -> None:
    assert beat(make_desk().notify) is None
    desk = make_desk(heartbeat_url="http://127.0.0.1:1/ping")
    assert beat(desk.notify) is False


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


class Locked:
    """A mail server that wants STARTTLS and a password."""

    def __init__(self) -> None:
        self.taken = 0

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.taken += 1
        return "250 taken"


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[tuple[Locked, int, Path]]:
    certificate, key = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def login(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        right = (data.login, data.password) == (b"tocsin", b"right")
        return AuthResult(success=right, handled=False)

    handler = Locked()
    controller = Controller(
        handler, hostname="127.0.0.1", port=port, ready_timeout=20, tls_context=context,
        require_starttls=True, auth_required=True, authenticator=login,
    )  # fmt: skip
    controller.start()
    yield handler, port, certificate
    controller.stop()


def test_starttls_and_password(
    engine: Engine, make_desk: MakeDesk, assess: Assess, locked: tuple[Locked, int, Path],
    now: datetime,
) -> None:  # fmt: skip
    handler, port, certificate = locked
    receivers = {"duty": {"channel": "email", "to": "duty@centre.example"}}
    smtp = {"host": "localhost", "port": port, "user": "tocsin", "security": "starttls"}
    with Session(engine) as session, session.begin():
        raise_alerts(session, None, assess(), make_desk(receivers), now)

    untrusted = make_desk(receivers, smtp={**smtp, "password": "right"})
    deliver_due(engine, untrusted, now, "w")
    wrong = make_desk(receivers, smtp={**smtp, "password": "wrong", "ca_file": str(certificate)})
    deliver_due(engine, wrong, now + timedelta(minutes=1), "w")
    assert handler.taken == 0
    with Session(engine) as session:
        row = session.exec(select(OutboxRow)).one()
        assert (row.state, row.attempts) == ("pending", 2)
        assert "535" in row.last_error
    right = make_desk(receivers, smtp={**smtp, "password": "right", "ca_file": str(certificate)})
    assert deliver_due(engine, right, now + timedelta(minutes=9), "w").delivered == 1
    assert handler.taken == 1
