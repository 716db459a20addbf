"""The one way to the network: paced, retried, bounded in bytes and time, only to listed hosts."""

import contextlib
import json
import logging
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import metadata
from ipaddress import ip_address
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.utils import get_environ_proxies

from collectors.ask import Ask, shown
from collectors.base import Response, Source
from collectors.errors import PayloadChanged, PayloadTooLarge, SourceRefused, SourceUnavailable
from collectors.pacing import Allowance, backoff, read_allowance, retry_after
from collectors.unpacking import Broken, Coding, Packed, TooLarge, UnknownCoding, coding_of, unpack
from collectors.validators import MemoryValidators, Validator, Validators

_LOG = logging.getLogger(__name__)

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 10.0, 60.0
"""Seconds for a connection, and between two pieces of a body."""
ATTEMPTS = 5
MAX_REDIRECTS = 5
_PIECE = 1 << 18
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_EARLIEST_WAIT_LOGGED_S = 5.0


class _TryAgain(Exception):  # noqa: N818  (not an error yet)
    """This attempt failed in a way that another may mend; `wait` is what the host asked for."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        self.reason, self.wait = reason, wait
        super().__init__(reason)


@cache
def user_agent() -> str:
    """Return the name under which we ask: project, version and where to read about it."""
    about = metadata("tocsin")
    places = dict(entry.split(", ", 1) for entry in about.get_all("Project-URL") or ())
    place = places.get("Homepage") or places.get("Documentation") or about["Name"]
    return f"Tocsin/{about['Version']} (+{place})"


class Client:
    """`collectors.base.Http` on requests, for one source and one run.

    `now` gives the aware UTC moment, `sleep` waits; both are given so that tests do neither.
    `deadline` is the time the whole run may take (default: the source's own).
    """

    def __init__(
        self,
        source: Source,
        base_url: str,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
        validators: Validators | None = None,
        deadline: timedelta | None = None,
        session: requests.Session | None = None,
    ) -> None:
        self.source, self.base_url = source, base_url
        self.requests_made = 0
        self._now, self._sleep = now, sleep
        self._validators = MemoryValidators() if validators is None else validators
        self._ends = now() + (source.deadline if deadline is None else deadline)
        self._session = requests.Session() if session is None else session
        # Nobody's ~/.netrc goes to a source unasked; proxies are looked up per address below.
        self._session.trust_env = False
        self._session.headers.clear()
        self._allowance: dict[str, Allowance] = {}
        self._proxies: dict[str, dict[str, str]] = {}
        self._dice = random.Random()  # noqa: S311  (jitter, not a secret)
        self._base = urlsplit(base_url)
        self._came: tuple[bytes, Packed] | None = None

    def packed(self, body: bytes) -> Packed | None:
        """Return how the last answer came off the wire, if `body` is its and it came packed.

        None for a body that a collector made itself, and for those before the last: a client
        holds one answer, not a run of them. Told once, then let go.
        """
        came, self._came = self._came, None
        return came[1] if came is not None and came[0] is body else None

    def get(
        self,
        url: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 64 << 20,
        accept: tuple[int, ...] = (),
        revalidate: bool = False,
    ) -> Response:
        """Return the answer; `revalidate` sends ETag and Last-Modified, so 304 may come.

        A status in `accept` (redirects too) is returned as it came. Raises SourceUnavailable,
        SourceRefused, PayloadTooLarge.
        """
        address = url
        if params:
            address = requests.Request("GET", url, params=list(params)).prepare().url or url
        sent = dict(headers or {})
        if revalidate and (known := self._validators.get(address)) is not None:
            if known.etag:
                sent["If-None-Match"] = known.etag
            if known.last_modified:
                sent["If-Modified-Since"] = known.last_modified
            accept = (*accept, 304)
        answer = self._insist(Ask("GET", address, sent, None, max_bytes, accept))
        if revalidate and answer.status == 200:
            found = Validator(answer.headers.get("etag"), answer.headers.get("last-modified"))
            if found.etag or found.last_modified:
                self._validators.put(address, found)
        return answer

    def post_json(
        self,
        url: str,
        document: object,
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 64 << 20,
    ) -> Response:
        """Send a JSON document and return the answer; errors as `get`."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        data = json.dumps(document, ensure_ascii=False).encode()
        return self._insist(Ask(method, url, sent, data, max_bytes, ()))

    def _insist(self, ask: Ask) -> Response:
        for attempt in range(ATTEMPTS):
            try:
                return self._follow(ask)
            except _TryAgain as failed:
                if attempt == ATTEMPTS - 1:
                    raise SourceUnavailable(
                        f"{self.source.id}: {failed.reason} after {ATTEMPTS} attempts: "
                        f"{shown(ask.url)}"
                    ) from failed
                wait = backoff(attempt, self._dice)
                if failed.wait is not None:
                    wait = failed.wait + self._dice.random()
                self._pause(wait, failed.reason)
        raise AssertionError("the last attempt returns or raises")

    def _follow(self, ask: Ask) -> Response:
        for _ in range(MAX_REDIRECTS + 1):
            self._admit(ask.url)
            answer = self._once(ask)
            place = answer.headers.get("location")
            if answer.status not in _REDIRECTS or answer.status in ask.accept or not place:
                return self._judge(ask, answer)
            ask = ask.moved(urljoin(ask.url, place), answer.status)
        raise SourceRefused(f"{self.source.id}: more than {MAX_REDIRECTS} redirects")

    def _admit(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "https" or (parts.scheme, self._base.scheme) == ("http", "http"):
            if parts.netloc == self._base.netloc or parts.hostname in self.source.hosts:
                return
            if parts.hostname == self._base.hostname and self._base.port == parts.port:
                return
        raise SourceRefused(
            f"{self.source.id}: {parts.scheme}://{parts.netloc} is not among the hosts of this "
            "source, so it was not asked"
        )

    def _judge(self, ask: Ask, answer: Response) -> Response:
        if ask.answered_by(answer.status):
            return answer
        said = f"{self.source.id}: HTTP {answer.status} from {shown(answer.url)}"
        if answer.status in _RETRIED:
            raise _TryAgain(f"HTTP {answer.status}", self._asked_to_wait(answer))
        if answer.status >= 500 or answer.status < 400:
            raise SourceUnavailable(said)
        raise SourceRefused(said)

    def _asked_to_wait(self, answer: Response) -> float | None:
        wait = retry_after(answer.headers, answer.fetched_at)
        if wait is not None:
            return wait
        at = answer.fetched_at.timestamp()
        allowance = read_allowance(answer.headers, at)
        if answer.status == 429 and allowance is not None and allowance.remaining == 0:
            return max(0.0, allowance.resets_at - at) + 1
        return None

    def _pause(self, wait: float, reason: str) -> None:
        left = (self._ends - self._now()).total_seconds()
        if wait >= left:
            raise SourceUnavailable(
                f"{self.source.id}: {reason}; the wait of {wait:.0f} s would pass the deadline"
            )
        if wait > 0:
            level = logging.INFO if wait >= _EARLIEST_WAIT_LOGGED_S else logging.DEBUG
            _LOG.log(level, "%s: waits %.1f s (%s)", self.source.id, wait, reason)
            self._sleep(wait)

    def _once(self, ask: Ask) -> Response:
        host = urlsplit(ask.url).netloc
        if (allowance := self._allowance.get(host)) is not None:
            self._pause(allowance.wait(self._now().timestamp()), "rate limit of the host")
        if self.requests_made and not _is_loopback(ask.url):
            self._pause(self.source.pause.total_seconds(), "manners")
        left = (self._ends - self._now()).total_seconds()
        if left <= 0:
            raise SourceUnavailable(f"{self.source.id}: deadline passed")
        headers = {
            "User-Agent": user_agent(),
            "Accept": "*/*",
            # Only what `unpacking` can, piece by piece within a limit.
            "Accept-Encoding": "gzip, deflate",
            **ask.headers,
        }
        self.requests_made += 1
        with (
            _network_errors(self.source.id),
            self._session.request(
                ask.method,
                ask.url,
                headers=headers,
                data=ask.data,
                timeout=(min(CONNECT_TIMEOUT_S, left), min(READ_TIMEOUT_S, left)),
                stream=True,
                allow_redirects=False,
                proxies=self._proxies_to(ask.url),
                verify=_certificates(),
            ) as answer,
        ):
            body, packed = self._read(ask, answer)
            found = {k.lower(): v for k, v in answer.headers.items()}
            status = answer.status_code
        moment = self._now().astimezone(UTC)
        told = read_allowance(found, moment.timestamp())
        if told is not None:
            self._allowance[host] = told
        self._came = (body, packed) if packed is not None else None
        return Response(ask.url, status, found, body, moment)

    def _proxies_to(self, url: str) -> dict[str, str]:
        """Return the environment's proxies for a host, looked up once: a census asks often."""
        place = urlsplit(url)
        key = f"{place.scheme}://{place.netloc}"
        if key not in self._proxies:
            self._proxies[key] = dict(get_environ_proxies(url))
        return self._proxies[key]

    def _read(self, ask: Ask, answer: requests.Response) -> tuple[bytes, Packed | None]:
        """Return the body, and how it came if packed; leave at the first byte over the limit."""
        declared = answer.headers.get("Content-Length", "")
        if declared.isdigit() and int(declared) > ask.max_bytes:
            raise self._too_large(ask)
        # What an answer that is none holds is looked at by nobody.
        packing = answer.headers.get("Content-Encoding", "")
        try:
            coding = coding_of(packing) if ask.answered_by(answer.status_code) else Coding.PLAIN
            return unpack(self._pieces(answer), coding, ask.max_bytes)
        except UnknownCoding as error:
            raise PayloadChanged(
                self.source.id,
                shown(ask.url),
                f"gzip, deflate or no Content-Encoding, not {packing[:40]!r}",
            ) from error
        except TooLarge as error:
            raise self._too_large(ask) from error
        except Broken as error:
            raise _TryAgain(f"answer broken off ({error})") from error

    def _pieces(self, answer: requests.Response) -> Iterator[bytes]:
        """Yield the body as it comes, until the deadline."""
        while piece := _piece(answer.raw):
            if self._now() >= self._ends:
                raise SourceUnavailable(f"{self.source.id}: deadline passed while reading")
            yield piece

    def _too_large(self, ask: Ask) -> PayloadTooLarge:
        limit = f"at most {ask.max_bytes >> 20} MB" if ask.max_bytes >> 20 else "a smaller answer"
        return PayloadTooLarge(self.source.id, shown(ask.url), limit)


def _piece(raw: Any) -> bytes:
    # read1 comes back with what is there, so that a trickle meets the deadline too. Unpacked it is
    # by us: within limits, and so that the bytes as they came can be kept.
    piece: bytes = raw.read1(_PIECE, decode_content=False)
    return piece


@contextlib.contextmanager
def _network_errors(source: str) -> Iterator[None]:
    try:
        yield
    except (requests.ConnectionError, requests.Timeout) as error:
        raise _TryAgain(type(error).__name__) from error
    except requests.RequestException as error:
        # Its own words may hold the address with a key in it.
        raise SourceUnavailable(f"{source}: {type(error).__name__}") from error
    except urllib3.exceptions.HTTPError as error:
        # A body cut short, a silence in the middle.
        raise _TryAgain(f"answer broken off ({type(error).__name__})") from error


def _is_loopback(url: str) -> bool:
    """Return whether the address is this very machine, which needs no sparing."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _certificates() -> str | bool:
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
