"""Sources as a person handles them: dropped, refused, replaced, removed; and what each of that makes of what
is there."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site, pages

Open = Callable[..., Page]
Check = Callable[[Page], None]


@pytest.fixture
def session(site: Site) -> str:
    return site.finished(TOPIC, TEXTS)[1]


def drop(page: Page, files: list[Path], on: Locator) -> None:
    """As the desktop does it: the browser itself reads the files and makes the `DataTransfer`."""
    on.scroll_into_view_if_needed()
    box = on.bounding_box()
    assert box
    held = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
    line = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        line.send("Input.dispatchDragEvent", {"type": kind, "data": held, **place})
    line.detach()


def test_files_of_several_kinds_are_dropped_and_researched(
    open_page: Open, accessible: Check, site: Site, tmp_path: Path
) -> None:
    """On the field, and beside it: a near miss is no miss. What cannot be read is said beside the field and
    stays behind."""
    (tmp_path / "tide.txt").write_text(TEXTS["The tide"])
    (tmp_path / "bridge.html").write_text(
        f"<html><title>The bridge</title><article><p>{TEXTS['The bridge']}</p></article></html>"
    )
    (tmp_path / "ferry.md").write_text(
        "# The ferry\n\nThe ferry carries 900 people a day. The tide stops it twice a month.\n"
    )
    word = docx.Document()
    word.add_paragraph(TEXTS["The harbour"])
    word.save(str(tmp_path / "harbour.docx"))
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "disk.iso").write_bytes(bytes(100))
    (tmp_path / "nothing.txt").write_text("")
    with (tmp_path / "long.txt").open("wb") as long:
        long.truncate(site.http.get("/config").raise_for_status().json()["limits"]["upload_bytes"] + 1)
    (tmp_path / "folder").mkdir()
    page = open_page("/")
    page.get_by_label("Question").fill(TOPIC)
    drop(
        page,
        [tmp_path / "tide.txt", tmp_path / "photo.png", tmp_path / "bridge.html"],
        page.get_by_label("Web addresses"),
    )
    held = page.get_by_role("list", name="Files", exact=True)
    left = page.get_by_role("list", name="Files that were left out")
    expect(held.get_by_role("listitem")).to_have_text([re.compile("tide.txt"), re.compile("bridge.html")])
    expect(left).to_contain_text("“photo.png” is an image")
    unread = [tmp_path / name for name in ("disk.iso", "nothing.txt", "long.txt", "folder")]
    drop(page, [*unread, tmp_path / "tide.txt"], page.get_by_role("heading", level=1))
    expect(left.get_by_role("listitem")).to_have_text(
        [
            re.compile("“disk.iso” is of a kind that cannot be read"),
            re.compile("“nothing.txt” is empty"),
            re.compile(r"“long.txt” has [\d.]+ MB; a file may have [\d.]+ MB"),
            re.compile("“folder” cannot be opened"),
        ]
    )
    accessible(page)
    expect(held.get_by_role("listitem")).to_have_count(2)
    drop(
        page,
        [tmp_path / "ferry.md", tmp_path / "harbour.docx"],
        page.get_by_role("button", name="Start the research"),
    )
    expect(left).to_have_count(0)
    expect(held.get_by_role("listitem")).to_have_count(4)
    page.get_by_role("button", name="Remove ferry.md").click()
    page.get_by_role("button", name="Start the research").click()
    expect(page).to_have_url(re.compile(r"/app/sessions/s-"))
    expect(page.get_by_role("region", name="How it stands")).to_contain_text("Everything is up to date")
    expect(page.get_by_role("listitem").filter(has_text="Prepare the sources")).to_contain_text("3 sources")


def stands(page: Page, words: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("region", name="How it stands")).to_contain_text(words)


def source(page: Page, name: str) -> Locator:
    """A source of the list, by its heading."""
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name, exact=True))


def says_why_and_is_brought_up_to_date(page: Page, why: str) -> None:
    """The panel says what changed, the dialog says it of the report; Update runs it."""
    stands(page, re.compile(rf"Out of date: sources, goals, plan, \d steps and report.*{why}", re.DOTALL))
    page.get_by_role("region", name="How it stands").get_by_role("button", name="Why?").click()
    dialog = page.get_by_role("dialog", name="Why is it out of date?")
    expect(dialog).to_contain_text(why)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Update: whatever is out of date").click()
    page.get_by_role("dialog").get_by_role("button", name="Update", exact=True).click()
    stands(page, "Everything is up to date")


def test_a_source_is_replaced_by_a_text_then_by_a_file_and_removed(
    open_page: Open, accessible: Check, site: Site, session: str, tmp_path: Path
) -> None:
    """Each time nothing runs; the session says what is out of date and why, and Update brings it along to the
    report."""
    page = open_page(f"/app/sessions/{session}/sources")
    page.get_by_role("button", name="Replace The harbour").click()
    dialog = page.get_by_role("dialog", name="Replace a source")
    replace = dialog.get_by_role("button", name="Replace", exact=True)
    expect(replace).to_be_disabled()
    dialog.get_by_label("Web address").fill("https://one.example\nhttps://two.example")
    expect(dialog.get_by_text("One source only, please.")).to_be_visible()
    expect(replace).to_be_disabled()
    dialog.get_by_label("Web address").fill("")
    dialog.get_by_role("button", name="Paste a text").click()
    dialog.get_by_label("Title of text 1").fill("The ferry")
    dialog.get_by_label("Text 1", exact=True).fill(
        "The ferry carries 900 people a day. The tide stops the ferry twice a month."
    )
    accessible(page)
    replace.click()
    expect(dialog).to_have_count(0)
    expect(source(page, "The ferry")).to_contain_text("Replaced, not read yet")
    expect(source(page, "The ferry")).not_to_contain_text("The harbour was built")
    accessible(page)
    says_why_and_is_brought_up_to_date(page, "was replaced")
    expect(source(page, "The ferry")).to_contain_text("900 people a day")

    (tmp_path / "lighthouse.txt").write_text(
        "The lighthouse warns of the tide. The lighthouse costs 80,000 euros a year."
    )
    page.get_by_role("button", name="Replace The ferry").click()
    drop(page, [tmp_path / "lighthouse.txt"], dialog.get_by_label("Web address"))
    expect(dialog.get_by_role("list", name="Files", exact=True)).to_contain_text("lighthouse.txt")
    replace.click()
    expect(source(page, "lighthouse.txt")).to_contain_text("Replaced, not read yet")
    says_why_and_is_brought_up_to_date(page, "was replaced")
    expect(page.get_by_text("80,000 euros a year").first).to_be_visible()

    page.get_by_role("button", name="Remove The tide").click()
    page.get_by_role("dialog", name="Remove a source").get_by_role(
        "button", name="Remove", exact=True
    ).click()
    expect(source(page, "The tide")).to_have_count(0)
    says_why_and_is_brought_up_to_date(page, "was removed")
    page.get_by_role("link", name="Read the report").click()
    references = page.get_by_role("region", name="References")
    expect(references).to_contain_text("lighthouse")
    expect(references).not_to_contain_text("The tide")
    expect(references).not_to_contain_text("The ferry")
    assert (
        len(
            site.http.get(f"/batches/{site.state(session)['batch_id']}/sources")
            .raise_for_status()
            .json()["sources"]
        )
        == 2
    )


def test_a_search_is_typed_kept_and_becomes_the_sources_that_it_finds(
    open_page: Open, accessible: Check, site: Site, tmp_path: Path
) -> None:
    """A SearXNG of the stage finds two pages; each is a source that says which search found it."""
    for name, title in (("tide", "The tide"), ("bridge", "The bridge")):
        (tmp_path / f"{name}.html").write_text(
            f"<html><title>{title}</title><article><p>{TEXTS[title]}</p></article></html>"
        )
    with pages(tmp_path, port=site.search_port) as address:
        found = [
            {"url": f"{address}/{name}.html", "title": name, "content": ""} for name in ("tide", "bridge")
        ]
        (tmp_path / "search").write_text(json.dumps({"results": found}))
        page = open_page("/")
        page.get_by_label("Question").fill(TOPIC)
        page.get_by_role("button", name="Search", exact=True).click()
        page.get_by_label("Words of search 1").fill("tide and bridge")
        page.get_by_label("Whom to ask").select_option("SearXNG: the web")
        expect(page.get_by_text("has to name the address of a SearXNG")).to_be_visible()
        page.get_by_label("Results at most").select_option("5")
        page.get_by_label("Only from these sites").fill("nowhere")
        expect(page.get_by_text("This is no site: nowhere")).to_be_visible()
        accessible(page)
        page.get_by_label("Only from these sites").fill("")
        expect(page.get_by_text("1 source in all: 1 search.")).to_be_visible()
        expect(page.locator(".draft-note[aria-busy=false]").filter(has_text="Kept")).to_be_visible()
        page.once("dialog", lambda dialog: dialog.accept())
        page.reload()
        expect(page.get_by_label("Words of search 1")).to_have_value("tide and bridge")
        page.get_by_role("button", name="Start the research").click()
        expect(page).to_have_url(re.compile(r"/app/sessions/s-"))
        stands(page, "Everything is up to date")
    page.get_by_role("link", name="Sources", exact=True).first.click()
    expect(source(page, "Search: tide and bridge")).to_contain_text("2 results of searxng.")
    for title in ("The tide", "The bridge"):
        expect(source(page, title)).to_contain_text("from “Search: tide and bridge”")
        expect(source(page, title).get_by_role("button", name=f"Replace {title}")).to_have_count(0)
    accessible(page)


def test_where_nothing_could_be_read_each_source_says_why(
    open_page: Open, accessible: Check, site: Site
) -> None:
    """On the overview and on the sources' page."""
    body = {"topic": TOPIC, "sources": [{"url": "http://127.0.0.1:9/nobody"}]}
    session = site.http.post("/batches", json=body).raise_for_status().json()["session_id"]
    site.at_rest(session)
    page = open_page(f"/app/sessions/{session}")
    stands(page, "Sources failed")
    expect(page.get_by_role("region", name="Sources").get_by_role("img", name="Failed")).to_be_visible()
    page.get_by_role("link", name="Sources", exact=True).first.click()
    expect(source(page, "http://127.0.0.1:9/nobody")).to_contain_text("Unreachable")
    accessible(page)


def test_sources_are_watched_and_each_says_how_often(
    open_page: Open, accessible: Check, site: Site, tmp_path: Path
) -> None:
    """For the whole batch, with what follows a change; a text has nobody to ask. And no longer."""
    (tmp_path / "tide.html").write_text(
        f"<html><title>The tide</title><article><p>{TEXTS['The tide']}</p></article></html>"
    )
    with pages(tmp_path) as address:
        body = {
            "topic": TOPIC,
            "sources": [
                {"url": f"{address}/tide.html"},
                {"title": "The bridge", "text": TEXTS["The bridge"]},
            ],
        }
        created = site.http.post("/batches", json=body).raise_for_status().json()
        site.at_rest(created["session_id"])
    page = open_page(f"/app/sessions/{created['session_id']}/sources")
    page.get_by_role("button", name="Watch", exact=True).click()
    dialog = page.get_by_role("dialog", name="Watch the sources")
    dialog.get_by_label("Look again").select_option("every day")
    dialog.get_by_role("checkbox", name="Update by itself").check()
    dialog.get_by_label("Tokens at most").fill("50,000")
    accessible(page)
    dialog.get_by_role("button", name="Watch", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(source(page, "The tide")).to_contain_text("looked at every day")
    expect(source(page, "The bridge")).not_to_contain_text("looked at")
    watch = site.http.get(f"/batches/{created['batch_id']}/watch").raise_for_status().json()["watch"]
    assert (watch["every"], watch["auto"], watch["max_tokens"]) == ("1d", "refresh", 50_000)
    accessible(page)
    page.get_by_role("button", name="Watch", exact=True).click()
    dialog.get_by_label("Look again").select_option("Never")
    dialog.get_by_role("button", name="Stop watching", exact=True).click()
    expect(source(page, "The tide")).not_to_contain_text("looked at")
