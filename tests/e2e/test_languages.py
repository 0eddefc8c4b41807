"""The page in Chinese: chosen by the browser, by the switch, complete, and accessible; a report's frame is in
the report's language."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.conftest import PATIENCE, TEXTS, TOPIC
from e2e.site import Site, until
from e2e.stage import FAILING

Check = Callable[[Page], None]
WIDTHS = [pytest.param(1440, id="wide"), pytest.param(390, id="phone")]
TITLES = {title: title for title in TEXTS}
ENGLISH = re.compile(
    r"\b(the|and|of|is|are|out of date|rerun|done|failed|running|report|source|step)\b", re.IGNORECASE
)


@pytest.fixture(scope="module")
def chinese(site: Site) -> str:
    """A session of a Chinese report, a step of which failed."""
    texts = {
        "潮汐": "海湾的潮汐在大潮时上升四米。潮汐每年磨损桥墩两厘米。",
        "大桥": "大桥造价九百万欧元。工程师说潮汐每年磨损桥墩五厘米。",
    }
    session = site.finished("潮汐对大桥有什么影响？", texts, language="zh")[1]
    site.rerun_alone(session, {1: FAILING})
    return session


@pytest.fixture
def speaking(browser: Browser, site: Site) -> Iterator[Callable[[str, int], Page]]:
    """A page of a browser that wants Chinese."""
    contexts = []

    def opener(path: str, width: int) -> Page:
        context = browser.new_context(
            base_url=site.url,
            viewport={"width": width, "height": 900},
            locale="zh-CN",
            color_scheme="light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.goto(path)
        page.locator("h1").first.wait_for()
        return page

    yield opener
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_speaks_chinese_where_the_browser_does(
    speaking: Callable[[str, int], Page], accessible: Check, chinese: str, width: int
) -> None:
    parts = ("", "/sources", "/goals", "/plan", "/steps/1", "/report", "/timeline")
    for path in (
        "/",
        "/app/batches",
        "/app/workers",
        "/app/help",
        *(f"/app/sessions/{chinese}{part}" for part in parts),
    ):
        page = speaking(path, width)
        expect(page.locator("html")).to_have_attribute("lang", "zh")
        expect(page.locator("main [aria-busy=true]")).to_have_count(0)
        shown = page.evaluate(
            """() => {
              const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (node) =>
                node.parentElement.closest('[lang=en], script, select.language, .batch-topic, code, .worker')
                  || node.parentElement.checkVisibility() === false
                    ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
              const found = [];
              while (walker.nextNode()) found.push(walker.currentNode.data);
              return found.filter((text) => text.trim());
            }"""
        )
        english = [
            text for text in shown if ENGLISH.search(text) and not re.search(r"\bstale\b|REPRISE_", text)
        ]
        assert path == "/app/batches" or english == [], path
        accessible(page)


def test_the_switch_is_remembered_and_a_report_keeps_its_own_frame(
    open_page: Callable[..., Page], accessible: Check, site: Site, chinese: str
) -> None:
    page = open_page(f"/app/sessions/{chinese}/report")
    expect(page.get_by_role("navigation", name="目录")).to_be_visible()
    expect(page.locator("article")).to_have_attribute("lang", re.compile("^zh"))
    expect(page.get_by_role("button", name="Download")).to_be_visible()
    page.get_by_label("Language", exact=True).select_option("中文")
    expect(page.get_by_role("button", name="下载")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="下载")).to_be_visible()
    page.get_by_label("语言", exact=True).select_option("English")
    expect(page.get_by_role("button", name="Download")).to_be_visible()
    english = site.finished(TOPIC, TEXTS)[1]
    page.goto(f"/app/sessions/{english}/report")
    expect(page.get_by_role("navigation", name="Contents")).to_be_visible()


def test_warnings_and_problems_of_the_server_are_said_in_chinese(
    speaking: Callable[[str, int], Page], accessible: Check, site: Site, chinese: str
) -> None:
    """By their codes: a preview that warns, a command that is refused, what came out in numbers."""
    page = speaking(f"/app/sessions/{chinese}/steps", 1440)
    expect(page.locator(".step-headline").filter(has_text=re.compile(r"\d+ 条发现")).first).to_be_visible()
    page.goto(f"/app/sessions/{chinese}/report")
    page.get_by_role("button", name="重新运行：报告", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_have_text(
        "报告无法运行：步骤 1失败。请先运行它，更新会话，或允许部分报告：报告将采用最近一次可用的结果。"
    )
    accessible(page)
    page.keyboard.press("Escape")
    other = site.start("潮汐对桥墩有什么影响？", TEXTS, language="zh")[1]
    site.at_rest(other)
    site.rerun_alone(other, {1: "Only what the engineers say."})
    page.goto(f"/app/sessions/{other}")
    until(lambda: site.state(other)["nodes"]["phase4"]["freshness"] == "stale")
    stale = next(
        node
        for node, view in site.state(other)["nodes"].items()
        if node.startswith("phase3/") and view["freshness"] == "stale"
    )
    page.get_by_role("button", name="重新运行：报告", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text(f"步骤 {stale.partition('/')[2]}已过时，本次不运行。")
    accessible(page)
