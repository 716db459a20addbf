"""The tables that leave this package: one record type each, flat, typed, with units in the names.

A record is what one source said about one thing. Its *envelope* carries the three dates:
`occurred_on` (when it was true in the world), `published_on` (when the source said so) and
`known_from` (first moment the world could know it, evidenced; None means "when we fetched it").
The lake adds `source`, `fetched_at`, `run_id` and `batch_id` when a batch is written.

In the lake and in SQL a date is whole days since 1970-01-01 (`occurred_on` → `occurred_day`), a
moment is whole seconds (`known_from` → `known_from_s`), a flag is 0 or 1, and a score is in
millionths: so every engine gives the same answer to the last digit.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

import msgspec


class Openness(StrEnum):
    """Whether the weights can be downloaded; dated, because it changes."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class Mode(StrEnum):
    """How later rows of a table relate to earlier ones, as of a moment."""

    UPSERT = "upsert"  # the newest row of a key wins
    # Rows come with one snapshot of a model, in its batch, and vanish with it.
    FOLLOW = "follow"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The envelope that every record bears; subclasses add their table's columns."""

    TABLE: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]]
    MODE: ClassVar[Mode] = Mode.UPSERT
    REPEATED: ClassVar[frozenset[str]] = frozenset({"source_url"})
    """Texts that few rows have to themselves: gathered and written as a dictionary and numbers."""

    source_url: str
    occurred_on: date | None = None
    published_on: date | None = None
    known_from: datetime | None = None


class Model(Record, frozen=True, kw_only=True):
    """One repository of a hub, as its catalogue describes it at one fetch."""

    TABLE: ClassVar[str] = "models"
    KEY: ClassVar[tuple[str, ...]] = ("source", "model_id")
    REPEATED = Record.REPEATED | {"pipeline", "library", "licence", "gated"}

    model_id: str  # "owner/name" as the hub spells it
    author: str | None = None
    created_on: date | None = None
    modified_on: date | None = None
    pipeline: str | None = None
    library: str | None = None
    licence: str | None = None
    gated: str = "unknown"  # no | auto | manual | unknown
    disabled: bool | None = None
    parameters: int | None = None  # count of weights, not bytes
    sha: str | None = None


class Tag(Record, frozen=True, kw_only=True):
    """One tag of a model, as found in the same snapshot as its `models` row."""

    TABLE: ClassVar[str] = "tags"
    KEY: ClassVar[tuple[str, ...]] = ("source", "model_id", "tag")
    MODE: ClassVar[Mode] = Mode.FOLLOW
    REPEATED = Record.REPEATED | {"model_id", "tag"}

    model_id: str
    tag: str


class Base(Record, frozen=True, kw_only=True):
    """One declared base of a model; `position` 0 is the first one listed."""

    TABLE: ClassVar[str] = "bases"
    KEY: ClassVar[tuple[str, ...]] = ("source", "model_id", "position")
    MODE: ClassVar[Mode] = Mode.FOLLOW
    REPEATED = Record.REPEATED | {"relation"}

    model_id: str
    position: int
    base_id: str
    relation: str = "unknown"  # finetune | adapter | quantized | merge | unknown


class Counter(Record, frozen=True, kw_only=True):
    """A model's counters on the day they were observed; 30-day windows overlap, never sum them."""

    TABLE: ClassVar[str] = "counters"
    KEY: ClassVar[tuple[str, ...]] = ("source", "model_id", "observed_on")

    model_id: str
    observed_on: date
    downloads_30d: int | None = None
    downloads_all_time: int | None = None
    likes: int | None = None


class File(Record, frozen=True, kw_only=True):
    """One file of a watched repository, with the hash of its weights."""

    TABLE: ClassVar[str] = "files"
    KEY: ClassVar[tuple[str, ...]] = ("source", "model_id", "path", "observed_on")

    model_id: str
    path: str
    observed_on: date
    size_bytes: int | None = None
    sha256: str | None = None


class Scan(Record, frozen=True, kw_only=True):
    """What one scanner said of one file; an unscanned file is a row with status `unscanned`."""

    TABLE: ClassVar[str] = "scans"
    KEY: ClassVar[tuple[str, ...]] = ("source", "model_id", "path", "scanner", "observed_on")

    model_id: str
    path: str  # "" = the repository as a whole
    scanner: str  # hub | av | pickle | jfrog | protectai | virustotal
    observed_on: date
    status: str  # unscanned | safe | queued | error | caution | suspicious | unsafe | missing


class Presence(Record, frozen=True, kw_only=True):
    """What a direct request said of a watched repository: there, renamed, gone, disabled."""

    TABLE: ClassVar[str] = "presence"
    KEY: ClassVar[tuple[str, ...]] = ("source", "model_id", "observed_on")

    model_id: str
    observed_on: date
    state: str  # present | renamed | gone | disabled | gated | unknown
    now_id: str | None = None


class Score(Record, frozen=True, kw_only=True):
    """One model's score on one dated board; a refitted index is a new board day, never an edit."""

    TABLE: ClassVar[str] = "scores"
    KEY: ClassVar[tuple[str, ...]] = ("source", "board", "board_on", "model_name")

    board: str  # eci | arena_text | aa_index | gpqa_diamond | …
    board_on: date  # day the board (vintage) was published
    model_name: str
    organisation: str | None = None
    jurisdictions: str = "unknown"  # ISO 3166-1 alpha-2, sorted, comma-joined; or "unknown"
    openness: Openness = Openness.UNKNOWN
    licence: str | None = None
    released_on: date | None = None
    score_micro: int  # score × 1,000,000
    low_micro: int | None = None
    high_micro: int | None = None
    index_version: str | None = None


class Release(Record, frozen=True, kw_only=True):
    """A model release as a catalogue knows it; weights may follow the announcement."""

    TABLE: ClassVar[str] = "releases"
    KEY: ClassVar[tuple[str, ...]] = ("source", "model_name")

    model_name: str
    organisation: str | None = None
    jurisdictions: str = "unknown"
    released_on: date | None = None
    weights_released_on: date | None = None
    openness: Openness = Openness.UNKNOWN
    licence: str | None = None
    parameters: int | None = None
    active_parameters: int | None = None
    compute_log10_micro: int | None = None  # log10(training FLOP) × 1,000,000
    domain: str | None = None
    hub_id: str | None = None  # the repository on the hub, "owner/name"


class Usage(Record, frozen=True, kw_only=True):
    """Tokens served for one model on one day by one router."""

    TABLE: ClassVar[str] = "usage"
    KEY: ClassVar[tuple[str, ...]] = ("source", "served_on", "model_name")

    served_on: date
    model_name: str
    hub_id: str | None = None
    tokens: int


class Incident(Record, frozen=True, kw_only=True):
    """One incident of an incident database; `published_on` is the day it was first listed."""

    TABLE: ClassVar[str] = "incidents"
    KEY: ClassVar[tuple[str, ...]] = ("source", "incident_id")

    incident_id: str
    title: str | None = None
    date_precision: str = "day"  # day | month | year
    risk_domain: str | None = None  # MIT domain, e.g. "4"
    risk_subdomain: str | None = None
    intent: str | None = None
    systems: str = ""  # "; "-joined names, as the source gives them
    open_family: str | None = None  # family of an open model that is named, if any
    severity: int | None = None  # 0–5 harm scale where coded
    verification: str = "unverified"


class Advisory(Record, frozen=True, kw_only=True):
    """One advisory on one package; aliases of one flaw share `flaw_id` and count once."""

    TABLE: ClassVar[str] = "advisories"
    KEY: ClassVar[tuple[str, ...]] = ("source", "advisory_id", "ecosystem", "package")

    advisory_id: str
    flaw_id: str  # smallest of the aliases, CVE first
    ecosystem: str
    package: str
    kind: str = "vulnerability"  # vulnerability | malware
    cvss_x10: int | None = None  # base score × 10; None = no score, which is not "low"
    severity: str | None = None
    fixed: bool | None = None
    exploited: bool | None = None  # listed as exploited (KEV); None = not asked
    withdrawn_on: date | None = None
    imported_in_bulk: bool = False  # published_on is a mirror's import day: do not date by it


class PolicyEvent(Record, frozen=True, kw_only=True):
    """A dated act of a government, or a critical event, with how well it is verified."""

    TABLE: ClassVar[str] = "policy_events"
    KEY: ClassVar[tuple[str, ...]] = ("source", "event_id")

    event_id: str
    title: str
    title_zh: str | None = None
    jurisdiction: str = "unknown"
    kind: str = "policy"  # policy | incident | advisory | research | release
    measure: str | None = (
        None  # device_ban | probe | bill | procurement_ban | statute | export_control …
    )
    target: str | None = None  # app | weights | chips | hosting | model | platform
    against: str = ""  # ISO codes whose models, chips or firms it restricts, comma-joined
    severity: int | None = None
    direction: int | None = None  # −2 restrict … +2 incentive, where coded
    force: str | None = None  # law | regulation | guidance | hearing
    field: str | None = None  # social | economic | political
    risks: str = ""  # comma-joined slugs
    verification: str = (
        "unverified"  # verified | verified_secondary | memory | conflicting | unverified
    )
    day_verified: bool = False
    critical: bool = False


class Figure(Record, frozen=True, kw_only=True):
    """A published figure of one jurisdiction and period: attitude, use, gap, share."""

    TABLE: ClassVar[str] = "figures"
    KEY: ClassVar[tuple[str, ...]] = ("source", "figure_id", "period_on")

    figure_id: str
    measure: str
    jurisdiction: str = "unknown"
    period_on: date
    value_micro: int
    unit: str
    verification: str = "unverified"


class Evidence(Record, frozen=True, kw_only=True):
    """What a person entered for an indicator: a count or value inside a reviewed period."""

    TABLE: ClassVar[str] = "evidence"
    KEY: ClassVar[tuple[str, ...]] = ("source", "evidence_id")

    evidence_id: str
    indicator: str  # code, e.g. "S06"
    item: str = ""
    period_from: date
    period_to: date
    value_micro: int
    domain: str | None = None
    severity: int | None = None
    author: str
    attested_by: str | None = None  # the second pair of eyes
    note: str | None = None


class Publisher(Record, frozen=True, kw_only=True):
    """One hub account → organisation → jurisdiction, for a span of time; `unknown` is a value."""

    TABLE: ClassVar[str] = "publishers"
    KEY: ClassVar[tuple[str, ...]] = ("source", "hub", "account", "valid_from")

    hub: str  # huggingface | modelscope | name (an organisation's plain name in catalogues)
    account: str  # lower-cased
    organisation: str
    family: str | None = None
    jurisdiction: str  # ISO alpha-2, or "unknown"
    kind: str  # laboratory | company | university | redistributor | individual | unknown
    valid_from: date
    valid_to: date | None = None


RECORDS: tuple[type[Record], ...] = (
    Model, Tag, Base, Counter, File, Scan, Presence, Score, Release, Usage, Incident,
    Advisory, PolicyEvent, Figure, Evidence, Publisher,
)  # fmt: skip
"""Every table of the lake, in the order in which a batch is written."""
