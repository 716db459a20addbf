"""What a page of a model family or a publisher tells, as values.

Only registered laboratories, companies and universities have a page, and only they and what they
released are named; derivatives, and what had its safeguards removed, are counted (RULINGS.md 19).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from reports.address import slug
from reports.chapters import DiffusionRow, EventView

PAGES = 200
"""Most pages of families, and of publishers; the most prominent ones have them."""


class ProfileKind(StrEnum):
    """Whether a page is about a family of models or about who publishes them."""

    FAMILY = "family"
    PUBLISHER = "publisher"


@dataclass(frozen=True)
class Account:
    """One entry of the registry: a name on a hub (or in catalogues) and whose it is, since when."""

    hub: str
    """`huggingface`, `modelscope`, or `name` for a plain name in catalogues."""
    account: str
    organisation: str
    family: str
    jurisdiction: str
    kind: str
    valid_from: date
    valid_to: date | None
    source: str
    url: str


@dataclass(frozen=True)
class ReleaseLine:
    """One release as the catalogues know it."""

    model: str
    on: date | None
    weights_on: date | None
    openness: str
    licence: str
    parameters: int | None
    source: str
    url: str


@dataclass(frozen=True)
class ReleaseMonth:
    """Releases of one month by openness."""

    month: date
    open: int
    closed: int
    unknown: int


@dataclass(frozen=True)
class LicenceSpan:
    """A licence, how many releases bear it, and when it was first and last used."""

    licence: str
    openness: str
    releases: int
    first: date
    last: date


@dataclass(frozen=True)
class DownloadPoint:
    """Downloads in the 30 days before a day, summed over so many first-party repositories."""

    on: date
    downloads: int
    models: int


@dataclass(frozen=True)
class ScoreLine:
    """The best of a family or publisher on one vintage of a board, open and closed apart."""

    board: str
    board_on: date
    openness: str
    model: str
    released_on: date | None
    score: float
    low: float | None
    high: float | None
    rank: int
    """Among all models of the vintage, 1 being the best."""
    of: int
    best_open: float | None
    """The best open model of the same vintage, whoever made it."""


@dataclass(frozen=True)
class Standing:
    """What stands on the hub: repositories, downloads, derivatives. None is not known."""

    hub: str
    as_of: date | None
    models: int
    """First-party repositories in the catalogue."""
    counted: int
    """Those with a download counter near `as_of`."""
    downloads: int | None
    """Downloads in 30 days of the first-party repositories."""
    lineage_models: int
    """Models that go back to a root of this family or publisher, roots included."""
    lineage_downloads: int | None
    lineage_share: float | None
    """Share of the downloads of all tracked models."""
    derivatives: int
    derivative_share: float | None
    """Share of all tracked derivatives."""
    relations: Mapping[str, int]
    """Derivatives by relation to their first base."""
    removed: int
    """Derivatives whose name or tags say that safeguards were removed: never more than counted."""


@dataclass(frozen=True)
class Profile:
    """One family or publisher."""

    kind: ProfileKind
    name: str
    organisations: tuple[str, ...]
    families: tuple[str, ...]
    jurisdictions: tuple[str, ...]
    accounts: tuple[Account, ...] = ()
    releases: tuple[ReleaseLine, ...] = ()
    """The newest ones; `by_openness` counts all."""
    by_openness: Mapping[str, int] = field(default_factory=dict)
    """Releases, dated or not, by `open`, `closed`, `unknown`."""
    undated: int = 0
    months: tuple[ReleaseMonth, ...] = ()
    licences: tuple[LicenceSpan, ...] = ()
    downloads: tuple[DownloadPoint, ...] = ()
    scores: tuple[ScoreLine, ...] = ()
    standings: tuple[Standing, ...] = ()
    """One for each hub on which it, or what goes back to it, has rows."""
    events: tuple[EventView, ...] = ()
    incidents: tuple[tuple[int, int], ...] = ()
    """Incidents that the record ties to it, by year; they are counted, not listed."""
    diffusion: tuple[DiffusionRow, ...] = ()
    indicators: tuple[str, ...] = ()
    """Codes of the indicators that read tables in which it has rows."""

    @property
    def slug(self) -> str:
        """File name of its page, without ending."""
        return slug(self.name)

    @property
    def folder(self) -> str:
        """Folder of its page under a language."""
        return "families" if self.kind is ProfileKind.FAMILY else "publishers"

    @property
    def path(self) -> str:
        """Address of its page from the language's root."""
        return f"{self.folder}/{self.slug}.html"

    @property
    def released(self) -> int:
        """How many releases are on record."""
        return sum(self.by_openness.values())

    @property
    def open_releases(self) -> int:
        """How many of them have open weights."""
        return self.by_openness.get("open", 0)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the registry calls it, each once."""
        return tuple(dict.fromkeys(a.kind for a in self.accounts))

    @property
    def first_open(self) -> date | None:
        """First month with a dated release of open weights."""
        return next((m.month for m in self.months if m.open), None)

    @property
    def last_open(self) -> date | None:
        """Newest month with a dated release of open weights."""
        return next((m.month for m in reversed(self.months) if m.open), None)

    @property
    def busiest(self) -> ReleaseMonth:
        """The month with the most releases, the newest of equals; ValueError without any."""
        return max(self.months, key=lambda m: (m.open + m.closed + m.unknown, m.month))

    @property
    def boards(self) -> tuple[str, ...]:
        """Boards on which it has a score."""
        return tuple(dict.fromkeys(s.board for s in self.scores))

    @property
    def standing(self) -> Standing | None:
        """The hub on which most goes back to it; None where no hub was read."""
        return max(self.standings, key=lambda s: s.lineage_models, default=None)

    @property
    def weight(self) -> tuple[int, int, int, str]:
        """Order of prominence: downloads of the lineage, derivatives, releases, then the name."""
        standing = self.standing
        downloads = standing.lineage_downloads or 0 if standing else 0
        derivatives = standing.derivatives if standing else 0
        return (-downloads, -derivatives, -self.released, self.name.casefold())


@dataclass(frozen=True)
class Unnamed:
    """Roots without a page of their own: counted together, never named."""

    roots: int
    models: int
    downloads: int | None
