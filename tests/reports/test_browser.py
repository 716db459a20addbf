"""Every page kind in a real browser: axe finds nothing, nothing is fetched, nothing overflows."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import absent
from tests.reports import pages

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
AXE = os.environ.get("AXE_CORE", "")
"""Path of axe.min.js (`npm pack axe-core`); CI fetches it."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium."""
    if not CHROMIUM:
        absent("no Chromium: pages are not looked at in a browser")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield found
        found.close()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one page of every kind."""
    folder = tmp_path_factory.mktemp("site")
    for name, page in {**pages.site(), **pages.documents()}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(page)
    return folder


VIEWS = [(1440, "light", "zh"), (390, "dark", "zh"), (1440, "dark", "en"), (390, "light", "en")]
"""Each page kind is seen wide and narrow, light and dark; each language twice."""


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("width", "scheme", "lang"), VIEWS)
def test_axe_finds_no_violation_of_any_impact(
    browser: Browser, tree: Path, width: int, scheme: str, lang: str
) -> None:
    if not AXE or not Path(AXE).is_file():
        absent("no axe-core: set AXE_CORE to axe.min.js")
    axe = Path(AXE).read_text(encoding="utf-8")
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        bypass_csp=True,
    )
    page = context.new_page()
    found = []
    for name in sorted(pages.every()):
        if not name.startswith(f"{lang}/") and f".{lang}." not in name:
            continue
        page.goto((tree / name).as_uri())
        page.evaluate(axe)
        result = page.evaluate("axe.run()")
        found += [(name, v["id"], v["impact"]) for v in result["violations"]]
        wider = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wider <= 0, (name, width, wider)
    context.close()
    assert found == []


@pytest.mark.long
def test_a_page_fetches_nothing_and_its_policy_blocks_nothing_of_its_own(
    browser: Browser, tree: Path
) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    for name in sorted(pages.every()):
        page.goto((tree / name).as_uri())
        styled = page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth")
        assert styled.endswith("px"), name
    context.close()
    assert all(url.startswith("file:") for url in asked)
    assert len(asked) == len(pages.every())
    assert said == []


@pytest.mark.long
def test_search_filters_the_list_and_without_scripts_the_list_stands(
    browser: Browser, tree: Path
) -> None:
    page = browser.new_page()
    page.goto((tree / "zh/search.html").as_uri())
    everything = page.locator("#hits li:visible").count()
    page.fill("#q", "S05")
    assert page.locator("#hits li:visible").count() == 1
    assert "开闭源能力时滞" in page.inner_text("#hits li:visible")
    page.close()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tree / "zh/search.html").as_uri())
    assert page.locator("#hits li:visible").count() == everything
    assert page.locator("form:visible").count() == 0
    context.close()


@pytest.mark.long
def test_the_annual_report_prints_as_a4(browser: Browser, tree: Path) -> None:
    page = browser.new_page()
    page.goto((tree / "annual.zh.html").as_uri())
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    page.close()
    assert paper.startswith(b"%PDF")
    assert 12 <= paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") <= 40
