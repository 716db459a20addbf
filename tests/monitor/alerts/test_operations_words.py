"""What the daemon tells of itself reads well in both languages, and says what to do."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session

from monitor.alerts.desk import Desk
from monitor.alerts.health import Trouble, raise_operations
from monitor.alerts.outbox import deliver_due

TOLD = {
    "missed": ({"runs": "huggingface 5, judge 4"}, "huggingface 5, judge 4", "未运行", "Missed"),
    "left_out": ({"job": "huggingface"}, "huggingface", "略过", "left out"),
    "disk_low": (
        {"home": "/var/lib/tocsin", "free": "1.2 GB"},
        "1.2 GB",
        "磁盘将满",
        "nearly full",
    ),
    "settings": ({"why": "tocsin.yaml: sorces"}, "sorces", "仍按原设置", "not taken over"),
    "crash": ({"why": "a job crashed"}, "", "错误详情见日志", "traceback is in the log"),
}


@pytest.mark.parametrize("topic", TOLD)
def test_operations_hear_of_it_by_mail_in_their_language(
    session: Session,
    make_desk: Callable[..., Desk],
    postbox: Any,
    now: datetime,
    topic: str,
) -> None:
    receivers = {
        lang: {"channel": "email", "to": f"{lang}@centre.example", "language": lang}
        for lang in ("zh", "en")
    }
    smtp = {"host": "127.0.0.1", "port": postbox.port, "security": "none"}
    desk = make_desk(receivers, smtp=smtp)
    detail, figure, chinese, english = TOLD[topic]
    raise_operations(session, desk, Trouble(topic, "once", detail), now)
    session.commit()
    assert session.bind is not None
    deliver_due(session.bind, desk, now, "w")  # type: ignore[arg-type]
    found = {str(m["To"]).partition("@")[0]: m for m in postbox.messages}
    for lang, words in (("zh", chinese), ("en", english)):
        text = found[lang].get_body(("plain",)).get_content()
        assert figure in text
        assert words.lower() in (str(found[lang]["Subject"]) + text).lower()
        assert not str(found[lang]["Subject"]).endswith(topic)  # a slug is no headline
