"""The reading room: the report begins on the first screen, its passages open beside it, and links arrive
where they point."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site, until
from e2e.stage import ANEW

Open = Callable[..., Page]
Check = Callable[[Page], None]
SCREENS = [pytest.param(1440, 900, id="wide"), pytest.param(390, 844, id="phone")]


@pytest.fixture(scope="module")
def session(site: Site) -> str:
    return site.finished(TOPIC, TEXTS)[1]


@pytest.fixture(scope="module")
def stale(site: Site) -> str:
    """Step 1 says more than the report knows, and a source was replaced since."""
    batch, session = site.finished(TOPIC, TEXTS)
    site.rerun_alone(session, {1: ANEW})
    source = site.http.get(f"/batches/{batch}/sources").raise_for_status().json()["sources"][0]
    body = {"title": "Field notes", "text": "The tide rises five metres at springs."}
    site.http.put(f"/batches/{batch}/sources/{source['source_id']}", json=body).raise_for_status()
    return session


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_the_first_sentence_is_on_the_first_screen(
    open_page: Open, session: str, stale: str, width: int, height: int
) -> None:
    for one in (session, stale):
        page = open_page(f"/app/sessions/{one}/report", width=width, height=height)
        first = page.locator("article.prose p").first
        expect(first).to_be_visible()
        box = first.bounding_box()
        assert box
        assert box["y"] + 24 < height, "its first line is in sight"
        assert page.locator("header.session-head h1").bounding_box()["height"] < 32  # type: ignore[index]


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_passages_open_beside_the_report_one_after_the_other(
    open_page: Open, accessible: Check, session: str, width: int, height: int
) -> None:
    page = open_page(f"/app/sessions/{session}/report", width=width, height=height)
    cites = page.get_by_role("button", name=re.compile(r"Source \d+: show the passage"))
    cites.first.hover()
    expect(page.get_by_role("tooltip")).to_contain_text(re.compile("The (tide|bridge|harbour)"))
    claim = cites.first.evaluate("(mark) => mark.closest('p, li').firstChild.textContent")
    cites.first.click()
    panel = page.get_by_role("complementary", name="The passage in its source")
    expect(panel.locator(".claim")).to_contain_text(claim.strip()[:40])
    expect(panel.locator("mark.asked")).to_be_in_viewport()
    accessible(page)
    panel.get_by_role("button", name="Next").click()
    expect(panel).to_contain_text("Passage 2 of")
    expect(cites.nth(1)).to_be_in_viewport()
    panel.get_by_role("button", name="Previous").click()
    expect(panel).to_contain_text("Passage 1 of")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_links_to_sections_and_sentences_arrive_even_at_an_outdated_report(
    open_page: Open, stale: str, site: Site, width: int, height: int
) -> None:
    report = site.http.get(f"/sessions/{stale}/artifacts/phase4").raise_for_status().json()
    section = report["sections"][-1]["section_id"]
    page = open_page(f"/app/sessions/{stale}/report#{section}", width=width, height=height)
    expect(page.locator(f"[id='{section}']")).to_be_in_viewport()
    bar = page.get_by_role("region", name="How it stands").bounding_box()
    title = page.locator(f"[id='{section}'] > h3")
    assert bar
    assert title.bounding_box()["y"] >= bar["y"] + bar["height"] - 1  # type: ignore[index]
    cite = page.locator("article .cite").last
    cite.click()
    panel = page.get_by_role("complementary", name="The passage in its source")
    address = panel.get_by_role("link", name="Link to this sentence").get_attribute("href")
    words = panel.locator(".claim .serif").inner_text()
    page = open_page(f"/app/sessions/{stale}/report{address}", width=width, height=height)
    page.wait_for_function("() => CSS.highlights.has('arrived')")
    marked = page.evaluate("[...CSS.highlights.get('arrived')].map(String).join(' ')")
    assert " ".join(marked.split()) in " ".join(words.split())
    inside = (
        "() => { const b = [...CSS.highlights.get('arrived')][0].getBoundingClientRect(); return "
        "b.top > 0 && b.bottom < innerHeight }"
    )
    page.wait_for_function(inside)


def test_the_contents_follow_and_words_are_found(open_page: Open, accessible: Check, session: str) -> None:
    page = open_page(f"/app/sessions/{session}/report", width=1440)
    contents = page.get_by_role("navigation", name="Contents")
    contents.get_by_role("link", name="References").click()
    expect(contents.get_by_role("link", name="References")).to_have_attribute("aria-current", "location")
    page.keyboard.press("Escape")
    page.locator("h2").first.click()
    page.keyboard.press("/")
    field = page.get_by_role("searchbox", name="Search in the report")
    expect(field).to_be_focused()
    field.fill("bridge")
    expect(page.get_by_role("status").filter(has_text=re.compile(r"1 of \d\d"))).to_be_visible()
    field.press("Enter")
    expect(page.get_by_role("status").filter(has_text=re.compile(r"2 of \d\d"))).to_be_visible()
    accessible(page)
    field.fill("xylophone")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    field.press("Escape")
    expect(page.get_by_role("button", name="Find", exact=True)).to_be_focused()


def test_what_changed_since_the_report_before_is_marked_where_it_stands(open_page: Open, site: Site) -> None:
    batch, session = site.finished(TOPIC, TEXTS)
    bridge = next(
        one
        for one in site.http.get(f"/batches/{batch}/sources").json()["sources"]
        if one["title"] == "The bridge"
    )
    body = {"title": "The bridge", "text": TEXTS["The bridge"].replace("nine million", "eleven million")}
    site.http.put(f"/batches/{batch}/sources/{bridge['source_id']}", json=body).raise_for_status()
    site.http.post("/workflow/refresh", json={"session_id": session}).raise_for_status()
    until(lambda: site.state(session)["nodes"]["phase4"]["artifact"]["generation"] == 2)
    page = open_page(f"/app/sessions/{session}/report", width=1440)
    changed = page.locator("article section.changed")
    expect(changed.first).to_contain_text("since the report before")
    assert changed.count() < page.locator("article > section").count()


def test_on_paper_stands_the_report_alone(open_page: Open, session: str) -> None:
    page = open_page(f"/app/sessions/{session}/report")
    page.emulate_media(media="print")
    expect(page.get_by_role("article")).to_be_visible()
    for other in (
        page.get_by_role("region", name="How it stands"),
        page.get_by_role("navigation").first,
        page.get_by_role("toolbar"),
    ):
        expect(other).to_be_hidden()
    page.close()  # paper is another layout, and no jump
