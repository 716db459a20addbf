"""(e) The outbox: how many signed webhooks a worker delivers a second, each a row first."""

import base64
import hashlib
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml
from sqlmodel import Session

from monitor.alerts.opening import open_desk
from monitor.alerts.outbox import deliver_due
from monitor.context import open_context
from monitor.store.alerts import NoticeRow
from monitor.store.outbox import OutboxRow

_NOW = datetime(2026, 8, 22, 6, tzinfo=UTC)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: set[str] = set()  # noqa: RUF012  (one server a process)

    def do_POST(self) -> None:
        """Take the notice and say so."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.add(self.headers["webhook-id"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def _receiver() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def _fill(session: Session, count: int) -> None:
    body = json.dumps({"type": "tocsin.rise", "data": {"text": "x" * 4000}}).encode()
    digest = hashlib.sha256(body).hexdigest()
    for n in range(count):
        session.add(
            NoticeRow(
                id=f"n{n}", origin=f"transition:{n}", kind="rise", sequence=0, at=_NOW, view="{}"
            )
        )
    session.flush()
    for n in range(count):
        session.add(
            OutboxRow(
                key=f"k{n}", notice_id=f"n{n}", receiver="hook", channel="webhook", body=body,
                sha256=digest, created_at=_NOW, trying_since=_NOW, next_at=_NOW,
            )
        )  # fmt: skip
    session.commit()


def deliver(count: str) -> dict[str, float]:
    """Return deliveries a second with SQLite at full durability and a receiver on loopback."""
    secret = "whsec_" + base64.b64encode(b"benchmark-secret-of-32-bytes-len").decode()
    with tempfile.TemporaryDirectory() as folder, _receiver() as url:
        hook = {"channel": "webhook", "url": url, "secret": secret, "allow_private": True}
        settings = Path(folder) / "tocsin.yaml"
        settings.write_text(yaml.safe_dump({"notify": {"receivers": {"hook": hook}}}), "utf-8")
        context = open_context(Path(folder), settings, now=lambda: _NOW)
        with Session(context.engine) as session:
            _fill(session, int(count))
        desk = open_desk(context)
        begun, cpu = time.perf_counter(), time.process_time()
        delivered = 0
        while round_ := deliver_due(context.engine, desk, _NOW, "benchmark").delivered:
            delivered += round_
        took, spent = time.perf_counter() - begun, time.process_time() - cpu
    if delivered != int(count) or len(_Handler.seen) != int(count):
        raise RuntimeError(f"{delivered} delivered, {len(_Handler.seen)} seen, {count} due")
    return {"deliveries": delivered, "wall_s": took, "cpu_s": spent, "per_second": delivered / took}
