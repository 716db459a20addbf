"""Payloads without secrets: what may be kept of the request and of the headers of its answer."""

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote, quote_plus

from collectors.base import KEPT_HEADERS, Payload

BLANK = "***"

_USER = re.compile(r"(?<=//)[^/?#@\s]*@")
_SECRET = re.compile(
    r"(?i)(?<=[?&;])((?:api[-_]?|access[-_]?|auth[-_]?|private[-_]?)?(?:key|token)|apikey"
    r"|auth|authorization|secret|client_secret|password|passwd|sig|signature|credential"
    r"|awsaccesskeyid|x-(?:amz|goog)-[a-z-]+)=[^&;#\s]*"
)
"""Names of parameters that hold a secret wherever they stand; a cursor is none."""


def without_secrets(payload: Payload, secret: str | None) -> Payload:
    """Return the payload with what parse needs, and without keys in its address, headers, context.

    `secret` is the source's key, blanked wherever it stands; the body stays as it came.
    """
    headers = {n: v for n, v in payload.headers.items() if n in KEPT_HEADERS}
    return replace(
        payload,
        url=blanked(payload.url, secret),
        headers=_blanked_all(headers, secret),
        context=_blanked_all(payload.context, secret),
    )


def _blanked_all(texts: Mapping[str, str], secret: str | None) -> dict[str, str]:
    return {name: blanked(text, secret) for name, text in texts.items()}


def blanked(text: str, secret: str | None) -> str:
    """Return the text with `***` for keys, signatures and user names in addresses."""
    for form in {secret, quote(secret, safe=""), quote_plus(secret)} if secret else ():
        text = text.replace(form, BLANK)
    if "//" not in text and "=" not in text:
        return text
    return _SECRET.sub(rf"\1={BLANK}", _USER.sub("", text))
