"""Notices: the short text that an e-mail, a chat message or a feed entry carries, zh and en.

A notice is a headline, a few paragraphs and a link; the alert report travels as its attachment.
Text and HTML are one prose: the HTML frames the paragraphs of the text.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined

from config.method import Words
from reports.formats import Tongue
from reports.model import Audience, CaseView
from rules.types import Assessment, Level, Override, Risk, RiskAssessment, Transition


class NoticeKind(StrEnum):
    """Why somebody is told something."""

    RISE = "rise"
    FALL = "fall"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    ALL_CLEAR = "all-clear"
    RETRACTION = "retraction"
    BEGAN = "began"
    OPERATIONS = "operations"


@dataclass(frozen=True)
class LevelLine:
    """One risk's level as the notice states it."""

    risk: Risk
    level: Level
    model_level: Level
    coverage: float
    gate: float


@dataclass(frozen=True)
class ChangeLine:
    """What would change the level: an indicator's code, the threshold, weeks at today's pace."""

    code: str
    to_level: Level
    threshold: float
    weeks: float | None


@dataclass(frozen=True)
class Deadline:
    """A step of the response and when it is due."""

    name: Words
    due_at: datetime


@dataclass(frozen=True)
class NoticeView:
    """Everything a notice says, neutral of language. Moments are UTC; `zone` is for reading."""

    kind: NoticeKind
    at: datetime
    zone: str
    sequence: int = 0
    year: int | None = None
    serial: int | None = None
    """Number of the alert within its year, where the notice belongs to one."""
    exercise: bool = False
    risk: Risk | None = None
    before: Level | None = None
    after: Level | None = None
    levels: tuple[LevelLine, ...] = ()
    reasons: tuple[Words, ...] = ()
    changes: tuple[ChangeLine, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    """Internal; left out of public notices."""
    duties: tuple[Words, ...] = ()
    """What has to happen now, by whom; internal."""
    override: Override | None = None
    flapping: bool = False
    watch_days: int | None = None
    method: str = ""
    topic: str = ""
    """What an operations notice is about."""
    detail: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    audit_head: str = ""
    """End of the audit chain when this was written, so that a reader can prove it later."""


@dataclass(frozen=True)
class AlertFacts:
    """What an alert report and a meeting pack are rendered from, as concluded."""

    id: str
    """`2026-3`; exercises `X2026-1`."""
    year: int
    number: int
    transition: Transition
    assessment: Assessment
    before: RiskAssessment | None
    created_at: datetime
    case: CaseView | None
    zone: str
    exercise: bool = False
    retracted: bool = False


class Renderer(Protocol):
    """Renders what is attached to a notice; the bytes are stored and delivered as they are."""

    def alert_report(self, facts: AlertFacts, lang: str, audience: Audience) -> bytes:
        """Return the alert report, one self-contained HTML page."""
        ...

    def meeting_pack(self, facts: AlertFacts, lang: str) -> bytes:
        """Return the joint-meeting pack, one self-contained HTML page; always internal."""
        ...


@dataclass(frozen=True)
class Told:
    """A notice in one language for one audience."""

    subject: str
    text: str
    html: str


def marking(audience: Audience, lang: str, *, exercise: bool = False) -> str:
    """Return the marking an artefact bears: 内部, 演练, both, or nothing."""
    words = {"zh": ("演练", "内部"), "en": ("Exercise", "Internal")}[lang]
    shown = (exercise, audience is Audience.INTERNAL)
    return ("·" if lang == "zh" else " · ").join(w for w, s in zip(words, shown, strict=True) if s)


@cache
def _environment(lang: str, zone: str, html: bool) -> Environment:
    env = Environment(  # text is text; the HTML frame escapes everything it is given
        loader=PackageLoader("reports", "templates"),
        autoescape=html,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    tongue = Tongue(lang, zone)
    env.filters.update(
        moment=tongue.moment,
        percent=tongue.percent,
        exact=tongue.exact,
        w=lambda words: getattr(words, lang),
        when=lambda text: tongue.moment(datetime.fromisoformat(text)) if text else "",
    )
    return env


def _one_line(text: str) -> str:
    return " ".join(text.split())


def tell(view: NoticeView, lang: str, audience: Audience) -> Told:
    """Return the notice in `lang` (zh, en); a public one leaves out duties and deadlines."""
    internal = audience is Audience.INTERNAL
    context = {
        "n": view,
        "d": defaultdict(str, view.detail),  # a missing word must not stop an alarm
        "internal": internal,
        "marking": marking(audience, lang),
    }
    module = _environment(lang, view.zone, False).get_template(f"{lang}/notice.txt.j2")
    subject = _one_line(str(module.make_module(context).headline()))  # type: ignore[attr-defined]
    blocks = [block.strip() for block in module.render(context).split("\n\n")]
    paragraphs = [[line for line in b.splitlines() if line.strip()] for b in blocks if b]
    text = subject + "\n\n" + "\n\n".join("\n".join(lines) for lines in paragraphs) + "\n"
    frame = _environment(lang, view.zone, True).get_template("shared/notice.html.j2")
    html = frame.render(
        n=view,
        lang=lang,
        subject=subject,
        paragraphs=paragraphs,
        marking=marking(audience, lang, exercise=view.exercise),
    )
    return Told(subject=subject, text=text, html=html)
