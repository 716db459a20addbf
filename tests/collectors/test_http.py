"""The client against a real server on loopback: pace, patience, limits and closed doors."""

import gzip
import logging
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from collectors.base import Seen, Source
from collectors.errors import PayloadChanged, PayloadTooLarge, SourceRefused, SourceUnavailable
from collectors.http import ATTEMPTS, Client, user_agent
from collectors.unpacking import Coding, Packed
from collectors.validators import MemoryValidators
from tests.collectors.loopback import Loopback, Reply

NOW = datetime(2026, 8, 22, 12, tzinfo=UTC)
SOURCE = Source(
    id="hub", title="Hub", base_url="https://hub.example", homepage="https://hub.example",
    licence="", redistributable=True, every=timedelta(days=1), stale_after=timedelta(days=2),
    seen=Seen.DOCUMENTED,
)  # fmt: skip


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return NOW + timedelta(seconds=sum(self.slept))


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


def client(server: Loopback, clock: Clock, source: Source = SOURCE, **settings: object) -> Client:
    return Client(source, server.url, now=clock.now, sleep=clock.slept.append, **settings)  # type: ignore[arg-type]


def test_returns_the_answer_unpacked_with_lower_cased_headers(
    server: Loopback, clock: Clock
) -> None:
    server.say("/a", Reply(gzip.compress(b"[1]"), headers={"Content-Encoding": "gzip", "X-Y": "z"}))
    answer = client(server, clock).get(f"{server.url}/a", params=[("expand", "a"), ("expand", "b")])
    assert (answer.status, answer.body, answer.headers["x-y"]) == (200, b"[1]", "z")
    assert answer.url.endswith("/a?expand=a&expand=b")
    assert answer.fetched_at == NOW


def test_says_who_asks(server: Loopback, clock: Clock) -> None:
    server.say("/a", Reply(b"[]"))
    client(server, clock).get(f"{server.url}/a")
    assert server.asked[0].headers["user-agent"] == user_agent()
    assert user_agent().startswith("Tocsin/")
    assert "(+https://" in user_agent()


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(server: Loopback, clock: Clock, status: int) -> None:
    server.say("/a", Reply(b"", status), Reply(b"[]"))
    assert client(server, clock).get(f"{server.url}/a").body == b"[]"
    assert len(clock.slept) == 1
    assert 0.5 <= clock.slept[0] <= 1


def test_a_lasting_failure_ends_after_five_attempts_with_growing_waits(
    server: Loopback, clock: Clock
) -> None:
    server.say("/a", Reply(b"", 503))
    with pytest.raises(SourceUnavailable, match="503 after 5 attempts"):
        client(server, clock).get(f"{server.url}/a")
    assert len(server.asked) == ATTEMPTS
    for wait, full in zip(clock.slept, (1, 2, 4, 8), strict=True):
        assert full / 2 <= wait <= full


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_a_refusal_is_not_asked_again(server: Loopback, clock: Clock, status: int) -> None:
    server.say("/a", Reply(b"", status))
    with pytest.raises(SourceRefused, match=str(status)):
        client(server, clock).get(f"{server.url}/a?key=secret")
    assert len(server.asked) == 1
    assert clock.slept == []


def test_an_error_does_not_tell_the_query(server: Loopback, clock: Clock) -> None:
    server.say("/a", Reply(b"", 404))
    with pytest.raises(SourceRefused) as caught:
        client(server, clock).get(f"{server.url}/a", params=[("key", "secret")])
    assert "secret" not in str(caught.value)


def test_an_accepted_status_is_an_answer(server: Loopback, clock: Clock) -> None:
    server.say("/a", Reply(b"", 307, {"Location": "/b"}))
    answer = client(server, clock).get(f"{server.url}/a", accept=(307,))
    assert (answer.status, answer.headers["location"]) == (307, "/b")


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [("7", 7, 8), ("Sat, 22 Aug 2026 12:00:30 GMT", 30, 31), ("nonsense", 0.5, 1)],
)
def test_retry_after_is_kept_in_seconds_and_as_a_date(
    server: Loopback, clock: Clock, value: str, least: float, most: float
) -> None:
    server.say("/a", Reply(b"", 429, {"Retry-After": value}), Reply(b"[]"))
    client(server, clock).get(f"{server.url}/a")
    assert least <= clock.slept[0] <= most


def test_a_wait_past_the_deadline_is_not_waited(server: Loopback, clock: Clock) -> None:
    server.say("/a", Reply(b"", 429, {"Retry-After": "86400"}))
    with pytest.raises(SourceUnavailable, match="deadline"):
        client(server, clock).get(f"{server.url}/a")
    assert clock.slept == []


def test_the_whole_run_has_one_deadline(server: Loopback, clock: Clock) -> None:
    server.say("/a", Reply(b"[]"))
    asking = client(server, clock, deadline=timedelta(seconds=10))
    asking.get(f"{server.url}/a")
    clock.slept.append(10)
    with pytest.raises(SourceUnavailable, match="deadline"):
        asking.get(f"{server.url}/a")


def test_slows_down_before_the_quota_is_spent(server: Loopback, clock: Clock) -> None:
    def left(remaining: int) -> Reply:
        return Reply(
            b"[]",
            headers={
                "RateLimit": f'"api";r={remaining};t=100',
                "RateLimit-Policy": '"fixed window";"api";q=500;w=300',
            },
        )

    server.say("/a", left(400), left(49), left(0), left(499))
    asking = client(server, clock)
    asking.get(f"{server.url}/a")
    asking.get(f"{server.url}/a")
    assert clock.slept == []  # plenty left: full speed
    asking.get(f"{server.url}/a")
    assert clock.slept == [2.0]  # 100 s for 49 + 1 requests
    asking.get(f"{server.url}/a")
    assert clock.slept[1:] == [100.0]  # spent: the next window


def test_a_429_with_nothing_left_waits_for_the_next_window(server: Loopback, clock: Clock) -> None:
    spent = {"RateLimit": '"api";r=0;t=23'}
    server.say("/a", Reply(b"", 429, spent), Reply(b"[]"))
    client(server, clock).get(f"{server.url}/a")
    assert 23 <= sum(clock.slept) <= 26


def test_manners_are_for_others_not_for_this_machine(server: Loopback, clock: Clock) -> None:
    server.say("/a", Reply(b"[]"))
    asking = client(server, clock, replace(SOURCE, pause=timedelta(seconds=2)))
    asking.get(f"{server.url}/a")
    asking.get(f"{server.url}/a")
    assert clock.slept == []


def test_a_body_over_the_limit_is_refused_before_it_is_read(server: Loopback, clock: Clock) -> None:
    server.say("/a", Reply(b"[" + b" " * 5000 + b"]"))
    with pytest.raises(PayloadTooLarge):
        client(server, clock).get(f"{server.url}/a", max_bytes=4096)


def test_an_endless_body_is_left_at_the_limit(server: Loopback, clock: Clock) -> None:
    server.say("/a", Reply(b"x" * 65536, chunks=40_000))  # 2.6 GB, if it were read
    with pytest.raises(PayloadTooLarge):
        client(server, clock).get(f"{server.url}/a", max_bytes=1 << 20)


def test_a_small_bomb_does_not_go_off(server: Loopback, clock: Clock) -> None:
    bomb = gzip.compress(b"\0" * (64 << 20))
    assert len(bomb) < 100_000
    server.say("/a", Reply(bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(PayloadTooLarge):
        client(server, clock).get(f"{server.url}/a", max_bytes=1 << 20)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_packed_answers_are_limited_as_they_came_too(
    server: Loopback, clock: Clock, coding: str
) -> None:
    pack = gzip.compress if coding == "gzip" else zlib.compress
    server.say("/a", Reply(pack(b""), headers={"Content-Encoding": coding}, chunks=1000))
    with pytest.raises(PayloadTooLarge):
        client(server, clock).get(f"{server.url}/a", max_bytes=4096)


def test_how_an_answer_came_is_told_once_and_of_the_last_alone(
    server: Loopback, clock: Clock
) -> None:
    packed = gzip.compress(b"[1]") + gzip.compress(b" ")
    server.say("/a", Reply(packed, headers={"Content-Encoding": "gzip"}))
    server.say("/plain", Reply(b"[1] "))
    asking = client(server, clock)
    first, last = asking.get(f"{server.url}/a"), asking.get(f"{server.url}/a")
    assert (first.body, last.body) == (b"[1] ", b"[1] ")
    assert asking.packed(last.body) == Packed(Coding.GZIP, packed)
    assert asking.packed(last.body) is None
    earlier = asking.get(f"{server.url}/a").body
    asking.get(f"{server.url}/a")
    assert asking.packed(earlier) is None
    plain = asking.get(f"{server.url}/plain").body
    assert asking.packed(plain) is None


def test_a_packing_that_was_not_asked_for_is_a_change_and_says_so(
    server: Loopback, clock: Clock
) -> None:
    server.say("/a", Reply(b"?", headers={"Content-Encoding": "br"}))
    with pytest.raises(PayloadChanged, match="gzip, deflate or no Content-Encoding, not 'br'"):
        client(server, clock).get(f"{server.url}/a?key=secret")
    server.say("/b", Reply(b"?", 503, {"Content-Encoding": "br"}), Reply(b"[]"))
    assert client(server, clock).get(f"{server.url}/b").body == b"[]"


WHOLE = gzip.compress(b"[1,2,3]" * 100)
LOST = {
    "body": Reply(WHOLE[:20], headers={"Content-Length": str(len(WHOLE))}, cut=True),
    "gzip": Reply(b"not gzip at all", headers={"Content-Encoding": "gzip"}),
    "end": Reply(WHOLE[:-9], headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("lost", LOST)
def test_an_answer_broken_off_is_tried_again(server: Loopback, clock: Clock, lost: str) -> None:
    server.say("/a", LOST[lost], Reply(b"[]"))
    assert client(server, clock).get(f"{server.url}/a").body == b"[]"
    assert len(clock.slept) == 1


def test_nobody_at_home_is_unavailable(clock: Clock) -> None:
    with Loopback() as gone:
        url = gone.url
    with pytest.raises(SourceUnavailable, match="ConnectionError"):
        Client(SOURCE, url, now=clock.now, sleep=clock.slept.append).get(f"{url}/a")


def test_redirects_are_followed_at_home(server: Loopback, clock: Clock) -> None:
    server.say("/a", Reply(b"", 302, {"Location": "/b"}))
    server.say("/b", Reply(b"[]"))
    answer = client(server, clock).get(f"{server.url}/a", headers={"Authorization": "Bearer x"})
    assert answer.url == f"{server.url}/b"
    assert server.asked[1].headers["authorization"] == "Bearer x"


@pytest.mark.parametrize(
    "place",
    [
        "https://elsewhere.example/",
        "http://169.254.169.254/",
        "file:///etc/passwd",
        "//evil.example/",
    ],
)
def test_a_redirect_to_a_stranger_is_refused(server: Loopback, clock: Clock, place: str) -> None:
    server.say("/a", Reply(b"", 302, {"Location": place}))
    with pytest.raises(SourceRefused, match="not among the hosts"):
        client(server, clock).get(f"{server.url}/a")


def test_a_key_does_not_follow_to_another_origin(server: Loopback, clock: Clock) -> None:
    with Loopback() as other:
        other.say("/b", Reply(b"[]"))
        server.say("/a", Reply(b"", 307, {"Location": f"{other.url}/b"}))
        friendly = replace(SOURCE, hosts=("127.0.0.1",))
        client(server, clock, friendly).get(
            f"{server.url}/a", headers={"Authorization": "Bearer secret"}
        )
        assert "authorization" not in other.asked[0].headers


def test_a_circle_of_redirects_ends(server: Loopback, clock: Clock) -> None:
    server.say("/a", Reply(b"", 302, {"Location": "/a"}))
    with pytest.raises(SourceRefused, match="redirects"):
        client(server, clock).get(f"{server.url}/a")


def test_unchanged_is_not_sent_again(server: Loopback, clock: Clock) -> None:
    server.say("/a", Reply(b"[]", headers={"ETag": '"1"'}), Reply(b"", 304))
    asking = client(server, clock, validators=MemoryValidators())
    assert asking.get(f"{server.url}/a", revalidate=True).status == 200
    again = asking.get(f"{server.url}/a", revalidate=True)
    assert (again.status, again.body) == (304, b"")
    assert server.asked[1].headers["if-none-match"] == '"1"'


def test_posts_json(server: Loopback, clock: Clock) -> None:
    server.say("/a", Reply(b"{}"))
    client(server, clock).post_json(f"{server.url}/a", {"query": "警钟"}, method="PUT")
    asked = server.asked[0]
    assert (asked.method, asked.body) == ("PUT", '{"query": "警钟"}'.encode())
    assert asked.headers["content-type"] == "application/json"


def test_no_key_reaches_the_log(
    server: Loopback, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "collectors")
    server.say("/a", Reply(b"", 503), Reply(b"[]"))
    client(server, clock).get(f"{server.url}/a", headers={"Authorization": "Bearer secret"})
    assert "secret" not in caplog.text
    assert "503" in caplog.text
