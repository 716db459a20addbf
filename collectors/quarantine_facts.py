"""What quarantine remembers of a batch: counts, places and shares, small enough for one row."""

import msgspec


class PathSeen(msgspec.Struct, frozen=True):
    """How often a place of the document was there: `seen` times in the `of` that may have it."""

    types: list[str]
    seen: int
    of: int


class CounterChange(msgspec.Struct, frozen=True, kw_only=True):
    """How the counters of models moved that both batches know."""

    compared: int = 0
    """Models at or over the floor before, whose 30-day counts could be compared."""
    halved: int = 0
    all_time_compared: int = 0
    all_time_fell: int = 0
    sprung: list[str] = msgspec.field(default_factory=list)
    """Models whose 30-day count sprang up without anybody liking them; 50 at most."""


class BatchFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What quarantine remembers of one batch; counts unless said otherwise."""

    source: str
    scope: str = ""
    """The sweep; only batches of one scope are compared."""
    inventory: bool = False
    """Whether the scope lists everything there is."""
    answers: int = 0
    rows: dict[str, int] = msgspec.field(default_factory=dict)
    """By table."""
    repeated: int = 0
    """Rows of `models` or `counters` whose model had come before in the batch."""
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    """Rows not taken, by reason."""
    filled: dict[str, int] = msgspec.field(default_factory=dict)
    """Rows with a value, by `table.field`."""
    paths: dict[str, PathSeen] = msgspec.field(default_factory=dict)
    kinds: dict[str, int] = msgspec.field(default_factory=dict)
    """Answers by what their bytes are: json, html, xml, text, binary, empty."""
    mislabelled: int = 0
    """Web pages that were declared as data."""
    encodings: dict[str, int] = msgspec.field(default_factory=dict)
    newest_day: int | None = None
    """Newest day of observation, days since 1970."""
    presence: dict[str, int] = msgspec.field(default_factory=dict)
    absurd: int = 0
    absurd_ids: list[str] = msgspec.field(default_factory=list)
    spikes: list[str] = msgspec.field(default_factory=list)
    """Young repositories with many downloads and next to no likes; 50 at most."""
    counters: CounterChange | None = None


def encode(facts: BatchFacts) -> str:
    """Return the facts as the JSON that the store keeps."""
    return msgspec.json.encode(facts, order="deterministic").decode()


def decode(text: str) -> BatchFacts | None:
    """Return stored facts; None where none were stored, or by a version that knew others."""
    try:
        return msgspec.json.decode(text, type=BatchFacts)
    except msgspec.DecodeError:
        return None


def merge(before: BatchFacts | None, more: BatchFacts) -> BatchFacts:
    """Return the facts of one batch that was gathered in two processes, the earlier first."""
    if before is None:
        return more
    days = [d for d in (before.newest_day, more.newest_day) if d is not None]
    return msgspec.structs.replace(
        more,
        answers=before.answers + more.answers,
        rows=_sum(before.rows, more.rows),
        repeated=before.repeated + more.repeated,
        refused=_sum(before.refused, more.refused),
        filled=_sum(before.filled, more.filled),
        paths=before.paths | more.paths,
        kinds=_sum(before.kinds, more.kinds),
        mislabelled=before.mislabelled + more.mislabelled,
        encodings=_sum(before.encodings, more.encodings),
        newest_day=max(days, default=None),
        presence=_sum(before.presence, more.presence),
        absurd=before.absurd + more.absurd,
        absurd_ids=before.absurd_ids + more.absurd_ids,
        spikes=before.spikes + more.spikes,
    )


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in one | other}
