"""Everything the status site shows, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from config.method import Words
from reports.chapters import DiffusionRow, FamilyFigure, QuarantineView, StanceView
from reports.model import (
    AlertView,
    AssessmentView,
    Audience,
    MethodView,
    SourceView,
    TransitionView,
)
from reports.profile import Profile, Unnamed
from rules.types import Level, Risk


@dataclass(frozen=True)
class DueView:
    """Something that falls due: a step of a case, a review, a forecast crossing."""

    on: date
    words: Words
    detail: Words | None = None


@dataclass(frozen=True)
class AlertLine:
    """One alert in the list of alerts; its own page is the report as it was told."""

    id: str
    """As in the address of its page: `2026-3`."""
    year: int
    number: int
    risk: Risk
    level: Level
    peak: Level
    """The most severe level of the episode."""
    opened_at: datetime
    closed_at: datetime | None = None
    acknowledged_at: datetime | None = None
    exercise: bool = False
    retracted: bool = False


@dataclass(frozen=True)
class SiteView:
    """Everything the status site shows, for one audience."""

    now: AssessmentView
    reconstructed: AssessmentView | None
    method: MethodView
    sources: tuple[SourceView, ...]
    alerts: tuple[AlertView, ...] = ()
    """Alerts whose pages are rendered with the site."""
    alert_lines: tuple[AlertLine, ...] = ()
    """Alerts whose pages were stored when they were told, and are laid over the site."""
    transitions: tuple[TransitionView, ...] = ()
    due: tuple[DueView, ...] = ()
    pendulum: tuple[StanceView, ...] = ()
    diffusion: tuple[DiffusionRow, ...] = ()
    families: tuple[Profile, ...] = ()
    publishers: tuple[Profile, ...] = ()
    unnamed: Unnamed | None = None
    """What goes back to roots without a page."""
    family_figures: Mapping[Risk, tuple[FamilyFigure, ...]] = field(default_factory=dict)
    annuals: tuple[int, ...] = ()
    """Years whose annual report stands at `reports/annual-YEAR.html`."""
    documents: tuple[tuple[str, Words, str], ...] = ()
    """Other reports under `reports/`: address, words, date or kind."""
    quarantines: tuple[QuarantineView, ...] = ()
    outbox: Mapping[str, int] = field(default_factory=dict)
    """Deliveries by state."""
    audience: Audience = Audience.PUBLIC
    zone: str = "Asia/Shanghai"
    base_url: str = ""
    version: str = ""

    @property
    def profile_paths(self) -> dict[str, str]:
        """Address of the page of each family, and of each publisher that no family is named as."""
        return {p.name.casefold(): p.path for p in (*self.publishers, *self.families)}
