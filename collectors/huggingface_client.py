"""The Hub's own client on our way to the network: its addresses and errors, our pace."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from threading import Lock

import httpx2
from huggingface_hub import HfApi, set_client_factory

from collectors.base import Http, Response

_LOG = logging.getLogger(__name__)

JUDGED = (301, 302, 303, 307, 308, 400, 401, 403, 404, 410, 451)
"""Statuses that say something about a repository, so that they are answers and not failures."""
_ONE_AT_A_TIME = Lock()
"""The client keeps one session for the whole process."""


class Bridge(httpx2.BaseTransport):
    """Carries the client's requests over our `Http`, and keeps every answer as it came."""

    def __init__(self, http: Http, root: str) -> None:
        self._http, self._root = http, root
        self.answers: list[Response] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return what our own client was answered; errors of ours pass through unchanged."""
        if not str(request.url).startswith(self._root):
            # The client asks for more than it was asked (a list of calling programs, telemetry).
            raise httpx2.ConnectError("only models are asked for", request=request)
        ours = ("authorization", "accept")
        headers = {k: v for k, v in request.headers.items() if k.lower() in ours}
        answer = self._http.get(str(request.url), headers=headers, accept=JUDGED)
        self.answers.append(answer)
        # The body is already unpacked, so what described its packing must not be repeated.
        packing = ("content-encoding", "content-length", "transfer-encoding")
        kept = {k: v for k, v in answer.headers.items() if k not in packing}
        return httpx2.Response(answer.status, headers=kept, content=answer.body, request=request)


@contextmanager
def hub(http: Http, base_url: str, key: str | None) -> Iterator[tuple[HfApi, Bridge]]:
    """Give the Hub's client for a while, speaking through `http`."""
    bridge = Bridge(http, f"{base_url.rstrip('/')}/api/models/")
    with _ONE_AT_A_TIME:
        set_client_factory(
            lambda: httpx2.Client(transport=bridge, follow_redirects=True, timeout=60.0)
        )
        try:
            api = HfApi(
                endpoint=base_url.rstrip("/"),
                token=key or False,
                library_name="tocsin",
                library_version=version("tocsin"),
            )
            yield api, bridge
        finally:
            set_client_factory(_patient_client)


def _patient_client() -> httpx2.Client:
    """Return the client's usual session, but one that does not wait for ever."""
    return httpx2.Client(follow_redirects=True, timeout=60.0)


def ask_model(api: HfApi, bridge: Bridge, model_id: str) -> tuple[Response, ...]:
    """Return the answers to "what of this model?", the last one after any redirect.

    What the client makes of them is let go: parse reads the bytes, which say more.
    """
    bridge.answers.clear()
    try:
        api.model_info(model_id, securityStatus=True)
    except httpx2.HTTPError as error:  # the client's own errors are of this kind too
        _LOG.debug("%s: %s", model_id, type(error).__name__)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # The client trips over fields of another type than it expects; the bytes are there.
        _LOG.warning("%s: the hub's client could not read it (%s)", model_id, type(error).__name__)
    return tuple(bridge.answers)
