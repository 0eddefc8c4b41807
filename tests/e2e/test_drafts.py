"""What is typed and not sent is there again: on another tab of the page, after a reload, after a crash of the
browser's page."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site

Open = Callable[..., Page]
Check = Callable[[Page], None]
KEPT = "Kept in this browser"
BACK = "was brought back"


def written(page: Page) -> None:
    """Until the page says that it has kept what is there: a crash before that has nothing to bring back."""
    expect(
        page.locator(".draft-note[aria-busy=false]").filter(has_text=re.compile(f"{KEPT}|{BACK}"))
    ).to_be_visible()


@pytest.fixture(scope="module")
def session(site: Site) -> str:
    return site.finished(TOPIC, TEXTS)[1]


def test_new_research_survives_tabs_reload_and_crash_with_its_files_and_texts(
    open_page: Open, accessible: Check, textfiles: list[Path]
) -> None:
    page = open_page("/")
    page.get_by_label("Question").fill("Who pays for the bridge?")
    page.get_by_label("Files to add").set_input_files(textfiles[:2])
    page.get_by_role("button", name="Paste a text").click()
    page.get_by_label("Text 1", exact=True).fill("The toll is two euros.")
    expect(page.get_by_text("3 sources in all: 2 files and 1 text.")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text=KEPT)).to_be_visible()
    page.get_by_role("link", name="Help").click()
    page.get_by_role("link", name="New", exact=True).click()
    expect(page.get_by_label("Question")).to_have_value("Who pays for the bridge?")
    written(page)
    page.close(run_before_unload=False)
    page = open_page("/")
    expect(page.get_by_label("Question")).to_have_value("Who pays for the bridge?")
    expect(page.get_by_label("Text 1", exact=True)).to_have_value("The toll is two euros.")
    expect(page.get_by_role("list", name="Files").get_by_role("listitem")).to_have_count(2)
    expect(page.get_by_role("status").filter(has_text=BACK)).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Start the research").click()
    page.get_by_role("heading", level=1, name="Who pays for the bridge?").wait_for()
    page.get_by_role("link", name="New", exact=True).click()
    expect(page.get_by_label("Question")).to_have_value("")
    expect(page.get_by_role("list", name="Files")).to_have_count(0)


def test_leaving_asks_while_something_is_not_sent(open_page: Open) -> None:
    page = open_page("/")
    page.get_by_label("Question").press_sequentially("What")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.evaluate("location.reload()")
    expect(page.get_by_label("Question")).to_have_value("What")
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Start over").click()
    expect(page.get_by_label("Question")).to_have_value("")
    asked.clear()
    page.reload()
    assert asked == []


def test_a_plan_that_is_edited_survives_and_is_given_up_only_on_purpose(
    open_page: Open, accessible: Check, session: str
) -> None:
    page = open_page(f"/app/sessions/{session}/plan")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("button", name=re.compile("^Edit Step 1 ")).click()
    page.get_by_label("Title").fill("What it costs the county")
    page.get_by_role("link", name="Goals", exact=True).click()
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("Question").first.fill("Who doubts it?")
    written(page)
    page.get_by_role("link", name="Plan", exact=True).click()
    expect(page.get_by_role("button", name="Edit Step 1 What it costs the county")).to_be_visible()
    written(page)
    page.reload()
    expect(page.get_by_role("button", name="Edit Step 1 What it costs the county")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text=BACK)).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_visible()
    page.get_by_role("link", name="Goals", exact=True).click()
    expect(page.get_by_label("Question").first).to_have_value("Who doubts it?")
    page.get_by_role("button", name="Discard").click()
    page.reload()
    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_visible()


def test_guidance_that_was_typed_is_there_when_the_dialog_opens_again(open_page: Open, session: str) -> None:
    page = open_page(f"/app/sessions/{session}")
    opener = page.get_by_role("button", name="Rerun: step 1", exact=True)
    opener.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Guidance").fill("Look at the county's figures.")
    written(page)
    dialog.get_by_role("button", name="Not now").click()
    page.reload()
    opener.click()
    expect(dialog.get_by_label("Guidance")).to_have_value("Look at the county's figures.")
    dialog.get_by_role("button", name="Start over").click()
    expect(dialog.get_by_label("Guidance")).to_have_value("")
