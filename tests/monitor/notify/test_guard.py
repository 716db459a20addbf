"""A receiver's address that someone else chose cannot reach into our own network."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from config.notify import NotifySettings
from monitor.notify.channel import DeliveryError
from monitor.notify.guard import PrivateAddress, post, public_addresses, retry_after

NOW = datetime(2026, 11, 23, 3, 4, 5, tzinfo=UTC)


def resolving(*answers: str) -> Callable[..., list[Any]]:
    """Return a resolver that gives these addresses, one more each time it is asked."""
    asked = iter(answers)

    def resolve(host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        found = next(asked)
        family = socket.AF_INET6 if ":" in found else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (found, port))]

    return resolve


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_private_addresses_are_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving(address))
    with pytest.raises(PrivateAddress):
        public_addresses("receiver.example", 443)


def test_a_public_address_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving("93.184.216.34"))
    assert public_addresses("receiver.example", 443)[0][4][0] == "93.184.216.34"


def test_the_checked_address_is_the_one_connected_to(
    monkeypatch: pytest.MonkeyPatch, letterbox: Any
) -> None:
    """DNS rebinding: a second look-up would answer loopback; there is none."""
    reached: list[Any] = []
    monkeypatch.setattr(socket, "getaddrinfo", resolving("93.184.216.34", "127.0.0.1"))

    def connect(self: socket.socket, address: Any) -> None:
        reached.append(address)
        raise OSError("no way out of the test")

    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(DeliveryError, match="network"):
        post(
            f"http://rebinding.example:{letterbox.port}/", b"{}", {}, timeout=1,
            allow_private=False, now=NOW,
        )  # fmt: skip
    assert reached == [("93.184.216.34", letterbox.port)]


def test_loopback_is_refused_for_good_unless_allowed(letterbox: Any) -> None:
    with pytest.raises(DeliveryError, match="not a public address") as caught:
        post(letterbox.url, b"{}", {}, timeout=2, allow_private=False, now=NOW)
    assert caught.value.permanent
    assert letterbox.taken == []
    post(letterbox.url, b"{}", {}, timeout=2, allow_private=True, now=NOW)
    assert len(letterbox.taken) == 1


def test_redirects_are_not_followed(letterbox: Any) -> None:
    letterbox.always = (302, {"Location": letterbox.url})
    with pytest.raises(DeliveryError) as caught:
        post(letterbox.url, b"{}", {}, timeout=2, allow_private=True, now=NOW)
    assert caught.value.permanent
    assert len(letterbox.taken) == 1


def test_a_receiver_that_never_answers_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/secret-path"
        with pytest.raises(DeliveryError) as caught:
            post(url, b"{}", {}, timeout=0.2, allow_private=True, now=NOW)
    assert not caught.value.permanent
    assert "secret-path" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("999999", 86_400.0),
        ("Mon, 23 Nov 2026 03:14:05 GMT", 600.0),
        ("Mon, 23 Nov 2026 02:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_as_number_or_date(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}, NOW) == seconds


@pytest.mark.parametrize(
    ("receiver", "said"),
    [
        ({"channel": "webhook", "url": "https://x.example/"}, "secret"),
        ({"channel": "webhook", "url": "http://x.example/", "secret": "whsec_AAAA"}, "https"),
        ({"channel": "webhook", "url": "https://u:p@x.example/", "secret": "s"}, "url"),
        ({"channel": "email", "to": "a@x.example, b@x.example"}, "to"),
        ({"channel": "email", "to": "a@x.example\nBcc: b@x.example"}, "to"),
        ({"channel": "email", "to": "a@x.example", "tto": 1}, "tto"),
        ({"channel": "pigeon"}, "channel"),
    ],
)
def test_receivers_are_checked_before_anything_starts(receiver: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        NotifySettings.model_validate({"receivers": {"x": receiver}})


def test_a_route_to_nobody_is_refused() -> None:
    with pytest.raises(ValidationError, match="boss"):
        NotifySettings.model_validate({"routes": [{"receivers": ["boss"]}]})


def test_an_hour_is_an_hour_whatever_the_zone() -> None:
    later = NOW + timedelta(hours=1)
    stamp = later.strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert retry_after({"Retry-After": stamp}, NOW) == 3600.0
