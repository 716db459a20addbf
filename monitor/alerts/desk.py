"""What everyone at the alarm desk needs: who is told, by whom, after which procedure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from config.notify import NotifySettings
from config.responses import Responses
from config.roster import Roster
from monitor.notify.channel import Channel
from monitor.notify.registry import CHANNELS
from reports.notice import NoticeKind, Renderer
from rules.types import Level, Risk

_RISK_KINDS = tuple(k.value for k in NoticeKind if k is not NoticeKind.OPERATIONS)
INTERNAL_KINDS = frozenset({NoticeKind.REMINDER, NoticeKind.ESCALATION, NoticeKind.OPERATIONS})
"""Kinds that never reach a public receiver."""


@dataclass(frozen=True)
class Desk:
    """One installation's alarm desk."""

    notify: NotifySettings
    roster: Roster
    responses: Responses
    renderer: Renderer
    home: str
    site_url: str | None = None
    channels: Mapping[str, Channel] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.channels is None:
            object.__setattr__(self, "channels", CHANNELS)

    @property
    def zone(self) -> str:
        """Zone in which people read moments."""
        return self.roster.calendar.zone

    def local_day(self, now: datetime) -> date:
        """Return the calendar day at home."""
        return now.astimezone(ZoneInfo(self.zone)).date()

    def address(self, path: str) -> str:
        """Return the public address of a page of the site; empty if the site has none."""
        return f"{self.site_url.rstrip('/')}/{path}" if self.site_url else ""


@dataclass(frozen=True)
class Topic:
    """What decides who is told."""

    kind: NoticeKind
    risk: Risk | None = None
    level: Level | None = None
    exercise: bool = False
    roles: tuple[str, ...] = ()
    """Told to these roles; if nobody holds them, to whoever the routes name."""
    also: frozenset[str] = frozenset()
    """Receivers told of this alert before: they hear of its end, whatever the route says."""
    not_through: frozenset[str] = frozenset()
    """Channels that have just failed."""
    not_to: frozenset[str] = frozenset()


def recipients(desk: Desk, topic: Topic, now: datetime) -> tuple[str, ...]:
    """Return the names of the receivers, each once, in the order of the settings."""
    day = desk.local_day(now)
    wanted = {name for role in topic.roles for name in desk.roster.reach(role, day)}
    if not wanted:
        wanted = _routed(desk, topic, day) | topic.also
    return tuple(
        name
        for name, receiver in desk.notify.receivers.items()
        if name in wanted
        and name not in topic.not_to
        and receiver.channel not in topic.not_through
        and not (receiver.audience == "public" and _internal(topic))
    )


def _internal(topic: Topic) -> bool:
    return topic.kind in INTERNAL_KINDS or topic.exercise


def _routed(desk: Desk, topic: Topic, day: date) -> set[str]:
    found: set[str] = set()
    for route in desk.notify.routes:
        if topic.kind.value not in (route.kinds or _RISK_KINDS):
            continue
        if route.risks and topic.risk is not None and topic.risk.value not in route.risks:
            continue
        if route.levels and topic.level is not None and topic.level.value not in route.levels:
            continue
        found.update(route.receivers)
        found.update(name for role in route.roles for name in desk.roster.reach(role, day))
    if not found and (not desk.notify.routes or topic.kind is NoticeKind.OPERATIONS):
        # Nobody routed: an alarm that reaches no one is worse than one that reaches all.
        return set(desk.notify.receivers)
    return found
