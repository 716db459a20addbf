"""Approved copies of each kind of report, so that a change of words is seen.

After a wanted change run `APPROVE_REPORTS=1 pytest tests/reports/test_approved.py` and read the
difference. Style and policy are left out: they change with the sheet, not with the words.
"""

import os
import re
from pathlib import Path

import pytest

from tests.reports import pages

APPROVED = Path(__file__).parent / "approved"
KINDS = ("alert", "alert-public", "pack", "annual", "special", "quarterly")
SITE = (
    "index",
    "risks/misuse",
    "indicators/S05",
    "indicators/S08",
    "sources",
    "method",
    "families",
    "families/qwen",
    "publishers/alibaba",
)
NAMES = [f"{kind}.{lang}.html" for kind in KINDS for lang in ("zh", "en")] + [
    f"{lang}/{name}.html" for name in SITE for lang in ("zh", "en")
]


def worded(page: bytes) -> str:
    """Return a page without its style sheet, script and policy."""
    said = re.sub(r"<(style|script)>.*?</\1>", r"<\1></\1>", page.decode(), flags=re.DOTALL)
    return re.sub(r'(Content-Security-Policy" content=")[^"]*', r"\1", said)


@pytest.mark.parametrize("name", NAMES)
def test_a_report_reads_as_approved(name: str) -> None:
    said = worded(pages.every()[name])
    file = APPROVED / name.replace("/", ".")
    if os.environ.get("APPROVE_REPORTS"):
        APPROVED.mkdir(exist_ok=True)
        file.write_text(said, encoding="utf-8")
    assert said == file.read_text(encoding="utf-8")
