"""The feed says what was told, in each language, to each audience; exercises are left out."""

from collections.abc import Callable
from datetime import datetime, timedelta

import feedparser
from sqlmodel import Session

from monitor.alerts.desk import Desk
from monitor.alerts.feeds import feed_files
from monitor.alerts.raising import raise_alerts
from monitor.response.drill import drill
from reports.model import Audience
from rules.types import Assessment, Level, Risk

Assess = Callable[..., Assessment]


def test_the_feed_is_valid_and_holds_what_was_told(
    session: Session, desk: Desk, assess: Assess, now: datetime
) -> None:
    before, after = assess(), assess("yellow", at=now + timedelta(hours=1))
    empty = feed_files(session, desk.notify, Audience.PUBLIC, now)
    assert set(empty) == {"alerts.atom", "zh/alerts.atom", "en/alerts.atom"}
    for body in empty.values():
        feed = feedparser.parse(body)
        assert not feed.bozo
        assert not feed.entries
        assert feed.feed.updated == "2026-11-23T03:04:05Z"
        assert feed.feed.id
        assert feed.feed.title
    raise_alerts(session, None, before, desk, now)
    raise_alerts(session, before, after, desk, now)
    drill(session, desk, after, Risk.BACKDOOR, level=Level.RED, identity="os:li", now=now)
    session.flush()
    files = feed_files(
        session, desk.notify, Audience.PUBLIC, now, public_url="https://tocsin.example/"
    )
    assert set(files) >= {"alerts.atom", "zh/alerts.atom", "en/alerts.atom"}
    assert len([name for name in files if name.startswith("cap/")]) == 1
    for lang, title in (("zh", "【黄】滥用风险由绿升为黄"), ("en", "[YELLOW] Misuse risk rises")):
        feed = feedparser.parse(files[f"{lang}/alerts.atom"])
        assert not feed.bozo
        assert len(feed.entries) == 2
        assert feed.entries[0].title.startswith(title)
        assert feed.entries[0].link == f"https://tocsin.example/{lang}/alerts/2026-1.html"
        assert "内部" not in feed.entries[0].content[0].value
        assert "时限" not in feed.entries[0].content[0].value
    internal = feed_files(session, desk.notify, Audience.INTERNAL, now)
    assert "时限" in internal["zh/alerts.atom"].decode()
