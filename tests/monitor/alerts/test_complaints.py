"""What users of alerting daemons complain about in public trackers, each as a test.

The words and issue numbers are those of the trackers; how deliveries behave over the wire is tested
in tests/monitor/notify, how levels hold without data in tests/rules.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from config.method import Words
from config.roster import Roster
from monitor.alerts.desk import Desk
from monitor.alerts.due import write_due
from monitor.alerts.health import Trouble, raise_operations
from monitor.alerts.notices import delivery_key
from monitor.alerts.outbox import deliver_due
from monitor.alerts.raising import raise_alerts
from monitor.alerts.silences import add_silence
from monitor.store.alerts import AlertRow, ArtefactRow, NoticeRow, TransitionRow
from monitor.store.outbox import OutboxRow
from reports.model import Audience
from reports.notice import Deadline, NoticeKind, NoticeView, tell
from rules.transition import kind_of
from rules.types import Assessment, Level, Risk, TransitionKind

Assess = Callable[..., Assessment]
MakeDesk = Callable[..., Desk]


def story(
    session: Session, desk: Desk, assess: Assess, now: datetime, words: list[str]
) -> list[NoticeRow]:
    """Judge these levels of misuse an hour apart, and return the notices after the first."""
    before: Assessment | None = None
    found: list[NoticeRow] = []
    for hour, word in enumerate(words):
        after = assess(word, at=now + timedelta(hours=hour))
        notices = raise_alerts(session, before, after, desk, after.as_of)
        found += notices if before is not None else []
        before = after
    session.flush()
    return found


def test_missing_data_reported_as_resolved(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    """prometheus#17482 "No data is no data", prometheus#1956, pint#966."""
    assert kind_of(Level.YELLOW, Level.UNASSIGNED) is TransitionKind.LOST
    notices = story(session, desk, assess, now, ["green", "yellow", "unassigned"])
    assert [n.kind for n in notices] == ["rise", "operations"]
    alert = session.exec(select(AlertRow)).one()
    assert alert.state == "open"
    assert alert.level == "yellow"


def test_nodata_noise_comes_through_a_channel_of_its_own_and_is_never_shown_as_normal(
    session: Session, make_desk: MakeDesk, assess: Assess, now: datetime
) -> None:
    """grafana#26347, #36928, #101290, #8130, #93475."""
    mail = {n: {"channel": "email", "to": f"{n}@centre.example"} for n in ("minister", "ops")}
    desk = make_desk(
        mail,
        routes=[
            {"receivers": ["minister"]},
            {"kinds": ["operations"], "receivers": ["ops"]},
        ],
    )
    notices = story(session, desk, assess, now, ["green", "unassigned", "green"])
    assert [n.topic for n in notices] == ["level_lost", "level_regained"]
    ids = [n.id for n in notices]
    sent = session.exec(select(OutboxRow.receiver).where(col(OutboxRow.notice_id).in_(ids))).all()
    assert sent == ["ops", "ops"]
    text = session.exec(
        select(ArtefactRow.body).where(
            ArtefactRow.notice_id == ids[0], ArtefactRow.kind == "text", ArtefactRow.lang == "en"
        )
    ).one()
    assert b"Missing data does not mean less risk" in text


def test_a_source_outage_raises_one_operations_alarm_and_no_risk_alarm(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    """changedetection#962, #1179, #1678: transient errors as changes."""
    story(session, desk, assess, now, ["green"])
    trouble = Trouble("source_failed", "huggingface:2026-11-23", {"source": "huggingface"})
    told = [raise_operations(session, desk, trouble, now + timedelta(hours=n)) for n in range(5)]
    assert [n is not None for n in told] == [True, False, False, False, False]
    assert session.exec(select(AlertRow)).all() == []


def test_duplicates_are_ruled_out_by_one_row_and_one_key_per_notice_and_receiver(
    engine: Engine, desk: Desk, assess: Assess, now: datetime
) -> None:
    """alertmanager#1005, #1718, #2222, #3865, #4008, #4108, #4152; grafana#59460, #71203."""
    first, after = assess(), assess("yellow", at=now + timedelta(hours=1))
    for _ in range(3):  # a cycle that is run again after a restart
        with Session(engine) as session, session.begin():
            raise_alerts(session, None, first, desk, now)
        with Session(engine) as session, session.begin():
            raise_alerts(session, first, after, desk, now)
    with Session(engine) as session:
        rows = session.exec(select(OutboxRow)).all()
        rises = session.exec(select(NoticeRow).where(NoticeRow.kind == "rise")).all()
    assert len({(r.notice_id, r.receiver) for r in rows}) == len({r.key for r in rows}) == len(rows)
    assert delivery_key(rises[0].id, "duty") in {r.key for r in rows}
    assert delivery_key(rises[0].id, "duty") != delivery_key(rises[0].id, "boss")


def test_repeat_after_resolve_and_lost_refire(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    """alertmanager#1063 "send_resolved:false swallows re-fires", #952, #964, #1125; prom#1372."""
    words = ["green", "yellow", "green", "green", "yellow", "yellow", "green", "red"]
    notices = story(session, desk, assess, now, words)
    kinds = [n.kind for n in notices]
    assert kinds == ["rise", "all-clear", "rise", "all-clear", "rise"]
    assert len({n.alert_id for n in notices}) == 3


def test_flapping_is_flagged_and_the_final_state_is_never_suppressed(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    """alertmanager#204, Icinga#9449, #9750, #3303 "flap suppression loses the recovery"."""
    words = ["green", "yellow", "green", "yellow", "green", "yellow", "green"]
    notices = story(session, desk, assess, now, words)
    assert [n.kind for n in notices] == ["rise", "all-clear"] * 3
    flags = session.exec(select(TransitionRow.flapping).order_by(col(TransitionRow.seq))).all()
    assert flags == [False] * 6 + [True] * 3
    last = session.exec(
        select(ArtefactRow.body).where(
            ArtefactRow.notice_id == notices[-1].id, ArtefactRow.kind == "text",
            ArtefactRow.lang == "zh", ArtefactRow.audience == "public",
        )
    ).one()  # fmt: skip
    assert "反复变动" in last.decode()


def test_flap_suppression_by_a_silence_does_not_lose_the_recovery(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    """Icinga#3303."""
    before = assess()
    raise_alerts(session, None, before, desk, now)
    until = now + timedelta(hours=5)
    add_silence(session, author="os:li", reason="known flapping", now=now, until=until)
    for hour, word in enumerate(["yellow", "green"], 1):
        after = assess(word, at=now + timedelta(hours=hour))
        raise_alerts(session, before, after, desk, after.as_of)
        before = after
    write_due(session, desk, until)
    query = (
        select(NoticeRow.kind)
        .join(OutboxRow, col(OutboxRow.notice_id) == col(NoticeRow.id))
        .where(OutboxRow.state == "pending", NoticeRow.kind != "began")
    )
    assert session.exec(query).all() == ["all-clear"]


def test_delivery_lost_when_the_receiver_is_down_and_dead_letter_queue_too_eager(
    engine: Engine, make_desk: MakeDesk, assess: Assess, now: datetime
) -> None:
    """Pulse#1721 (given up after 7 seconds), hasura#2097."""
    desk = make_desk(
        {"duty": {"channel": "email", "to": "duty@centre.example"}},
        smtp={"host": "127.0.0.1", "port": 1, "security": "none"},
    )
    with Session(engine) as session, session.begin():
        raise_alerts(session, None, assess(), desk, now)
    for hours in (0, 1, 5, 12, 24, 48, 71):
        deliver_due(engine, desk, now + timedelta(hours=hours), "w")
        with Session(engine) as session:
            assert session.exec(select(OutboxRow.state)).first() == "pending"
    deliver_due(engine, desk, now + timedelta(hours=72), "w")
    with Session(engine) as session:
        assert session.exec(select(OutboxRow.state)).first() == "dead"


def test_secrets_in_config_are_masked_wherever_settings_are_shown(make_desk: MakeDesk) -> None:
    """alertmanager#504, #1704, #2498, #3108."""
    desk = make_desk(
        {
            "hook": {"channel": "webhook", "url": "https://x.example/", "secret": "whsec_hidden"},
            "chat": {"channel": "apprise", "url": "dingtalk://hidden"},
        },
        smtp={"password": "hidden"},
        heartbeat_url="https://hc.example/hidden",
    )
    for shown in (repr(desk.notify), str(desk.notify), desk.notify.model_dump_json(), repr(desk)):
        assert "hidden" not in shown


@pytest.mark.parametrize("kind", list(NoticeKind))
@pytest.mark.parametrize("topic", ["", "test", "task", "dead_letter", "level_lost", "unheard_of"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_template_testing_every_kind_renders_in_both_languages_without_gaps(
    kind: NoticeKind, topic: str, lang: str, now: datetime
) -> None:
    """grafana#61764, #65106, #35700."""
    view = NoticeView(
        kind, now, "Asia/Shanghai", year=2026, serial=3, risk=Risk.MISUSE,
        before=Level.YELLOW, after=Level.GREEN, topic=topic, detail={},
    )  # fmt: skip
    for audience in Audience:
        told = tell(view, lang, audience)
        assert told.subject
        assert "\n" not in told.subject
        for text in (told.subject, told.text, told.html):
            assert "None" not in text
            assert "Undefined" not in text
            assert "{{" not in text


def test_a_notice_escapes_what_others_wrote(now: datetime) -> None:
    view = NoticeView(
        NoticeKind.OPERATIONS, now, "Asia/Shanghai", topic="source_failed",
        detail={"source": "x", "message": "<script>alert(1)</script>\r\nBcc: a@x.example"},
    )  # fmt: skip
    told = tell(view, "en", Audience.INTERNAL)
    assert "<script>" not in told.html
    assert "&lt;script&gt;" in told.html
    assert "\r" not in told.subject


@pytest.mark.parametrize(
    ("at", "beijing"),
    [
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "2026年3月29日09:00（北京时间）"),  # Europe's DST
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "2026年11月1日14:30（北京时间）"),  # US DST ends
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), "2027年1月1日00:00（北京时间）"),  # 24:00
        (datetime(2026, 2, 28, 15, 59, 59, tzinfo=UTC), "2026年2月28日23:59（北京时间）"),
    ],
)
def test_time_zones_and_dst_every_time_bears_its_zone(at: datetime, beijing: str) -> None:
    """alertmanager#2646, #2648, grafana#82988, #73882; healthchecks#418; IncidentRelay#37."""
    due = Deadline(name=_words(), due_at=at)
    view = NoticeView(
        NoticeKind.RISE, at, "Asia/Shanghai", year=2026, serial=1, risk=Risk.MISUSE,
        before=Level.GREEN, after=Level.RED, deadlines=(due,),
    )  # fmt: skip
    assert tell(view, "zh", Audience.INTERNAL).text.count(beijing) == 2
    assert tell(view, "en", Audience.INTERNAL).text.count(f"{at:%H:%M} UTC") == 2


def test_a_naive_datetime_is_a_bug_and_not_a_wrong_time(session: Session, desk: Desk) -> None:
    """IncidentRelay#37 (naive datetimes)."""
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    with pytest.raises(Exception, match="naive"):
        raise_operations(session, desk, Trouble("test", "x"), naive)


def test_the_year_of_a_number_is_the_year_at_home(
    session: Session, desk: Desk, assess: Assess
) -> None:
    eve = datetime(2026, 12, 31, 15, 30, tzinfo=UTC)  # 23:30 in Beijing
    story(session, desk, assess, eve, ["green", "yellow"])  # the rise is at 00:30
    assert [a.number for a in session.exec(select(AlertRow))] == ["2027-1"]


def test_notify_boss_later_than_operator(
    session: Session, make_desk: MakeDesk, assess: Assess, now: datetime
) -> None:
    """healthchecks#209, notification threshold #587."""
    people = {n: {"name": {"zh": n, "en": n}, "receivers": [n]} for n in ("li", "boss")}
    roster = Roster.model_validate(
        {"people": people, "roles": {"duty": [{"person": "li"}], "lead": [{"person": "boss"}]}}
    )
    mail = {n: {"channel": "email", "to": f"{n}@centre.example"} for n in people}
    desk = make_desk(mail, roster=roster, routes=[{"roles": ["duty"]}])
    story(session, desk, assess, now, ["green", "red"])
    rose = now + timedelta(hours=1)
    told = select(OutboxRow.receiver).where(OutboxRow.receiver == "boss")
    write_due(session, desk, rose + timedelta(hours=3, minutes=59))
    assert session.exec(told).all() == []
    write_due(session, desk, rose + timedelta(hours=4))
    assert session.exec(told).all() == ["boss"]


def test_nobody_misses_the_end_of_what_they_were_told(
    session: Session, make_desk: MakeDesk, assess: Assess, now: datetime
) -> None:
    """alertmanager#1063: who heard of red hears that it is over, whatever the route says."""
    desk = make_desk(
        {"minister": {"channel": "email", "to": "m@centre.example"}},
        routes=[{"levels": ["red"], "receivers": ["minister"]}],
    )
    notices = story(session, desk, assess, now, ["green", "yellow", "red", "yellow", "green"])
    query = select(OutboxRow.notice_id)
    told = set(session.exec(query))
    assert [n.kind for n in notices if n.id in told] == ["rise", "fall", "all-clear"]


def test_the_log_numbers_every_transition_without_a_gap(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    story(session, desk, assess, now, ["green", "yellow", "red", "green"])
    top = session.exec(select(func.max(TransitionRow.seq))).one()
    assert top == session.exec(select(func.count()).select_from(TransitionRow)).one()


def _words() -> Words:
    return Words(zh="确认", en="acknowledge")
