"""The server: prefixes to services, rate limits, scripted faults, a log of what was asked."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.standin.catalogue import Catalogue
from tests.standin.corpus import Corpus
from tests.standin.faults import Fault, FaultBook, Kind
from tests.standin.handler import Asked, Handler, Server
from tests.standin.limits import Window
from tests.standin.message import Answer, Request, Service, document, not_found
from tests.standin.services import SERVICES, keyed

_LIMITED = {"huggingface", "recorded"}
"""Prefixes that count requests and tell so on every answer."""


class StandIn:
    """A loopback server that plays every source; start it with `with` or `start`.

    `data` is a folder of real files, `models` a number of generated models that replaces the
    real catalogue, `vintage` the capability index served (`2026-08` or `2025-12`).
    """

    def __init__(
        self,
        data: Path | None = None,
        *,
        port: int = 0,
        vintage: str = "2026-08",
        catalogue: Catalogue | None = None,
        quota: int = 500,
        window: float = 300.0,
    ) -> None:
        self.corpus = Corpus(data, vintage)
        self.catalogue = catalogue
        self.faults = FaultBook()
        self.window = Window(quota, window)
        self.asked: list[Asked] = []
        self._services: dict[str, Service] = {}
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._server = Server(("127.0.0.1", port), Handler)
        self._server.standin = self
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Return the address without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def service(self, prefix: str) -> Service | None:
        """Return the service of a prefix, made at its first use; None when there is none."""
        with self._lock:
            if prefix not in self._services and prefix in SERVICES:
                self._services[prefix] = SERVICES[prefix](self)
            return self._services.get(prefix)

    def fault(self, prefix: str, kind: str, **settings: object) -> Fault:
        """Script a failure: `s.fault("huggingface", kind="truncate", times=2)`."""
        fault = Fault(Kind(kind), **settings)  # type: ignore[arg-type]
        return self.faults.add(prefix, fault)

    def env(self) -> dict[str, str]:
        """Return the environment that points every source of the program at this server."""
        named = {
            f"TOCSIN_SOURCES__{prefix.upper()}__BASE_URL": f"{self.url}/{prefix}"
            for prefix in SERVICES
            if prefix != "recorded"
        }
        return named | {f"TOCSIN_SOURCES__{k.upper()}__KEY": "stand-in-key" for k in keyed()}

    def start(self) -> Self:
        """Begin to answer, in a thread of its own."""
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering and close the socket; answers in hand are dropped."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def __enter__(self) -> Self:
        """Start; the address is `url`."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def pause(self, seconds: float) -> None:
        """Wait, or return at once when the server is being stopped."""
        self._stopping.wait(seconds)

    @property
    def stopping(self) -> bool:
        """Return whether the server is being stopped."""
        return self._stopping.is_set()

    def note(self, asked: Asked) -> None:
        """Log a request that was answered."""
        with self._lock:
            self.asked.append(asked)

    def respond(self, prefix: str, request: Request, client: str) -> Answer:
        """Return the answer of a prefix, rate limit included, faults apart."""
        service = self.service(prefix)
        if service is None:
            return not_found(f"no source {prefix!r} here")
        if prefix not in _LIMITED:
            return service.answer(request)
        bucket = "resolvers" if "/resolve/" in request.path else "api"
        who = request.headers.get("authorization", client)
        allowed, headers = self.window.take(who, bucket)
        if not allowed:
            return document({"error": "We had to rate limit you"}, 429).plus(headers)
        return service.answer(request).plus(headers)
