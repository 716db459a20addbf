"""HTTP to an address that someone else may have chosen: no private network, no redirects, no waits.

The name is resolved once, the answer checked, and that very address connected to, so a name that
resolves differently the second time (DNS rebinding) changes nothing.
"""

import ipaddress
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from monitor.notify.channel import DeliveryError

AGAIN = frozenset({408, 425, 429})
GONE = 410


class PrivateAddress(OSError):  # noqa: N818 - a condition of the network, said as one
    """The name resolves to an address that is not on the public internet."""


def public_addresses(host: str, port: int) -> list[tuple[Any, ...]]:
    """Return what `host` resolves to. Raises PrivateAddress if any answer is not public."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, address in found:
        ip = ipaddress.ip_address(str(address[0]).partition("%")[0])
        inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
        if not ip.is_global or ip.is_multicast or (inner is not None and not inner.is_global):
            raise PrivateAddress(f"{host} is {ip}, which is not a public address")
    return list(found)


def _open(connection: HTTPConnection) -> socket.socket:
    timeout = connection.timeout if isinstance(connection.timeout, int | float) else 20.0
    last: OSError | None = None
    for family, kind, protocol, _, address in public_addresses(
        connection.host, connection.port or connection.default_port
    ):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(timeout)
            sock.connect(address)
        except OSError as error:
            sock.close()
            last = error
        else:
            return sock
    raise last or OSError("no address")


class _PublicHttp(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _open(self)


class _PublicHttps(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _open(self)


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PublicHttp


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _PublicHttps


class PublicOnly(HTTPAdapter):
    """Connects to public addresses only."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use pools whose connections check what they connect to."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that Retry-After asks for (a number or a date), at most a day."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    if value.isdigit():
        return min(float(value), 86_400.0)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), 86_400.0)


def check(status: int, headers: Mapping[str, str], now: datetime) -> None:
    """Return for 2xx; else raise DeliveryError: 408, 425, 429 and 5xx again, 410 disables."""
    if 200 <= status < 300:
        return
    wait = retry_after(headers, now)
    if status in AGAIN or status >= 500:
        raise DeliveryError(f"receiver answered {status}", retry_after=wait)
    raise DeliveryError(f"receiver answered {status}", permanent=True, disable=status == GONE)


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout: float,
    allow_private: bool,
    now: datetime,
    auth: tuple[str, str] | None = None,
) -> None:
    """POST `body` and judge the answer; its text is not read. Raises DeliveryError."""
    with requests.Session() as session:
        session.trust_env = False
        if not allow_private:
            session.mount("https://", PublicOnly())
            session.mount("http://", PublicOnly())
        try:
            with session.post(
                url,
                data=body,
                headers=dict(headers),
                timeout=timeout,
                allow_redirects=False,
                stream=True,
                auth=auth,
            ) as response:
                status, answered = response.status_code, dict(response.headers)
        except requests.RequestException as error:
            raise _broken(error) from error
    check(status, requests.structures.CaseInsensitiveDict(answered), now)


def _broken(error: requests.RequestException) -> DeliveryError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, PrivateAddress):
            return DeliveryError(
                f"refused: {cause} (allow_private: true allows it)", permanent=True
            )
        reason = getattr(cause, "reason", None)
        cause = (
            reason if isinstance(reason, BaseException) else cause.__cause__ or cause.__context__
        )
    # The exception's own text may quote the URL, whose path can be a secret.
    return DeliveryError(f"network: {type(error).__name__}")
