"""An alarm desk over a real store, assessments of three words, real mail and HTTP servers."""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as MailSession
from sqlalchemy import Engine
from sqlmodel import Session

from config.notify import NotifySettings
from config.responses import Responses, parse_responses
from config.roster import Roster
from monitor.alerts.desk import Desk
from monitor.context import Context, open_context
from monitor.store.engine import open_store, sqlite_url
from reports.model import Audience
from reports.notice import AlertFacts
from rules.types import Assessment, Clause, Level, Override, Risk, RiskAssessment
from tests.monitor import kept

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 3, 4, 5, tzinfo=UTC)

Assess = Callable[..., Assessment]
MakeDesk = Callable[..., Desk]


class PlainRenderer:
    """Reports of a few words; what the real ones look like is tested where they are made."""

    def alert_report(self, facts: AlertFacts, lang: str, audience: Audience) -> bytes:
        return f"<h1>report {facts.id} {lang} {audience.value}</h1>".encode()

    def meeting_pack(self, facts: AlertFacts, lang: str) -> bytes:
        seats = len(facts.case.parties) if facts.case else 0
        return f"<h1>pack {facts.id} {lang} {seats} parties</h1>".encode()


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    store = open_store(sqlite_url(tmp_path / "tocsin.db"))
    yield store
    store.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as opened:
        yield opened


@pytest.fixture(scope="session")
def responses() -> Responses:
    text = (ROOT / "config/methods/2026/responses.yaml").read_text(encoding="utf-8")
    return parse_responses(yaml.safe_load(text))


@pytest.fixture
def assess() -> Assess:
    """Return a maker of assessments: `assess("green", "yellow", "red", at=…)`."""

    def made(*levels: str, at: datetime = NOW, **more: Any) -> Assessment:
        words = (*levels, "green", "green", "green")[:3]
        return Assessment(
            as_of=at,
            method="2026",
            method_sha256="m" * 64,
            home="CN",
            reconstructed=more.pop("reconstructed", False),
            risks=tuple(
                _risk(risk, Level(word), **more) for risk, word in zip(Risk, words, strict=True)
            ),
        )

    return made


def _risk(
    risk: Risk,
    level: Level,
    *,
    model: str | None = None,
    override: Override | None = None,
    coverage_lost: bool = False,
    release_due: bool = False,
) -> RiskAssessment:
    because = {"zh": "不少于三项黄色，且不少于两个来源", "en": "three yellows of two sources"}
    return RiskAssessment(
        risk=risk,
        model_level=Level(model) if model else level,
        level=level,
        since=None,
        coverage=0.4 if coverage_lost else 0.67,
        coverage_gate=0.6,
        coverage_lost_since=NOW.date() if coverage_lost else None,
        watch_until=None,
        release_due=release_due,
        clauses=(Clause("three_yellows", Level.YELLOW, level is Level.YELLOW, because),),
        indicators=(),
        override=override,
    )


@pytest.fixture
def make_desk(responses: Responses) -> MakeDesk:
    """Return a maker of desks: receivers as settings say them, routes and roster optional."""

    def made(
        receivers: dict[str, Any] | None = None, *, roster: Roster | None = None, **settings: Any
    ) -> Desk:
        return Desk(
            notify=NotifySettings.model_validate(
                {"sender": "tocsin@centre.example", "receivers": receivers or {}, **settings}
            ),
            roster=roster or Roster(),
            responses=responses,
            renderer=PlainRenderer(),
            home="CN",
            site_url="https://tocsin.example",
        )

    return made


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    """A desk with one e-mail receiver."""
    return make_desk({"duty": {"channel": "email", "to": "duty@centre.example"}})


@dataclass
class Postbox:
    """What a mail server took, and the answers it was told to give first."""

    port: int = 0
    raw: list[bytes] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    @property
    def messages(self) -> list[EmailMessage]:
        found = [message_from_bytes(raw, policy=policy.default) for raw in self.raw]
        return [m for m in found if isinstance(m, EmailMessage)]

    async def handle_DATA(self, server: SMTP, session: MailSession, envelope: Envelope) -> str:  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        content = envelope.original_content
        assert content is not None
        self.raw.append(content)
        return "250 taken"


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    box = Postbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port, ready_timeout=20)
    controller.start()
    yield box
    controller.stop()


@dataclass
class Letterbox:
    """What an HTTP receiver took, and the answers it was told to give first."""

    port: int = 0
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    always: tuple[int, dict[str, str]] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


@pytest.fixture
def letterbox() -> Iterator[Letterbox]:
    box = Letterbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers = 204, dict[str, str]()
            if box.always:
                status, headers = box.always
            elif box.answers:
                status, headers = box.answers.pop(0)
            box.taken.append((self.path, dict(self.headers.items()), body))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    box.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield box
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> kept.Open:
    """Return a maker of installations: a name in the test's folder, and the store's URL if any."""

    def made(name: str, url: str = "") -> Context:
        home = tmp_path / name
        if url:
            home.mkdir(exist_ok=True)
            (home / "tocsin.yaml").write_text(f"store:\n  url: {url}\n", encoding="utf-8")
        context = open_context(home, now=lambda: kept.NOW)
        request.addfinalizer(context.close)
        return context

    return made


@pytest.fixture
def living(opened: kept.Open) -> Context:
    """An installation on SQLite with one batch and rows in every table."""
    context = opened("home")
    kept.put(context, "a")
    kept.fill(context.engine)
    return context


@pytest.fixture
def team(opened: kept.Open, postgres_url: str) -> Context:
    """The same on PostgreSQL."""
    context = opened("team", postgres_url)
    kept.put(context, "a")
    kept.fill(context.engine)
    return context
