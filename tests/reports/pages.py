"""Every kind of page once, as bytes by name, for the tests that look at all of them."""

from functools import cache
from typing import cast

from lxml import html
from lxml.html import HtmlElement

from reports.alert import render_alert, render_pack
from reports.annual import render_annual
from reports.chapters import QuarterView, SpecialView
from reports.model import Audience
from reports.quarterly import render_quarterly
from reports.site import render_all
from reports.special import render_special
from rules.types import Risk
from tests.reports import sample

SITE = (
    "index.html",
    "risks/misuse.html",
    "risks/backdoor.html",
    "indicators/index.html",
    "indicators/S05.html",
    "indicators/S08.html",
    "alerts/index.html",
    "reports/index.html",
    "pendulum.html",
    "diffusion.html",
    "families.html",
    "publishers.html",
    "families/qwen.html",
    "publishers/alibaba.html",
    "method.html",
    "sources.html",
    "search.html",
)


def tree(page: bytes) -> HtmlElement:
    """Return a page as a tree."""
    return html.fromstring(page.decode())


def nodes(root: HtmlElement, query: str) -> list[HtmlElement]:
    """Return the elements of an XPath query."""
    return cast("list[HtmlElement]", root.xpath(query))


def strings(root: HtmlElement, query: str) -> list[str]:
    """Return the strings (attributes, text nodes) of an XPath query."""
    return [str(found) for found in cast("list[object]", root.xpath(query))]


def quarter() -> QuarterView:
    """Return a brief of the third quarter of 2026."""
    year = sample.annual()
    return QuarterView(
        2026, 3, year.assessment, sample.now_view(), year.method, year.sources, year.transitions,
        events=year.events,
    )  # fmt: skip


def special() -> SpecialView:
    """Return a special assessment of misuse."""
    year = sample.annual()
    return SpecialView(
        Risk.MISUSE, year.assessment, year.method, year.sources, year.comparisons, year.events,
        year.counts, year.families, year.diffusion, year.scorecard,
    )  # fmt: skip


@cache
def site() -> dict[str, bytes]:
    """Return the public tree of the sample."""
    return dict(render_all(sample.site()))


@cache
def documents() -> dict[str, bytes]:
    """Return every document in both languages by file name."""
    found: dict[str, bytes] = {}
    for lang in ("zh", "en"):
        found[f"alert.{lang}.html"] = render_alert(sample.alert(), lang, Audience.INTERNAL)
        found[f"alert-public.{lang}.html"] = render_alert(sample.alert(), lang, Audience.PUBLIC)
        found[f"pack.{lang}.html"] = render_pack(sample.alert(exercise=True), lang)
        found[f"annual.{lang}.html"] = render_annual(sample.annual(), lang)
        found[f"special.{lang}.html"] = render_special(special(), lang)
        found[f"quarterly.{lang}.html"] = render_quarterly(quarter(), lang)
    return found


@cache
def every() -> dict[str, bytes]:
    """Return one page of every kind in both languages."""
    pages = {f"{lang}/{name}": site()[f"{lang}/{name}"] for lang in ("zh", "en") for name in SITE}
    return {**pages, "index.html": site()["index.html"], **documents()}
