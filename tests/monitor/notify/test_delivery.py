"""Notices arrive at real servers: e-mail readable in both parts, webhooks with a true signature."""

import base64
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from monitor.alerts.desk import Desk
from monitor.alerts.outbox import deliver_due, pause
from monitor.alerts.raising import raise_alerts
from monitor.notify.webhook import signatures
from monitor.store.alerts import ArtefactRow, NoticeRow
from monitor.store.outbox import AttemptRow, OutboxRow, ReceiverRow
from rules.types import Assessment

Assess = Callable[..., Assessment]
MakeDesk = Callable[..., Desk]


def secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def mail(port: int) -> dict[str, Any]:
    return {"smtp": {"host": "127.0.0.1", "port": port, "security": "none"}}


def hook(box: Any, **more: Any) -> dict[str, Any]:
    return {"channel": "webhook", "url": box.url, "allow_private": True, **more}


def rise(engine: Engine, desk: Desk, assess: Assess, now: datetime) -> None:
    """Begin monitoring and let misuse rise to yellow, an hour apart."""
    with Session(engine) as session, session.begin():
        first = assess(at=now - timedelta(hours=1))
        raise_alerts(session, None, first, desk, now)
        raise_alerts(session, first, assess("yellow", at=now), desk, now)


def rows(engine: Engine) -> list[OutboxRow]:
    with Session(engine) as session:
        return list(session.exec(select(OutboxRow).order_by(col(OutboxRow.id))))


def test_a_rise_reaches_mail_and_webhook_readable_and_signed(
    engine: Engine, make_desk: MakeDesk, assess: Assess, postbox: Any, letterbox: Any
) -> None:
    key = secret()
    now = datetime.now(UTC)
    desk = make_desk(
        {
            "duty": {"channel": "email", "to": "duty@centre.example"},
            "hook": hook(letterbox, secret=key, language="en"),
        },
        **mail(postbox.port),
    )
    rise(engine, desk, assess, now)
    done = deliver_due(engine, desk, now, "w1")
    assert (done.delivered, done.failed) == (4, False)

    message = postbox.messages[1]
    assert message["Subject"] == "【内部】【黄】滥用风险由绿升为黄（预警〔2026〕1号）".replace(
        "2026", str(now.year)
    )
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "Tocsin <tocsin.centre.example>"
    text = message.get_body(("plain",))
    html = message.get_body(("html",))
    assert text is not None
    assert "不少于三项黄色" in text.get_content()
    assert html is not None
    assert "不少于三项黄色" in html.get_content()
    attached = {a.get_filename(): a.get_content() for a in message.iter_attachments()}
    assert set(attached) == {f"alert-{now.year}-1.zh.html", f"meeting-{now.year}-1.zh.html"}
    with Session(engine) as session:
        stored = session.exec(select(ArtefactRow).where(ArtefactRow.kind == "pack")).first()
    assert stored is not None
    assert attached[f"meeting-{now.year}-1.zh.html"] == stored.body.decode()

    _, headers, body = letterbox.taken[1]
    verified = Webhook(key).verify(body, headers)
    assert verified["type"] == "tocsin.rise"
    assert verified["data"]["risk"] == "misuse"
    assert "Misuse risk rises from green to yellow" in verified["data"]["subject"]
    with pytest.raises(WebhookVerificationError):
        Webhook(secret()).verify(body, headers)


def test_published_vector_of_standard_webhooks() -> None:
    at = datetime.fromtimestamp(1614265330, UTC).astimezone(datetime.now(UTC).astimezone().tzinfo)
    made = signatures(
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        at,
        b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_is_rotated_both_verify(
    engine: Engine, make_desk: MakeDesk, assess: Assess, letterbox: Any
) -> None:
    new, old, now = secret(), secret(), datetime.now(UTC)
    desk = make_desk({"hook": hook(letterbox, secret=new, old_secret=old)})
    rise(engine, desk, assess, now)
    deliver_due(engine, desk, now, "w1")
    _, headers, body = letterbox.taken[0]
    assert Webhook(new).verify(body, headers) == Webhook(old).verify(body, headers)


def test_mail_server_down_for_the_whole_time_then_up_everything_arrives_once(
    engine: Engine, make_desk: MakeDesk, assess: Assess, now: datetime, postbox: Any
) -> None:
    receivers = {"duty": {"channel": "email", "to": "duty@centre.example"}}
    down = make_desk(receivers, **mail(1))  # nobody listens on port 1
    rise(engine, down, assess, now)
    moment = now
    while moment < now + timedelta(hours=20):
        deliver_due(engine, down, moment, "w1")
        moment += timedelta(minutes=20)
    assert {row.state for row in rows(engine)} == {"pending"}
    up = make_desk(receivers, **mail(postbox.port))
    for hours in range(20, 30):
        deliver_due(engine, up, now + timedelta(hours=hours), "w1")
    ids = [m["Message-ID"] for m in postbox.messages]
    assert len(ids) == len(set(ids)) == len(rows(engine))
    with Session(engine) as session:
        topics = session.exec(select(NoticeRow.topic)).all()
    assert "delivery_late" in topics


def test_the_same_bytes_and_key_on_every_attempt_with_a_fresh_timestamp(
    engine: Engine, make_desk: MakeDesk, assess: Assess, letterbox: Any
) -> None:
    key, now = secret(), datetime.now(UTC)
    desk = make_desk({"hook": hook(letterbox, secret=key)})
    letterbox.answers = [(503, {}), (500, {}), (429, {})]
    with Session(engine) as session, session.begin():
        raise_alerts(session, None, assess(at=now), desk, now)
    for seconds in (0, 10, 60, 300):
        deliver_due(engine, desk, now + timedelta(seconds=seconds), "w1")
    bodies = {body for _, _, body in letterbox.taken}
    ids = {h["webhook-id"] for _, h, _ in letterbox.taken}
    stamps = [h["webhook-timestamp"] for _, h, _ in letterbox.taken]
    assert (len(bodies), len(ids), len(set(stamps)), len(stamps)) == (1, 1, 4, 4)
    assert [row.state for row in rows(engine)] == ["delivered"]
    with Session(engine) as session:
        outcomes = session.exec(select(AttemptRow.outcome).order_by(col(AttemptRow.id))).all()
    assert outcomes == ["again", "again", "again", "delivered"]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, "delivered"), (202, "delivered"), (204, "delivered"),
        (301, "dead"), (302, "dead"), (307, "dead"), (400, "dead"), (401, "dead"), (404, "dead"),
        (410, "dead"), (422, "dead"),
        (408, "pending"), (425, "pending"), (429, "pending"), (500, "pending"), (503, "pending"),
    ],
)  # fmt: skip
def test_which_http_answers_are_final(
    engine: Engine, make_desk: MakeDesk, assess: Assess, letterbox: Any, status: int, state: str,
    now: datetime,
) -> None:  # fmt: skip
    desk = make_desk({"hook": hook(letterbox, secret=secret())})
    letterbox.always = (status, {"Location": "http://127.0.0.1:1/elsewhere"})
    with Session(engine) as session, session.begin():
        raise_alerts(session, None, assess(), desk, now)
    deliver_due(engine, desk, now, "w1")
    assert rows(engine)[0].state == state
    assert len(letterbox.taken) == 1


@pytest.mark.parametrize(
    ("answer", "state"),
    [("451 try later", "pending"), ("421 busy", "pending"), ("550 no such user", "dead")],
)
def test_greylisting_is_tried_again_and_a_refusal_is_final(
    engine: Engine, make_desk: MakeDesk, assess: Assess, postbox: Any, answer: str, state: str,
    now: datetime,
) -> None:  # fmt: skip
    desk = make_desk(
        {"duty": {"channel": "email", "to": "duty@centre.example"}}, **mail(postbox.port)
    )
    postbox.answers = [answer]
    with Session(engine) as session, session.begin():
        raise_alerts(session, None, assess(), desk, now)
    deliver_due(engine, desk, now, "w1")
    assert rows(engine)[0].state == state
    assert answer.split()[0] in rows(engine)[0].last_error


def test_retry_after_is_obeyed(
    engine: Engine, make_desk: MakeDesk, assess: Assess, letterbox: Any, now: datetime
) -> None:
    desk = make_desk({"hook": hook(letterbox, secret=secret())})
    letterbox.answers = [(503, {"Retry-After": "900"})]
    with Session(engine) as session, session.begin():
        raise_alerts(session, None, assess(), desk, now)
    deliver_due(engine, desk, now, "w1")
    assert rows(engine)[0].next_at == now + timedelta(seconds=900)
    deliver_due(engine, desk, now + timedelta(seconds=899), "w1")
    assert len(letterbox.taken) == 1
    deliver_due(engine, desk, now + timedelta(seconds=900), "w1")
    assert rows(engine)[0].state == "delivered"


def test_gone_disables_the_receiver_and_tells_operations_elsewhere(
    engine: Engine, make_desk: MakeDesk, assess: Assess, letterbox: Any, postbox: Any,
    now: datetime,
) -> None:  # fmt: skip
    desk = make_desk(
        {
            "hook": hook(letterbox, secret=secret()),
            "duty": {"channel": "email", "to": "duty@centre.example"},
        },
        **mail(postbox.port),
    )
    letterbox.answers = [(410, {})]
    rise(engine, desk, assess, now)
    for seconds in (0, 1, 2):
        deliver_due(engine, desk, now + timedelta(seconds=seconds), "w1")
    assert len(letterbox.taken) == 1
    with Session(engine) as session:
        assert session.get(ReceiverRow, "hook") is not None
    subjects = [str(m["Subject"]) for m in postbox.messages]
    assert "【内部】【运行】接收方hook要求停发（410）" in subjects


def test_dead_letters_alarm_through_another_channel_and_never_go_round_in_circles(
    engine: Engine, make_desk: MakeDesk, assess: Assess, letterbox: Any, postbox: Any,
    now: datetime,
) -> None:  # fmt: skip
    desk = make_desk(
        {
            "hook": hook(letterbox, secret=secret()),
            "duty": {"channel": "email", "to": "duty@centre.example"},
        },
        **mail(postbox.port),
    )
    letterbox.always = (404, {})
    postbox.answers = ["550 no"] * 9
    with Session(engine) as session, session.begin():
        raise_alerts(session, None, assess(), desk, now)
    for minutes in range(30):
        deliver_due(engine, desk, now + timedelta(minutes=minutes), "w1")
    found = rows(engine)
    assert {row.state for row in found} == {"dead"}
    assert len(found) == 4  # began to both, and each death told to the other, once


def test_backoff_grows_to_hours_and_gives_up_after_72(
    engine: Engine, make_desk: MakeDesk, assess: Assess, now: datetime
) -> None:
    waits = [pause("msg_x", n) for n in range(1, 12)]
    assert timedelta(seconds=4) <= waits[0] <= timedelta(seconds=6)
    assert timedelta(hours=6) <= waits[-1] <= timedelta(hours=10)
    assert pause("msg_x", 3) == pause("msg_x", 3) != pause("msg_y", 3)
    desk = make_desk({"duty": {"channel": "email", "to": "duty@centre.example"}}, **mail(1))
    with Session(engine) as session, session.begin():
        raise_alerts(session, None, assess(), desk, now)
    moment, tried = now, 0
    while rows(engine)[0].state == "pending":
        deliver_due(engine, desk, moment, "w1")
        tried += 1
        moment = rows(engine)[0].next_at
    assert rows(engine)[0].state == "dead"
    assert timedelta(hours=72) <= moment - now <= timedelta(hours=73)
    assert 12 <= tried <= 25


def test_secrets_stay_out_of_the_store(
    engine: Engine, make_desk: MakeDesk, assess: Assess, letterbox: Any, now: datetime
) -> None:
    key = secret()
    desk = make_desk({"hook": hook(letterbox, secret=key)})
    letterbox.always = (500, {})
    rise(engine, desk, assess, now)
    deliver_due(engine, desk, now, "w1")
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        dump = "\n".join(raw.iterdump())
    assert key not in dump
    assert key.removeprefix("whsec_") not in dump
    assert json.dumps(desk.notify.model_dump(mode="json")).find(key) == -1
