"""Five tasks that someone does who has never seen Reprise, guided only by what the pages say; each answer is
read off the page."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import pages
from e2e.stage import ANEW


@pytest.fixture
def links(tmp_path: Path) -> Iterator[list[str]]:
    """Three pages of a slow site, so that there is something to watch."""
    for title, text in TEXTS.items():
        name = title.lower().replace(" ", "-")
        (tmp_path / f"{name}.html").write_text(
            f"<html><title>{title}</title><article><p>{text}</p></article></html>"
        )
    with pages(tmp_path, seconds=2.0) as address:
        yield [f"{address}/{file.name}" for file in sorted(tmp_path.glob("*.html"))]


def test_five_tasks_of_a_newcomer(
    open_page: Callable[..., Page], accessible: Callable[[Page], None], links: list[str]
) -> None:
    page = open_page("/")
    start_research_on_three_links(page, links)
    accessible(page)
    say_what_is_going_on_now(page)
    rerun_a_step(page)
    say_what_became_stale_and_why(page, accessible)
    bring_it_up_to_date_and_read_the_report(page)


def stands(page: Page) -> "Callable[[str | re.Pattern[str]], None]":
    panel = page.get_by_role("region", name="How it stands")
    return lambda words: expect(panel).to_contain_text(words)


def start_research_on_three_links(page: Page, links: list[str]) -> None:
    page.get_by_label("Question").fill(TOPIC)
    page.get_by_label("Web addresses").fill("\n".join(links))
    expect(page.get_by_text("3 addresses", exact=True)).to_be_visible()
    page.get_by_role("button", name="Start the research").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TOPIC)


def say_what_is_going_on_now(page: Page) -> None:
    """In words, with what is done, what is at work and what is still to come; nothing is offered that makes
    no sense yet."""
    now = stands(page)
    now("Running")
    now("Reading and summarising the sources")
    path = page.get_by_role("list", name="Phases").get_by_role("listitem")
    expect(path.nth(0)).to_contain_text("Running")
    expect(path.nth(4)).to_contain_text("Not run yet")
    expect(path.nth(4).get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("region", name="Sources")).to_contain_text("the-tide.html")
    now("Everything is up to date")


def rerun_a_step(page: Page) -> None:
    page.get_by_role("article", name=re.compile("^1 ")).get_by_role("button", name="Rerun: step 1").click()
    dialog = page.get_by_role("dialog", name="Rerun step 1")
    dialog.get_by_label("Guidance").fill(ANEW)
    dialog.get_by_role("radio", name="Only this").check()
    foretold = dialog.get_by_role("region", name="What will happen")
    expect(foretold).to_contain_text(
        re.compile("Runs.*Step 1.*Out of date.*Report.*Kept.*Sources", re.DOTALL)
    )
    dialog.get_by_role("button", name="Rerun", exact=True).click()
    expect(page.get_by_role("status", name="Commands")).to_contain_text("Rerun of step 1: done")


def say_what_became_stale_and_why(page: Page, accessible: Callable[[Page], None]) -> None:
    now = stands(page)
    now(re.compile(r"Out of date: step \d.* and report"))
    now(re.compile("Step 1 “.+” has changed"))
    page.get_by_role("button", name="Why?").click()
    why = page.get_by_role("dialog", name="Why is it out of date?")
    entry = why.get_by_role("listitem").filter(has=page.get_by_role("link", name="Report")).first
    expect(entry).to_contain_text(re.compile(r"Step 1 “.+” has changed \d\d:\d\d → \d parts?"))
    accessible(page)
    page.keyboard.press("Escape")
    path = page.get_by_role("list", name="Phases").get_by_role("listitem")
    expect(path.nth(4)).to_contain_text("Out of date")
    expect(path.nth(0)).not_to_contain_text("Out of date")


def bring_it_up_to_date_and_read_the_report(page: Page) -> None:
    page.get_by_role("button", name="Update: whatever is out of date").click()
    dialog = page.get_by_role("dialog", name="Update")
    expect(dialog.get_by_role("region", name="What will happen")).to_contain_text(
        re.compile(r"Runs.*Step \d", re.DOTALL)
    )
    dialog.get_by_role("button", name="Update", exact=True).click()
    stands(page)("Everything is up to date")
    page.get_by_role("link", name="Read the report").click()
    report = page.get_by_role("article")
    expect(report).to_contain_text("The bridge over the bay cost nine million euros")
    expect(report).not_to_contain_text("Out of date")
    expect(page.get_by_role("complementary", name="What changed")).to_contain_text("Step 1 has changed")
