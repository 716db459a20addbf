"""The watch list of the Hub, repository by repository: there or gone, scanned or not, which bytes.

`GET /api/models/ID?securityStatus=true` and `GET /api/models/ID/tree/main?expand=true`; scan levels
everywhere: unscanned, safe, queued, error, caution, suspicious, unsafe. A missing repository is
404, or a bare 401 for those who give no key; a disabled one says so in words; a renamed one
redirects. A clean verdict is no evidence of safety, and a file that was not scanned is a row too.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import msgspec

from collectors.base import Http, Options, Parsed, Payload, Refused, Response, Watermark
from collectors.document import decode_json
from collectors.errors import PayloadChanged, SourceRefused
from collectors.huggingface_client import JUDGED, ask_model, hub
from collectors.huggingface_ids import is_model_id, may_be_asked, printable, refusal
from collectors.huggingface_items import Item
from collectors.huggingface_link import next_page
from collectors.huggingface_pages import counters, describe, ids_of
from collectors.huggingface_tags import Tags
from collectors.record import File, Presence, Scan

LEVELS = frozenset({"unscanned", "safe", "queued", "error", "caution", "suspicious", "unsafe"})
MAX_FILE_PAGES = 200
_SCANNERS = {
    "avScan": "av",
    "pickleImportScan": "pickle",
    "jFrogScan": "jfrog",
    "protectAiScan": "protectai",
    "virusTotalScan": "virustotal",
}
_ASKED = re.compile(r"/api/models/(?P<id>.+?)(?:/tree/.*)?$")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_PATH = 1024


class _Issue(msgspec.Struct):
    path: str
    level: str


class _Security(msgspec.Struct):
    done: bool = msgspec.field(name="scansDone", default=False)
    issues: list[_Issue] = msgspec.field(name="filesWithIssues", default_factory=list)


class _Detail(Item):
    security: _Security | None = msgspec.field(name="securityRepoStatus", default=None)


class _Lfs(msgspec.Struct):
    oid: str | None = None
    size: int | None = None


class _Verdict(msgspec.Struct):
    status: str


class _Entry(msgspec.Struct):
    type: str
    path: str
    size: int | None = None
    lfs: _Lfs | None = None
    # Read raw: the hub's client knows two scanners only and trips where one of them is missing.
    security: dict[str, msgspec.Raw] | None = msgspec.field(name="securityFileStatus", default=None)


def _payload(
    answer: Response, shape: str, url: str, marks: Watermark, *, last: bool = False
) -> Payload:
    return Payload(
        source="huggingface", shape=shape, url=url, status=answer.status, headers=answer.headers,
        body=answer.body, fetched_at=answer.fetched_at, watermark=marks, sweep="detail", last=last,
    )  # fmt: skip


def fetch_detail(http: Http, _: Watermark, options: Options) -> Iterator[Payload]:
    """Yield, for each watched repository, what the Hub says of it and then its files.

    Raises SourceRefused where the key itself is refused, lest every repository look gone.
    """
    watched = [w for w in dict.fromkeys(options.watch) if may_be_asked(w)]
    for number, model_id in enumerate(watched, start=1):
        with hub(http, options.base_url, options.key) as (api, bridge):
            answers = ask_model(api, bridge, model_id)
        if not answers:
            raise SourceRefused(
                f"huggingface: {printable(model_id)} is no name to the hub's client"
            )
        asked, said = answers[0], answers[-1]
        if said.status == 401 and options.key:
            raise SourceRefused("huggingface: the key was refused (401)")
        pages = list(_tree(http, options, said)) if said.status == 200 else []
        done = number == len(watched)
        marks = {"detail.done": said.fetched_at.isoformat()} if done else {}
        ends_here = done and not pages
        yield _payload(said, "detail", asked.url, marks if ends_here else {}, last=ends_here)
        for page, answer in enumerate(pages, start=1):
            final = done and page == len(pages)
            yield _payload(answer, "tree", answer.url, marks if final else {}, last=final)


def _tree(http: Http, options: Options, said: Response) -> Iterator[Response]:
    """Yield the pages of the repository's files, with each scanner's verdict."""
    root = f"{said.url.split('?', 1)[0]}/tree/main"
    headers = {"Authorization": f"Bearer {options.key}"} if options.key else {}
    params = [("expand", "true"), ("recursive", "true")]
    url = root
    for _ in range(MAX_FILE_PAGES):
        answer = http.get(url, params=params, headers=headers, accept=JUDGED)
        if answer.status != 200:
            return  # a gated repository shows its name, not its files
        yield answer
        following = next_page(answer.headers.get("link", ""))
        if following is None:
            return
        url, params = following, []


def _id_in(url: str) -> str | None:
    match = _ASKED.search(unquote(urlsplit(url).path))
    return match["id"] if match is not None and may_be_asked(match["id"]) else None


def _asked_id(payload: Payload) -> str:
    found = _id_in(payload.url)
    if found is None:
        raise PayloadChanged(payload.source, printable(payload.url), "…/api/models/OWNER/NAME")
    return found


def _state(payload: Payload) -> str:
    """Return what a refusal says of the repository."""
    said = " ".join(payload.headers.get(h, "") for h in ("x-error-code", "x-error-message"))
    said = f"{said} {payload.body[:2000].decode(errors='replace')}".lower()
    if payload.status == 451 or "disabled" in said:
        return "disabled"
    if payload.status == 403:
        return "gated" if "gated" in said else "unknown"
    if payload.status == 401 and "gated" in said:
        return "gated"
    return "gone" if payload.status in (401, 404, 410) else "unknown"


def parse_detail(payload: Payload) -> Iterator[Parsed]:
    """Yield a repository's presence and, where it is there, its description and scan summary."""
    asked, today = _asked_id(payload), payload.fetched_at.date()

    def presence(model_id: str, state: str, now_id: str | None = None) -> Presence:
        return Presence(
            source_url=payload.url, occurred_on=today, published_on=today, model_id=model_id,
            observed_on=today, state=state, now_id=now_id,
        )  # fmt: skip

    if 300 <= payload.status < 400:
        moved = _id_in(payload.headers.get("location", ""))
        yield presence(asked, "renamed" if moved else "unknown", moved)
        return
    if payload.status != 200:
        yield presence(asked, _state(payload))
        return
    found = decode_json(payload, _Detail)
    if not is_model_id(found.id):
        yield refusal("presence", found.id)
        return
    if found.id != asked:
        yield presence(asked, "renamed", found.id)
    yield presence(found.id, "disabled" if found.disabled else "present")
    ids = ids_of([found])
    yield from describe(payload, [found], ids, Tags.of([found.tags]))
    yield counters(payload, [found], ids)
    yield from _summary(payload, found)


def _scan(payload: Payload, model_id: str, path: str, scanner: str, level: str) -> Scan:
    today = payload.fetched_at.date()
    return Scan(
        source_url=payload.url, occurred_on=today, published_on=today, model_id=model_id,
        path=path, scanner=scanner, observed_on=today,
        status=level if level in LEVELS else "error",
    )  # fmt: skip


def _summary(payload: Payload, found: _Detail) -> Iterator[Parsed]:
    """Yield the repository-wide verdict under path "", and one row for each file named in it."""
    security = found.security
    if security is None:
        yield _scan(payload, found.id, "", "hub", "unscanned")
        return
    worst = "safe" if security.done else "queued"
    for issue in security.issues:
        if _is_path(issue.path):
            yield _scan(payload, found.id, issue.path, "hub", issue.level)
        else:
            yield Refused("scans", found.id, "path not printable or too long")
        worst = _worse(worst, issue.level)
    yield _scan(payload, found.id, "", "hub", worst)


_ORDER = ("safe", "unscanned", "queued", "error", "caution", "suspicious", "unsafe")


def _worse(one: str, other: str) -> str:
    other = other if other in _ORDER else "error"
    return max(one, other, key=_ORDER.index)


def _is_path(path: str) -> bool:
    return 0 < len(path) <= _MAX_PATH and path.isprintable()


def parse_tree(payload: Payload) -> Iterator[Parsed]:
    """Yield each file with its hash, and what each scanner said of it; silence is a row too."""
    model_id, today = _asked_id(payload), payload.fetched_at.date()
    for entry in decode_json(payload, list[_Entry]):
        if entry.type != "file":
            continue
        if not _is_path(entry.path):
            yield Refused("files", model_id, "path not printable or too long")
            continue
        digest = entry.lfs.oid if entry.lfs and entry.lfs.oid else None
        size = entry.lfs.size if entry.lfs and entry.lfs.size is not None else entry.size
        yield File(
            source_url=payload.url, occurred_on=today, published_on=today, model_id=model_id,
            path=entry.path, observed_on=today, size_bytes=size,
            sha256=digest if digest and _SHA256.fullmatch(digest) else None,
        )  # fmt: skip
        yield from _verdicts(payload, model_id, entry)


def _verdicts(payload: Payload, model_id: str, entry: _Entry) -> Iterator[Scan]:
    status = entry.security
    if status is None:
        yield _scan(payload, model_id, entry.path, "hub", "unscanned")
        return
    overall = _level(status.get("status"))
    yield _scan(payload, model_id, entry.path, "hub", overall or "unscanned")
    for key, scanner in _SCANNERS.items():
        level = _level(status.get(key))
        if level is not None:
            yield _scan(payload, model_id, entry.path, scanner, level)
    if not any(key in status for key in _SCANNERS):
        return
    for key in ("avScan", "pickleImportScan"):  # promised for every file by the Hub's document
        if key not in status:
            yield _missing(payload, model_id, entry.path, _SCANNERS[key])


def _missing(payload: Payload, model_id: str, path: str, scanner: str) -> Scan:
    return msgspec.structs.replace(
        _scan(payload, model_id, path, scanner, "unscanned"), status="missing"
    )


def _level(raw: msgspec.Raw | None) -> str | None:
    """Return a level that stands alone or inside a scanner's object; None if there is none."""
    if raw is None:
        return None
    try:
        found = msgspec.json.decode(raw, type=_Verdict | str | None)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "error"
    return found.status if isinstance(found, _Verdict) else found
