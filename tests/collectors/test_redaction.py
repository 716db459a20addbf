"""What is kept of a request bears no key, and is otherwise what it was."""

from datetime import UTC, datetime

import pytest

from collectors.base import Payload
from collectors.redaction import blanked, without_secrets

NOW = datetime(2026, 8, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.example/x?key=abc&page=2", "https://a.example/x?key=***&page=2"),
        ("https://a.example/x?page=2&API-Key=abc", "https://a.example/x?page=2&API-Key=***"),
        ("https://a.example/x?access_token=abc#top", "https://a.example/x?access_token=***#top"),
        (
            "https://cdn.example/f?X-Amz-Signature=ab%2F&X-Amz-Credential=c",
            "https://cdn.example/f?X-Amz-Signature=***&X-Amz-Credential=***",
        ),
        ("https://me:abc@a.example/x", "https://a.example/x"),
        ("https://a.example/x?cursor=key%3Dz&keyword=y", None),
        ("https://a.example/x?monkey=1&tokens=2&sort=signature", None),
        ("https://a.example/@user/x", None),
        ("https://huggingface.co/api/models?limit=1000&cursor=eyJfaWQiOnsi&sort=x", None),
    ],
)
def test_addresses_lose_their_keys_alone(url: str, kept: str | None) -> None:
    assert blanked(url, None) == (kept or url)


@pytest.mark.parametrize("form", ["s/e cret", "s%2Fe%20cret", "s%2Fe+cret"])
def test_the_source_s_own_key_is_blanked_wherever_it_stands(form: str) -> None:
    assert blanked(f"https://a.example/{form}/x?q={form}", "s/e cret") == (
        "https://a.example/***/x?q=***"
    )
    assert blanked(f"plain {form}", "s/e cret") == "plain ***"


def test_headers_that_no_parse_needs_are_left_out() -> None:
    headers = {"content-type": "text/x", "set-cookie": "s=1", "location": "/x?token=t"}
    payload = Payload(
        source="hub", shape="page", url="https://a.example/x", status=200, headers=headers,
        body=b"key=abc", fetched_at=NOW, context={"feed": "a"},
    )  # fmt: skip
    kept = without_secrets(payload, None)
    assert kept.headers == {"content-type": "text/x", "location": "/x?token=***"}
    assert kept.body is payload.body
    assert (kept.context, kept.fetched_at, kept.shape) == ({"feed": "a"}, NOW, "page")
