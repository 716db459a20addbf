"""Case studies of attacks on AI systems, as MITRE ATLAS compiles them.

Documented at https://atlas.mitre.org and in dist/schemas of the repository; a few releases a year;
Apache-2.0.

Traps: an incident of granularity YEAR or MONTH still prints a day, which is not to be believed;
half of the studies are exercises by researchers and no incidents; the file names no day on which a
study was added, so a study is known from the day we fetched it. All of them are attacks on AI
systems, which is subdomain 2.2 of the MIT taxonomy: they are classed so, and never as misuse (4).
"""

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from collectors.base import Collector, Http, Options, Parsed, Payload, Seen, Source, Watermark
from collectors.document import answered, clip, clip_or, load_yaml, twice
from collectors.errors import PayloadChanged
from collectors.record import Incident

SOURCE = Source(
    id="atlas",
    title="MITRE ATLAS case studies",
    base_url="https://raw.githubusercontent.com/mitre-atlas/atlas-data/main",
    homepage="https://atlas.mitre.org/studies",
    licence="Apache-2.0",
    redistributable=True,
    terms="Credit MITRE ATLAS.",
    every=timedelta(days=7),
    stale_after=timedelta(days=180),
    seen=Seen.RECORDED,
    tables=("incidents",),
    inventory=("compiled",),
)

_PRECISION = {"DATE": "day", "MONTH": "month", "YEAR": "year"}
_MAX_BYTES = 16 << 20


class _Study(msgspec.Struct, rename={"granularity": "incident-date-granularity",
                                     "occurred": "incident-date",
                                     "kind": "case-study-type"}):  # fmt: skip
    id: str
    name: str
    occurred: date
    granularity: str = "DATE"
    kind: str = "incident"
    target: str | None = None


class _Compiled(msgspec.Struct, rename={"studies": "case-studies"}):
    studies: list[_Study]


def fetch(http: Http, _since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield the compiled YAML (0.5 MB), if it has changed."""
    url = f"{options.base_url}/dist/ATLAS.yaml"
    answer = http.get(url, max_bytes=_MAX_BYTES, revalidate=True)
    if answer.status != 304:
        yield answered(SOURCE, "compiled", answer)


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield one `incidents` record for each case study of the compiled file, or of one study's."""
    document = load_yaml(payload)
    if not payload.body.endswith(b"\n"):  # half a YAML file is a YAML file too
        raise PayloadChanged(SOURCE.id, payload.url, "a last line that ends: it was cut off")
    try:
        if payload.shape == "study":
            studies = [msgspec.convert(document, _Study)]
        else:
            studies = msgspec.convert(document, _Compiled).studies
    except (msgspec.ValidationError, RecursionError) as error:
        raise PayloadChanged(SOURCE.id, payload.url, str(error)[:300]) from error
    seen: set[str] = set()
    for study in studies:
        id_ = clip_or(study.id, "?", 100)
        yield twice("incidents", id_) if id_ in seen else _incident(payload, id_, study)
        seen.add(id_)


def _incident(payload: Payload, id_: str, study: _Study) -> Incident:
    precision = _PRECISION.get(study.granularity)
    if precision is None:
        place = f"{payload.url} {id_}.incident-date-granularity"
        raise PayloadChanged(SOURCE.id, place, f"one of {', '.join(_PRECISION)}")
    return Incident(
        source_url=f"https://atlas.mitre.org/studies/{id_}",
        occurred_on=_first_day(study.occurred, precision),
        incident_id=id_,
        title=clip(study.name),
        date_precision=precision,
        risk_domain="2",
        risk_subdomain="2.2",
        intent="exercise" if study.kind == "exercise" else "Intentional",
        systems=clip_or(study.target, "", 1000),
        verification="verified_secondary",
    )


def _first_day(day: date, precision: str) -> date:
    """Return the first day of the year or month where no more than that is known."""
    if precision == "year":
        return day.replace(month=1, day=1)
    return day.replace(day=1) if precision == "month" else day


COLLECTOR = Collector(SOURCE, fetch, parse)
