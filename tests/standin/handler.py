"""One connection: a request read, a fault struck or the true answer sent."""

import gzip
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import unquote

from tests.standin.faults import (
    SIGN_IN,
    Fault,
    FaultBook,
    Kind,
    bomb_body,
    huge_body,
    spoil_document,
    trickle,
)
from tests.standin.limits import Window
from tests.standin.message import Answer, Request, document, page


@dataclass(frozen=True)
class Asked:
    """One request as it was logged, with the status that it got."""

    method: str
    prefix: str
    path: str
    query: str
    headers: dict[str, str]
    status: int


class Talk(Protocol):
    """What a connection needs of the stand-in."""

    faults: FaultBook
    window: Window

    @property
    def url(self) -> str:
        """Return the address without a slash at the end."""
        ...

    @property
    def stopping(self) -> bool:
        """Return whether the server is being stopped."""
        ...

    def respond(self, prefix: str, request: Request, client: str) -> Answer:
        """Return the true answer of a prefix."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait, or return at once when the server is being stopped."""
        ...

    def note(self, asked: Asked) -> None:
        """Log a request that was answered."""
        ...


class Server(ThreadingHTTPServer):
    """A server whose connections know their stand-in."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    standin: "Talk"

    def handle_error(self, request: object, client_address: object) -> None:
        """Be silent about clients that hang up: that is what several tests are about."""


class Handler(BaseHTTPRequestHandler):
    """One connection of HTTP/1.1, kept alive."""

    protocol_version = "HTTP/1.1"
    server_version = "stand-in"
    sys_version = ""
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: `StandIn.asked` keeps the log."""

    def _handle(self) -> None:
        standin = self.server.standin
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        address, _, query = self.path.partition("?")
        prefix, _, path = address.lstrip("/").partition("/")
        request = Request(
            self.command,
            f"/{unquote(path)}",
            query,
            {k.lower(): v for k, v in self.headers.items()},
            body,
            f"{standin.url}/{prefix}",
        )
        fault = standin.faults.due(prefix, f"{request.path}?{query}")
        status = self._fail(fault, prefix, request) if fault else None
        if status is None:
            answer = standin.respond(prefix, request, self.client_address[0])
            status = self._send(_maybe_spoilt(answer, fault), request)
        standin.note(
            Asked(self.command, prefix, request.path, query, dict(request.headers), status)
        )

    do_GET = do_POST = do_PUT = do_HEAD = _handle  # noqa: N815  (the names http.server looks for)

    def _fail(self, fault: Fault, prefix: str, request: Request) -> int | None:
        """Answer as the fault says; None when the true answer is to be sent, perhaps spoilt."""
        standin = self.server.standin
        match fault.kind:
            case Kind.SLOW:
                standin.pause(fault.seconds)
                return None
            case Kind.HANG | Kind.RESET:
                if fault.kind is Kind.HANG:
                    standin.pause(fault.seconds)
                self._drop()
                return 0
            case Kind.HUGE:
                huge = Answer(body=huge_body(fault.size))
                return self._send(huge, request)
            case Kind.BOMB:
                bomb = Answer(body=bomb_body(fault.size), headers={"Content-Encoding": "gzip"})
                return self._send(bomb, request)
            case Kind.CUT:
                self._cut(standin.respond(prefix, request, self.client_address[0]))
                return 0
            case Kind.TRICKLE:
                whole = standin.respond(prefix, request, self.client_address[0])
                parts = trickle(_whole(whole), fault.seconds)
                return self._send(Answer(whole.status, parts, whole.headers, whole.type), request)
            case _:
                plain = _plain_failure(fault, standin.window)
                return None if plain is None else self._send(plain, request)

    def _send(self, answer: Answer, request: Request) -> int:
        headers = {k.lower(): v for k, v in answer.headers.items()}
        tag = headers.get("etag")
        if answer.status == 200 and tag and request.headers.get("if-none-match") == tag:
            answer = Answer(304, b"", answer.headers, answer.type)
        body = answer.body
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.type)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if isinstance(body, bytes):
            self._send_bytes(body, headers, request)
        else:
            self._send_chunks(body)
        return answer.status

    def _send_bytes(self, body: bytes, headers: dict[str, str], request: Request) -> None:
        wanted = "gzip" in request.headers.get("accept-encoding", "")
        if wanted and len(body) > 1024 and "content-encoding" not in headers:
            body = gzip.compress(body, 1)
            self.send_header("Content-Encoding", "gzip")
        if "content-length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_chunks(self, chunks: Iterator[bytes]) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in chunks:
            if self.server.standin.stopping:
                self._drop()
                return
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def _cut(self, answer: Answer) -> None:
        body = _whole(answer)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        self._drop()

    def _drop(self) -> None:
        """Close the connection with a reset, as a broken middlebox does."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.shutdown(socket.SHUT_RD)
        self.close_connection = True
        self.connection.close()


def _whole(answer: Answer) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)


def _plain_failure(fault: Fault, window: Window) -> Answer | None:
    """Return the answer of a fault that needs nothing from the service."""
    match fault.kind:
        case Kind.STATUS:
            return document({"error": "the stand-in was told to fail"}, fault.code)
        case Kind.RATE_LIMITED:
            headers = window.headers(0, fault.seconds)
            return document({"error": "Too Many Requests"}, 429).plus(headers)
        case Kind.EDGE_429:
            return page("<html><body>429 Too Many Requests</body></html>", status=429)
        case Kind.EMPTY:
            return Answer(body=b"")
        case Kind.HTML:
            return page(SIGN_IN)
        case Kind.REDIRECT:
            return Answer(302, b"", {"Location": fault.to})
        case _:
            return None


def _maybe_spoilt(answer: Answer, fault: Fault | None) -> Answer:
    if fault is None or fault.kind is Kind.SLOW:
        return answer
    if fault.kind is Kind.TRUNCATE:
        body = _whole(answer)
        return Answer(answer.status, body[: len(body) // 2], answer.headers, answer.type)
    return spoil_document(answer, fault)
