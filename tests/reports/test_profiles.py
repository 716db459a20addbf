"""Pages of families and publishers: figures with their sources, permanent safe addresses."""

import dataclasses

import pytest

from reports.address import slug
from reports.site import render_site
from tests.reports import pages, sample, sample_profiles
from tests.reports.pages import nodes, strings, tree

HOSTILE = [
    "../../etc/passwd", "..", ".", "", "con", "a/b", "a\\b", "<script>", "名字", "é", "e\u0301",
    "x" * 300, "a_b", "a b", "a-b", "a  b", " a b", "A.I.", "a i", "a\x00b", "%2e%2e", "?q=1#x",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_an_address_is_one_plain_file_name(name: str) -> None:
    found = slug(name)
    assert found
    assert set(found) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")
    assert len(found) < 80


def test_names_never_share_an_address_but_for_capitals() -> None:
    assert len({slug(name) for name in HOSTILE}) == len(HOSTILE)
    assert slug("Stable Diffusion") == slug("stable diffusion") == "stable-diffusion"
    dotted = slug("Z.ai")
    # Whoever knows the hash cannot choose a plain name that lands on the same page.
    assert slug(dotted.replace("_", " ")) != dotted
    assert slug(dotted) != dotted


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_family_page_tells_figures_with_their_sources_and_dates(lang: str) -> None:
    page = tree(pages.site()[f"{lang}/families/qwen.html"])
    said = " ".join(page.text_content().split())
    assert "238" in nodes(page, "//h1")[0].text_content()
    assert "2026-08-02" in said
    assert "Epoch AI" in said
    assert ("衍生中名称或标签自称去护栏的：33个" if lang == "zh" else "removed: 33") in said
    assert "2022-01-01" in said
    for vintage in ("2025-12-19", "2026-08-11"):
        assert nodes(page, f"//tr[th[normalize-space()='{vintage}']]"), vintage
    hrefs = strings(page, "//main//a/@href")
    assert {"https://epoch.ai/data/ai-models", "https://example.org/registry"} <= set(hrefs)
    assert "../indicators/S05.html" in hrefs
    assert not [h for h in hrefs if "tocsin.example" in h]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_missing_is_said_and_is_never_zero(lang: str) -> None:
    page = tree(pages.site()[f"{lang}/publishers/alibaba.html"])
    facts = [" ".join(n.text_content().split()) for n in nodes(page, "//dl[@class='facts']//dd")]
    unknown = "不详" if lang == "zh" else "unknown"
    assert facts[2:] == [unknown, unknown]
    assert "0" not in facts[1]
    missing = " ".join(n.text_content() for n in nodes(page, "//div[contains(@class, 'miss')]"))
    assert (
        "没有分值，不等于能力低" if lang == "zh" else "does not mean that they are weak"
    ) in missing
    assert not nodes(page, "//a[@href='']")


def test_every_way_leads_to_the_page_of_a_family() -> None:
    for path, href in (
        ("en/families.html", "families/qwen.html"),
        ("en/search.html", "families/qwen.html"),
        ("en/risks/misuse.html", "../families/qwen.html"),
        ("en/indicators/S05.html", "../families/qwen.html"),
        ("en/publishers/alibaba.html", "../families/qwen.html"),
        ("en/publishers.html", "publishers/alibaba.html"),
    ):
        hrefs = strings(tree(pages.site()[path]), "//main//a/@href")
        assert href in [h.removeprefix("./") for h in hrefs], path


def test_roots_that_are_not_registered_are_counted_together() -> None:
    said = tree(pages.site()["en/families.html"]).text_content()
    assert "Another 1,817 models go back to 406 accounts" in said


def test_the_families_behind_a_figure_are_told_with_what_is_left_over() -> None:
    said = " ".join(tree(pages.documents()["annual.en.html"]).text_content().split())
    assert "Roots of safety-removed models: Qwen 38%" in said
    assert "9 unregistered roots add 26% and are not named" in said
    assert "By this day there were no hub counters or scores" in said


def test_a_family_without_rows_has_a_page_that_says_so() -> None:
    bare = dataclasses.replace(
        sample_profiles.family(), by_openness={}, releases=(), months=(), licences=(), scores=(),
        standings=(), downloads=(), events=(), incidents=(), diffusion=(), undated=0,
    )  # fmt: skip
    view = dataclasses.replace(sample.site(), families=(bare,))
    page = tree(render_site(view, "en")["en/families/qwen.html"])
    assert len(nodes(page, "//div[contains(@class, 'miss')]")) >= 5
