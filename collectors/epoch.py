"""Capability scores and model releases, as Epoch AI publishes them.

Documented at https://epoch.ai/data and https://epoch.ai/benchmarks; rebuilt daily, CC BY.

Traps: the ECI table is rewritten in place when the index is refitted (scores *and* dates of old
models move), so a board day is the day of the fetch and nothing is known earlier; a missing file
answers 404 with a full web page; country names repeat once per organisation; files move inside
the zip, so members are found by basename; `Country (from Organization)` is the column's old name
and `Open model weights?` is missing from the old schema.
"""

import io
import math
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import timedelta

from collectors.base import (
    Collector,
    Http,
    Options,
    Parsed,
    Payload,
    Refused,
    Seen,
    Source,
    Watermark,
)
from collectors.document import answered, clip, iso_day, twice
from collectors.errors import (
    CollectError,
    PayloadChanged,
    PayloadTooLarge,
    SourceRefused,
    SourceUnavailable,
)  # fmt: skip
from collectors.jurisdiction import jurisdictions
from collectors.record import Openness, Release, Score
from collectors.shipped import weights_of
from collectors.table import Row, micro, read_rows

SOURCE = Source(
    id="epoch",
    title="Epoch AI: capabilities index, benchmarking hub, data on AI models",
    base_url="https://epoch.ai/data",
    homepage="https://epoch.ai/data",
    licence="CC BY 4.0",
    redistributable=True,
    terms="Credit Epoch AI; external benchmark rows keep their own licences.",
    every=timedelta(days=1),
    stale_after=timedelta(days=14),
    seen=Seen.RECORDED,
    tables=("scores", "releases"),
    inventory=("eci", "benchmarks", "models"),
)

ECI_COLUMNS = (
    "Model", "Display name", "eci", "eci_ci_low", "eci_ci_high", "date", "Organization",
    "Country (of organization)", "Model accessibility", "Accessibility group", "model_versions",
)  # fmt: skip
MODEL_COLUMNS = ("Model", "Organization", "Publication date", "Parameters", "Model accessibility")

_WEEKLY = timedelta(days=7)
DOCUMENTS = (
    ("eci", "eci_scores.csv", timedelta(0)),
    ("benchmarks", "benchmark_data.zip", _WEEKLY),
    ("models", "all_ai_models.csv", _WEEKLY),
)
"""Shape, file, and how long a copy is good for."""

BOARDS: Mapping[str, tuple[str, str]] = {
    "cybench.csv": ("cybench", "Unguided % Solved"),
    "frontiermath.csv": ("frontiermath", "mean_score"),
    "gpqa_diamond.csv": ("gpqa_diamond", "mean_score"),
    "metr_time_horizons.csv": ("metr_time_horizon", "Time horizon"),
    "weirdml.csv": ("weirdml", "Accuracy"),
    "weirdml_external.csv": ("weirdml", "Accuracy"),
    "cybench_external.csv": ("cybench", "Unguided % Solved"),
    "metr_time_horizons_external.csv": ("metr_time_horizon", "Time horizon"),
}
"""Member of the benchmark zip → board and its column; shares 0–1, METR in minutes."""

_GROUPS = {"Open weights": Openness.OPEN, "Closed weights": Openness.CLOSED}
_ACCESS = {
    "API access": Openness.CLOSED,
    "Hosted access (no API)": Openness.CLOSED,
    "Unreleased": Openness.CLOSED,
}
_WEIGHTS = {"Yes": Openness.OPEN, "No": Openness.CLOSED}
_MAX_MEMBER = 64 << 20


def fetch(http: Http, since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield the ECI table if it has changed, and weekly the benchmark zip and the table of models.

    One document that is gone does not keep the others away; it is raised at the end.
    """
    today = options.now.date()
    failed: CollectError | None = None
    for shape, name, rhythm in DOCUMENTS:
        mark = f"{shape}_on"
        last = iso_day(since.get(mark))
        if last is not None and today - last < rhythm:
            continue
        # An index that stands unchanged for a week is read again: it is still so, as of today.
        young = last is not None and today - last < _WEEKLY
        try:
            url = f"{options.base_url}/{name}"
            answer = http.get(url, max_bytes=_MAX_MEMBER, revalidate=young)
        except (SourceRefused, SourceUnavailable) as error:
            failed = failed or error
            continue
        if answer.status != 304:
            yield answered(SOURCE, shape, answer, {mark: today.isoformat()}, whole=shape)
    if failed is not None:
        raise failed


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield `scores` of the ECI table or the benchmark zip, or `releases` of a table of models."""
    match payload.shape:
        case "eci":
            yield from _eci(payload)
        case "benchmarks":
            yield from _benchmarks(payload)
        case "models":
            yield from _models(payload)
        case shape:
            raise PayloadChanged(SOURCE.id, payload.url, f"eci, benchmarks or models, not {shape}")


def openness_of(row: Row) -> Openness:
    """Return the flag that the row states: by group, by `Open model weights?`, by accessibility.

    `Other`, `Unknown` and blank stay unknown: one of them taken for open turns the lag to zero.
    """
    group = row.text("Accessibility group")
    if group is not None:
        return _GROUPS.get(group, Openness.UNKNOWN)
    stated = _WEIGHTS.get(row.text("Open model weights?") or "")
    if stated is not None:
        return stated
    access = row.text("Model accessibility") or ""
    if access.startswith("Open weights"):
        return Openness.OPEN
    return _ACCESS.get(access, Openness.UNKNOWN)


def _eci(payload: Payload) -> Iterator[Score | Refused]:
    board_on = payload.fetched_at.date()
    seen: set[str] = set()
    for row in read_rows(SOURCE.id, payload.body, ECI_COLUMNS, max_rows=50_000):
        name = clip(row.required("Model"), 200) or ""
        if name in seen:
            yield twice("scores", name)
            continue
        seen.add(name)
        score = micro(row.number_of("eci", -500, 1000))
        if score is None:
            raise row.wrong("eci", "a score")
        yield Score(
            source_url=payload.url,
            occurred_on=board_on,
            published_on=board_on,
            board="eci",
            board_on=board_on,
            model_name=name,
            organisation=clip(row.text("Organization"), 300),
            jurisdictions=jurisdictions(
                row.text("Country (of organization)"), row.text("Organization")
            ),
            openness=openness_of(row),
            licence=clip(row.text("Model accessibility"), 100),
            released_on=row.day("date"),
            score_micro=score,
            low_micro=micro(row.number_of("eci_ci_low", -500, 1000)),
            high_micro=micro(row.number_of("eci_ci_high", -500, 1000)),
        )
    if not seen:
        raise PayloadChanged(SOURCE.id, payload.url, "at least one model")


def _benchmarks(payload: Payload) -> Iterator[Score]:
    try:
        with zipfile.ZipFile(io.BytesIO(payload.body)) as bundle:
            members = {info.filename.rsplit("/", 1)[-1]: info for info in bundle.infolist()}
            versions = _versions(bundle, members)
            boards = [name for name in BOARDS if name in members]
            if not boards:
                raise PayloadChanged(SOURCE.id, payload.url, f"one of {', '.join(BOARDS)}")
            best: dict[tuple[str, str], Score] = {}
            for name in boards:
                for score in _board(payload, name, _read(bundle, members[name]), versions):
                    key = (score.board, score.model_name)
                    if key not in best or score.score_micro > best[key].score_micro:
                        best[key] = score
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
            OSError, ValueError) as error:  # fmt: skip
        raise PayloadChanged(SOURCE.id, payload.url, f"a zip of CSV files ({error})") from error
    yield from best.values()


def _read(bundle: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with bundle.open(member) as file:
        body = file.read(_MAX_MEMBER + 1)
    if len(body) > _MAX_MEMBER:
        raise PayloadTooLarge(SOURCE.id, member.filename[:200], f"at most {_MAX_MEMBER} bytes")
    return body


def _versions(bundle: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]) -> dict[str, Row]:
    """Return what the bundle says of each model version: the boards lack accessibility."""
    for name in ("model_metadata.csv", "epoch_capabilities_index.csv"):
        if name in members:
            rows = read_rows(SOURCE.id, _read(bundle, members[name]), ("Model version",))
            return {version: row for row in rows if (version := row.text("Model version"))}
    return {}


def _board(
    payload: Payload, name: str, body: bytes, versions: Mapping[str, Row]
) -> Iterator[Score]:
    board, column = BOARDS[name]
    board_on = payload.fetched_at.date()
    for row in read_rows(SOURCE.id, body, ("Model version", column), max_rows=100_000):
        version = clip(row.text("Model version"), 200)
        score = micro(row.number_of(column, -1e6, 1e9))
        if version is None or score is None:
            continue
        about = versions.get(row.required("Model version"), row)
        organisation = row.text("Organization") or about.text("Organization")
        yield Score(
            source_url=payload.url,
            occurred_on=board_on,
            published_on=board_on,
            board=board,
            board_on=board_on,
            model_name=version,
            organisation=clip(organisation, 300),
            jurisdictions=jurisdictions(row.text("Country") or about.text("Country"), organisation),
            openness=openness_of(about),
            released_on=row.day("Release date"),
            score_micro=score,
        )


def _models(payload: Payload) -> Iterator[Release | Refused]:
    seen: set[str] = set()
    for row in read_rows(SOURCE.id, payload.body, MODEL_COLUMNS, max_rows=100_000):
        name = clip(row.text("Model"), 200)
        if name is None:  # a draft without name
            continue
        if name in seen:
            yield twice("releases", name)
            continue
        seen.add(name)
        compute = row.number_of("Training compute (FLOP)", 0, 1e40)
        parameters = row.number_of("Parameters", 0, 1e17)
        openness = openness_of(row)
        weights = weights_of(SOURCE.id).get(name) if openness is Openness.OPEN else None
        yield Release(
            source_url=payload.url,
            occurred_on=row.day("Publication date"),
            model_name=name,
            organisation=clip(row.text("Organization"), 300),
            jurisdictions=jurisdictions(
                row.first("Country (of organization)", "Country (from Organization)"),
                row.text("Organization"),
            ),
            released_on=row.day("Publication date"),
            weights_released_on=weights.released_on if weights else None,
            openness=openness,
            licence=clip(row.text("Model accessibility"), 100),
            parameters=None if parameters is None else round(parameters),
            active_parameters=weights.active_parameters if weights else None,
            compute_log10_micro=micro(math.log10(compute)) if compute else None,
            domain=clip(row.text("Domain"), 200),
            hub_id=weights.hub_id if weights else None,
        )
    if not seen:
        raise PayloadChanged(SOURCE.id, payload.url, "at least one model")


COLLECTOR = Collector(SOURCE, fetch, parse)
