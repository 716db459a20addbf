"""Every page: known figure, source and date; self-contained; escaped; marked; small."""

import base64
import dataclasses
import hashlib
import re
from datetime import UTC, date, datetime

import pytest

from config import baseline
from config.method import Words
from reports.alert import render_alert
from reports.annual import render_annual
from reports.chapters import DiffusionRow
from reports.model import Audience, HistoryPoint
from reports.profile import PAGES, Profile, ProfileKind, ReleaseMonth
from reports.site import Bodies, render_all
from reports.site_view import AlertLine, SiteView
from rules.types import Level, Risk
from tests.reports import pages, sample, sample_profiles
from tests.reports.pages import nodes, strings, tree

ALL = sorted(pages.every())


def text(page: bytes) -> str:
    """Return what a reader sees, on one line."""
    root = tree(page)
    for node in nodes(root, "//style|//script"):
        node.drop_tree()
    return " ".join(root.text_content().split())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_front_page_says_today_and_beside_it_the_reconstructed_level(lang: str) -> None:
    said = text(pages.site()[f"{lang}/index.html"])
    assert (
        "2026年11月23日14:00（北京时间）" if lang == "zh" else "23 November 2026, 06:00 UTC"
    ) in said
    assert (
        "重建，截至2026年8月12日" if lang == "zh" else "Reconstructed as of 12 August 2026"
    ) in said
    assert "Epoch AI" in said
    assert ("三项风险均未定级" if lang == "zh" else "Too little data today") in said
    assert ("覆盖67%" if lang == "zh" else "coverage 67%") in said


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_indicator_has_value_unit_source_date_threshold_basis_and_chart(lang: str) -> None:
    page = pages.site()[f"{lang}/indicators/S05.html"]
    said = text(page)
    assert ("5.2个月" if lang == "zh" else "5.2 months") in said
    assert ("2026年8月11日" if lang == "zh" else "11 August 2026") in said
    assert "Epoch AI" in said
    assert "CC BY 4.0" in said
    assert ("黄线≤6，红线≤3" if lang == "zh" else "yellow ≤ 6, red ≤ 3") in said
    assert ("公开依据" if lang == "zh" else "published") in said
    assert "3.6–8.0" in said
    assert "ab12ab12…ab12" in said
    assert page.count(b'<svg class="w"') == 1
    assert page.count(b'<svg class="n"') == 1


@pytest.mark.parametrize(
    ("lang", "reason"),
    [
        ("zh", "数据过期，最新观测2025-10-31；旧值不沿用"),
        ("en", "the data are stale, newest 2025-10-31"),
    ],
)
def test_missing_says_why_in_a_hatched_strip_and_never_shows_a_number(
    lang: str, reason: str
) -> None:
    root = tree(pages.documents()[f"alert.{lang}.html"])
    strips = [n.text_content() for n in nodes(root, "//td[@class='ms']/div[@class='miss']")]
    assert any(reason in strip for strip in strips)
    assert len(strips) == 2


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_alert_says_what_happened_what_to_do_and_how_sure(lang: str) -> None:
    said = text(pages.documents()[f"alert.{lang}.html"])
    assert ("预警〔2026〕3号" if lang == "zh" else "Alert 2026/3") in said
    assert ("去护栏模型增速（S01）为12.5%" if lang == "zh" else "(S01) stands at 12.5%") in said
    assert ("观测至2026年8月11日" if lang == "zh" else "observed to 11 August 2026") in said
    assert ("8月2日06:02前" if lang == "zh" else "by 1 Aug, 22:02") in said
    assert ("限24小时（自然时间）" if lang == "zh" else "within 24 hours (calendar time)") in said
    assert ("跨过阈值" if lang == "zh" else "it crosses a threshold") in said
    assert ("内部" if lang == "zh" else "Internal") in said
    assert "One A indicator is thin." in said


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_public_alert_leaves_out_people_agenda_and_marking(lang: str) -> None:
    said = text(pages.documents()[f"alert-public.{lang}.html"])
    assert ("5.2个月" if lang == "zh" else "5.2 months") in said
    assert ("会商材料" if lang == "zh" else "Joint-meeting pack") not in said
    assert "One A indicator is thin." not in said
    assert ("内部" if lang == "zh" else "Internal") not in said


def test_an_exercise_is_marked_in_both_languages() -> None:
    assert "内部 · 演练" in text(pages.documents()["pack.zh.html"])
    assert "Internal · Exercise" in text(pages.documents()["pack.en.html"])
    assert "演练〔2026〕3号" in text(pages.documents()["pack.zh.html"])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_annual_report_has_every_chapter(lang: str) -> None:
    page = pages.documents()[f"annual.{lang}.html"]
    root = tree(page)
    said = text(page)
    assert ("5.2个月" if lang == "zh" else "5.2 months") in said
    assert "2026-08-11" in said
    assert "Epoch AI" in said
    wanted = ["summary", "levels", "misuse", "spillover", "backdoor", "international", "pendulum",
              "events", "responses", "scorecard", "quality", "method", "sheets", "register",
              "glossary", "changes"]  # fmt: skip
    assert [s.get("id") for s in nodes(root, "//main/section")] == wanted
    assert ("可评事件2起，报出1起，漏报1起" if lang == "zh" else "1 caught, 1 missed") in said
    assert "One A indicator is thin." in said
    assert ("重建" if lang == "zh" else "Reconstructed") in said


def test_an_annual_report_without_its_optional_chapters_says_so_in_words() -> None:
    bare = dataclasses.replace(
        sample.annual(), comparisons=(), pendulum=(), diffusion=(), events=(), counts=(),
        scorecard=None, alerts=(), transitions=(),
    )  # fmt: skip
    said = text(render_annual(bare, "zh"))
    for words in ("没有取得分法域的发布", "没有取得钟摆所需", "回测没有结果", "没有取得本年的事件"):
        assert words in said


@pytest.mark.parametrize("name", ALL)
def test_a_page_asks_for_nothing_outside_and_its_policy_holds(name: str) -> None:
    page = pages.every()[name].decode()
    root = tree(pages.every()[name])
    assert not nodes(root, "//link|//img|//iframe|//object|//script[@src]|//*[@style]")
    assert not strings(root, "//@*[starts-with(name(), 'on')]")
    assert "@import" not in page
    policy = strings(root, "//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        for body in re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL):
            digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
            assert f"{tag}-src 'sha256-{digest}'" in policy


@pytest.mark.parametrize("name", ALL)
def test_a_page_has_one_h1_no_skipped_heading_and_its_language(name: str) -> None:
    root = tree(pages.every()[name])
    assert root.get("lang") == ("en" if name.startswith("en/") or ".en." in name else "zh-CN")
    levels = [int(n.tag[1]) for n in nodes(root, "//h1|//h2|//h3|//h4")]
    assert levels.count(1) == 1
    seen = 0
    for level in levels:
        assert level <= seen + 1, (name, levels)
        seen = level
    for drawing in nodes(root, "//svg[@role='img']"):
        assert drawing.get("aria-label")


@pytest.mark.parametrize("name", [n for n in ALL if n.startswith("zh/") or ".zh." in n])
def test_chinese_has_no_blank_beside_han_and_no_half_width_comma(name: str) -> None:
    root = tree(pages.every()[name])
    for node in nodes(root, "//p|//li|//h1|//h2|//h3|//dd|//dt|//figcaption"):
        for said in strings(node, "text()"):
            assert not re.search(r"[\u4e00-\u9fff] +[\u4e00-\u9fff]", said), said
            assert not re.search(r"[\u4e00-\u9fff][,;:?!]", said), said


def test_every_link_inside_the_tree_leads_somewhere() -> None:
    known = {**pages.site(), "alerts.atom": b"", "zh/alerts.atom": b"",
             "zh/reports/annual-2025.html": b"",
            "zh/reports/annual-2026.html": b"", "zh/reports/annual-2025.json": b"",
            "zh/reports/annual-2026.json": b""}  # fmt: skip
    known |= {k.replace("zh/", "en/", 1): v for k, v in known.items()}
    for path, page in pages.site().items():
        if not path.endswith(".html"):
            continue
        for href in strings(tree(page), "//a/@href"):
            if href.startswith(("http", "#")):
                continue
            parts = path.split("/")[:-1]
            for piece in href.split("#")[0].split("/"):
                if piece == "..":
                    parts.pop()
                else:
                    parts.append(piece)
            assert "/".join(parts) in known, (path, href)


def hostile_profile(known: Profile, evil: str) -> Profile:
    """Return a family or publisher whose every word tries to leave its place."""
    return dataclasses.replace(
        known, name=evil, organisations=(evil,), families=(evil,), jurisdictions=(evil,),
        accounts=tuple(
            dataclasses.replace(a, account=evil, organisation=evil, hub=evil, source=evil,
                                url=f"javascript:{evil}")
            for a in known.accounts
        ),
        releases=tuple(
            dataclasses.replace(r, model=evil, licence=evil, source=evil, url=f"data:{evil}")
            for r in known.releases
        ),
        scores=tuple(dataclasses.replace(s, model=evil) for s in known.scores),
    )  # fmt: skip


def hostile() -> SiteView:
    """Return a site whose names try to leave their place."""
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
    view = sample.site()
    alert = dataclasses.replace(
        sample.alert(),
        transition=dataclasses.replace(sample.transition(), because=Words(zh=evil, en=evil)),
    )
    return dataclasses.replace(
        view,
        alerts=(alert,),
        transitions=(alert.transition,),
        sources=tuple(dataclasses.replace(s, title=evil, error=evil) for s in view.sources),
        diffusion=(DiffusionRow(evil, evil, None, "unknown", None, None, None, (evil,)),),
        families=(hostile_profile(sample_profiles.family(), evil),),
        publishers=(hostile_profile(sample_profiles.publisher(), evil),),
    )


def test_hostile_names_stay_text() -> None:
    for path, page in render_all(hostile()).items():
        if not path.endswith(".html"):
            continue
        root = tree(page)
        assert not nodes(root, "//img"), path
        assert not [s for s in nodes(root, "//script") if "alert(1)" in s.text_content()], path
        assert not nodes(root, "//*[@onerror]"), path


def vast(known: Profile) -> Profile:
    """Return a family as large as a source could make it on its page."""
    months = tuple(ReleaseMonth(date(2022 + n // 12, n % 12 + 1, 1), n, n, n) for n in range(60))
    return dataclasses.replace(
        known, releases=known.releases * 20, accounts=known.accounts * 50, months=months,
        downloads=known.downloads * 180, scores=known.scores * 100, events=known.events * 500,
        licences=known.licences * 500, diffusion=known.diffusion * 500,
    )  # fmt: skip


def test_a_catalogue_of_three_million_models_still_makes_small_pages() -> None:
    family, little = vast(sample_profiles.family()), sample_profiles.publisher()
    many = [
        dataclasses.replace(little, kind=ProfileKind.FAMILY, name=f"family {n}") for n in range(999)
    ]
    row = DiffusionRow("model", "organisation", date(2026, 1, 1), "unknown", None, None, None)
    view = dataclasses.replace(
        sample.site(),
        families=(family, *many),
        publishers=(vast(sample_profiles.publisher()),),
        diffusion=(row,) * 20_000,
    )
    long = tuple(HistoryPoint(date.fromordinal(730000 + n), n % 97) for n in range(4000))
    now = dataclasses.replace(
        view.now,
        risks=tuple(
            dataclasses.replace(
                r, indicators=tuple(dataclasses.replace(i, history=long) for i in r.indicators)
            )
            for r in view.now.risks
        ),
    )
    site = render_all(dataclasses.replace(view, now=now))
    for path, page in site.items():
        assert len(page) < 2_000_000, path
    assert sum(path.startswith("zh/families/") for path in site) == PAGES


def test_internal_trees_bear_the_marking_and_public_ones_do_not() -> None:
    internal = render_all(sample.site(Audience.INTERNAL))
    assert '<p class="marking">内部</p>' in internal["zh/index.html"].decode()
    assert '<p class="marking">' not in pages.site()["zh/index.html"].decode()


def test_the_same_view_gives_the_same_bytes() -> None:
    again = render_alert(sample.alert(), "zh", Audience.INTERNAL)
    assert again == pages.documents()["alert.zh.html"]


def test_bodies_drawn_once_tell_each_audience_what_it_would_be_told_alone() -> None:
    bodies: Bodies = {}
    for audience in Audience:
        assert render_all(sample.site(audience), bodies) == render_all(sample.site(audience))
    assert {p.split("/")[1] for p in bodies} == {"indicators", "families", "publishers"}
    assert not [p for p, body in bodies.items() if "内部" in body or "Internal" in body]


def test_alerts_told_earlier_are_listed_with_their_state() -> None:
    line = AlertLine(
        "2026-2", 2026, 2, Risk.BACKDOOR, Level.YELLOW, Level.RED,
        datetime(2026, 6, 2, 4, 0, tzinfo=UTC), acknowledged_at=datetime(2026, 6, 2, 5, tzinfo=UTC),
    )  # fmt: skip
    drill = dataclasses.replace(line, id="X2026-1", number=1, exercise=True)
    view = dataclasses.replace(sample.site(), alerts=(), alert_lines=(line, drill))
    pages_ = render_all(view)
    said = text(pages_["zh/alerts/index.html"])
    assert "预警〔2026〕2号" in said
    assert "2026-06-02 13:00（北京时间）确认" in said
    assert "域外模型的后门风险" in said
    assert "演练〔2026〕1号" not in said
    inside = render_all(dataclasses.replace(view, audience=Audience.INTERNAL))
    assert "演练〔2026〕1号" in text(inside["zh/alerts/index.html"])
    assert "2026-2.html" in pages_["en/search.html"].decode()


def test_rows_behind_a_value_say_what_they_are_in_the_language_of_the_page() -> None:
    rows = {
        lang: [
            " ".join(n.text_content().split())
            for n in nodes(tree(pages.site()[f"{lang}/indicators/S05.html"]), "//div[@class='row']")
        ]
        for lang in ("zh", "en")
    }
    assert rows["zh"][0].startswith(
        "能力评分 · Epoch能力指数（ECI） · Kimi K3：157.01 · 2026-08-11"
    )
    assert rows["en"][0].startswith("capability score · Epoch Capabilities Index · Kimi K3: 157.01")
    assert rows["zh"][1].startswith("事件 · 1201 · 原题：Guardrails fall again · 2026-07-02")
    assert rows["en"][1].startswith("incident · 1201 · Guardrails fall again · 2026-07-02")
    assert "Epoch公布的开闭源时间差距：4个月" in rows["zh"][2]
    titled = nodes(tree(pages.site()["zh/indicators/S05.html"]), "//cite")
    assert [(n.get("lang"), n.text_content()) for n in titled][:1] == [
        ("en", "Guardrails fall again")
    ]


def test_every_row_of_ours_has_a_title_in_both_languages() -> None:
    titles = baseline.titles()
    ours = {("figures", str(r["figure_id"])) for r in baseline.rows("figures")}
    ours |= {("evidence", str(r["evidence_id"])) for r in baseline.rows("evidence")}
    assert set(titles) == ours
    assert all(zh and en and zh != en for zh, en in titles.values())
    assert all(r["title"] and r["title_zh"] for r in baseline.rows("policy_events"))


def test_an_earlier_vintage_is_drawn_tabled_and_told() -> None:
    page = tree(pages.site()["en/indicators/S05.html"])
    told = " ".join(nodes(page, "//div[@class='note']")[0].text_content().split())
    assert "by what was known on 19 December 2025" in told
    heads = [n.text_content() for n in nodes(page, "//figure//thead//th")]
    assert "as known on 2025-12-19" in heads
    assert "Dec 2025" in "".join(
        n.text_content() for n in nodes(page, "//figure//*[name()='text']")
    )
