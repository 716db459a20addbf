"""Releases of models.dev: a curated calendar with an open-weights flag, under the MIT licence.

Documented at https://models.dev and in its repository: `models.json` lists each model once under
`laboratory/name`; `api.json` lists them again under every provider that serves them, so it is read
only where the first is not there. Traps: dates may be months ("2026-04"); `open_weights` says how
things are today, not since when; the addresses of weights lead to several hosts.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from urllib.parse import unquote, urlsplit

import msgspec

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
from collectors.document import decode_json, iso_day, refuse_html
from collectors.errors import PayloadChanged
from collectors.huggingface_ids import is_model_id, is_plain, printable
from collectors.record import Openness, Release

SOURCE = Source(
    id="models_dev",
    title="models.dev",
    base_url="https://models.dev",
    homepage="https://github.com/anomalyco/models.dev",
    licence="MIT",
    redistributable=True,
    every=timedelta(days=1),
    stale_after=timedelta(days=10),
    seen=Seen.RECORDED,
    terms="MIT: keep the notice.",
    tables=("releases",),
    inventory=("",),
)

_HUB = re.compile(r"https://huggingface\.co/([^/\s]+/[^/\s?#]+)/?(?:tree/.*)?")
_KEY = re.compile(r"[\w.:@+-]{1,100}(?:/[\w.:@+-]{1,100}){1,3}", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})")


class _Weights(msgspec.Struct):
    url: str | None = None


class _Listed(msgspec.Struct):
    name: str | None = None
    release_date: str | None = None
    open_weights: bool | None = None
    weights: list[_Weights] | None = None


class _Provider(msgspec.Struct):
    models: dict[str, _Listed]


def fetch(http: Http, _: Watermark, options: Options) -> Iterator[Payload]:
    """Yield the list by laboratory, or the one by provider where there is no other."""
    root = options.base_url.rstrip("/")
    for name, accept in (("models", (404,)), ("providers", ())):
        file = "models.json" if name == "models" else "api.json"
        answer = http.get(f"{root}/{file}", accept=accept, revalidate=True)
        if answer.status in (200, 304):
            yield Payload(
                source=SOURCE.id, shape=name, url=answer.url, status=answer.status,
                headers=answer.headers, body=answer.body, fetched_at=answer.fetched_at,
            )  # fmt: skip
            return


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield a `releases` record for each model; shape `toml` is one file of the repository."""
    if payload.status == 304:
        return
    if payload.shape == "toml":
        listed: Mapping[str, _Listed] = dict([_from_toml(payload)])
    elif payload.shape == "models":
        listed = decode_json(payload, dict[str, _Listed])
    else:
        listed = _each_once(decode_json(payload, dict[str, _Provider]))
    if not listed:
        raise PayloadChanged(payload.source, "$", "at least one model")
    for key, found in listed.items():
        if _KEY.fullmatch(key) is None:
            yield Refused("releases", printable(key), "not laboratory/name")
            continue
        yield _release(payload, key, found)


def _each_once(providers: Mapping[str, _Provider]) -> dict[str, _Listed]:
    """Return each model once: the same model of many providers bears its laboratory in its id."""
    found: dict[str, _Listed] = {}
    for provider, served in providers.items():
        for name, listed in served.models.items():
            found.setdefault(name if "/" in name else f"{provider}/{name}", listed)
    return found


def _from_toml(payload: Payload) -> tuple[str, _Listed]:
    refuse_html(payload, "TOML")
    place = unquote(urlsplit(payload.url).path).removesuffix(".toml").split("/")
    try:
        table = tomllib.loads(payload.body.decode("utf-8"))
        return "/".join(place[-2:]), msgspec.convert(table, _Listed)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise PayloadChanged(payload.source, payload.url, f"a model's file ({error})") from error


def _day(text: str | None) -> date | None:
    """Return the day; of a month its first."""
    month = _MONTH.fullmatch(text or "")
    return iso_day(f"{text}-01") if month else iso_day(text)


def _hub_id(found: _Listed) -> str | None:
    for place in found.weights or ():
        match = _HUB.fullmatch(place.url or "")
        if match and is_model_id(match[1]):
            return match[1]
    return None


def _release(payload: Payload, key: str, found: _Listed) -> Release:
    released = _day(found.release_date)
    openness = {True: Openness.OPEN, False: Openness.CLOSED, None: Openness.UNKNOWN}
    lab = key.partition("/")[0]
    return Release(
        source_url=payload.url, occurred_on=released, model_name=key,
        organisation=lab if is_plain(lab) else None, released_on=released,
        openness=openness[found.open_weights], hub_id=_hub_id(found),
    )  # fmt: skip


COLLECTOR = Collector(SOURCE, fetch, parse)
