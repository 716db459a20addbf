"""A rise reaches a real mail server and a real HTTP receiver from a running daemon in a minute."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session
from standardwebhooks.webhooks import Webhook

from collectors.registry import COLLECTORS
from monitor.alerts.opening import open_desk
from monitor.alerts.raising import raise_alerts
from monitor.context import open_context
from rules.types import Assessment
from tests.servers import until

pytestmark = pytest.mark.long

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MINUTE = 60.0


def test_a_rise_in_a_running_daemon_arrives_within_a_minute(
    tmp_path: Path, postbox: Any, letterbox: Any, assess: Callable[..., Assessment]
) -> None:
    off = "\n".join(f"  {c.source.id}: {{enabled: false}}" for c in COLLECTORS)
    (tmp_path / "tocsin.yaml").write_text(
        f"""
sources:
{off}
daemon: {{judge: "0 0 1 1 *"}}
notify:
  smtp: {{host: 127.0.0.1, port: {postbox.port}, security: none}}
  receivers:
    duty: {{channel: email, to: duty@centre.example}}
    hook: {{channel: webhook, url: "{letterbox.url}", allow_private: true, secret: {SECRET}}}
""",
        encoding="utf-8",
    )
    log = tmp_path / "log"
    with log.open("w") as written:
        daemon = subprocess.Popen(
            [str(Path(sys.executable).with_name("tocsin")), "--home", str(tmp_path), "daemon"],
            stderr=written,
            env={**os.environ},
        )
    try:
        until(lambda: re.search("leading as pid", log.read_text()) is not None, 90)
        context = open_context(tmp_path)
        desk, now = open_desk(context), context.now()
        before, after = assess(at=now), assess("yellow", at=now + timedelta(seconds=1))
        with Session(context.engine) as session, session.begin():
            raise_alerts(session, None, before, desk, now, exercise=False)
            raise_alerts(session, before, after, desk, now)
        evaluated = time.monotonic()

        def rises() -> list[Any]:
            return [m for m in postbox.messages if "滥用风险由绿升为黄" in str(m["Subject"])]

        until(lambda: bool(rises()) and len(letterbox.taken) > 1, MINUTE)
        assert time.monotonic() - evaluated < MINUTE
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(30)
    finally:
        daemon.kill()
        daemon.wait()
    [message] = rises()
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "不少于三项黄色" in text.get_content()
    assert "不少于三项黄色" in html.get_content()
    pages = {a.get_filename(): a.get_content() for a in message.iter_attachments()}
    [pack] = [page for name, page in pages.items() if str(name).startswith("meeting-")]
    assert "加密监测" in pack
    told = [Webhook(SECRET).verify(body, headers) for _, headers, body in letterbox.taken]
    assert "tocsin.rise" in {t["type"] for t in told}
