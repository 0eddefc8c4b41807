"""Every page and state that stays: no violation of accessibility, no jump, light and dark, on a phone and on
a wide screen."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site
from e2e.stage import FAILING

Open = Callable[..., Page]
Check = Callable[[Page], None]
WIDTHS = [pytest.param(1440, id="wide"), pytest.param(390, id="phone")]
PARTS = {
    "": "What does the tide",
    "/sources": "Abstract",
    "/goals": "What do",
    "/plan": "Synthesized goal",
    "/steps/1": "confidence",
    "/report": "References",
    "/timeline": "is done",
}
"""What stands on each page of a session when it is all there."""


@pytest.fixture(scope="module")
def finished(site: Site) -> tuple[str, str]:
    return site.finished(TOPIC, TEXTS)


@pytest.fixture(scope="module")
def troubled(site: Site) -> tuple[str, str]:
    """Step 1 failed, step 2 was rerun alone, so that the report is out of date."""
    batch_id, session_id = site.finished(TOPIC, TEXTS)
    site.rerun_alone(session_id, {2: "Only what the county says.", 1: FAILING})
    return batch_id, session_id


def calm(page: Page, words: str = "") -> None:
    expect(page.locator("main")).to_contain_text(words)
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_without_a_session(
    open_page: Open, accessible: Check, finished: tuple[str, str], width: int
) -> None:
    for path in ("/", "/app/batches", "/app/workers", "/app/help", "/app/none", "/app/sessions/none"):
        page = open_page(path, width=width)
        calm(page)
        accessible(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_finished_session(
    open_page: Open, accessible: Check, finished: tuple[str, str], width: int
) -> None:
    for part, words in PARTS.items():
        page = open_page(f"/app/sessions/{finished[1]}{part}", width=width)
        calm(page, words)
        accessible(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_session_with_a_failed_step_and_an_outdated_report(
    open_page: Open, accessible: Check, troubled: tuple[str, str], width: int
) -> None:
    for part in ("", "/steps/1", "/steps/2", "/report"):
        page = open_page(f"/app/sessions/{troubled[1]}{part}", width=width)
        calm(page)
        accessible(page)
        expect(page.get_by_role("region", name="How it stands")).to_contain_text("Step 1 failed")


DIALOGS = {
    "": ("Rerun: sources", "Rerun: step 2", "Why?", "New session on these sources", "End the batch"),
    "/sources": ("Add sources", "Replace The tide", "Remove The tide", "Read The tide"),
    "/report": ("Accept: report", "Download"),
}
"""What opens on each page of a session."""


@pytest.mark.parametrize("width", WIDTHS)
def test_dialogs(open_page: Open, accessible: Check, troubled: tuple[str, str], width: int) -> None:
    """Each opens, is accessible, keeps the focus inside, and gives it back."""
    for part, buttons in DIALOGS.items():
        page = open_page(f"/app/sessions/{troubled[1]}{part}", width=width)
        calm(page)
        for button in buttons:
            opener = page.get_by_role("button", name=button, exact=True).first
            opener.focus()
            page.keyboard.press("Enter")
            dialog = page.get_by_role("dialog")
            keeps_the_focus(page, dialog, accessible)
            expect(opener).to_be_focused()


def keeps_the_focus(page: Page, dialog: Locator, accessible: Check) -> None:
    """Until it is closed."""
    expect(dialog).to_be_visible()
    expect(dialog.locator("[aria-busy=true]")).to_have_count(0)
    accessible(page)
    more = dialog.get_by_text("More choices")
    if more.count():
        more.click()
        accessible(page)
    for _ in range(12):
        page.keyboard.press("Tab")
        outside = "!document.activeElement.closest('dialog') && document.activeElement !== document.body"
        assert not page.evaluate(outside), "the focus left the dialog"
    dialog.get_by_role("button", name="Close").focus()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


@pytest.mark.parametrize("width", WIDTHS)
def test_fields_that_say_what_is_wrong(open_page: Open, accessible: Check, width: int) -> None:
    page = open_page("/", width=width)
    page.get_by_text("Guidance and engine").click()
    page.get_by_role("button", name="Paste a text").click()
    page.get_by_role("button", name="Start the research").click()
    expect(page.get_by_text("Say what you want to find out.")).to_be_visible()
    page.get_by_label("Web addresses").fill("nonsense")
    accessible(page)
    page = open_page("/app/batches", width=width)
    page.get_by_label("Search").fill("nothing of this name")
    expect(page.get_by_text("Nothing was found")).to_be_visible()
    accessible(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_goals_and_plan_while_they_are_edited(
    open_page: Open, accessible: Check, finished: tuple[str, str], width: int
) -> None:
    for part in ("goals", "plan"):
        page = open_page(f"/app/sessions/{finished[1]}/{part}", width=width)
        page.get_by_role("button", name="Edit", exact=True).click()
        page.get_by_role("button", name=re.compile("^Move down")).first.click()
        accessible(page)
        page.get_by_role("button", name="Review and save").click()
        expect(page.get_by_role("dialog").get_by_role("region", name="What will happen")).to_be_visible()
        accessible(page)


def test_terms_explain_themselves_to_mouse_keyboard_and_finger(
    open_page: Open, troubled: tuple[str, str]
) -> None:
    page = open_page(f"/app/sessions/{troubled[1]}")
    page.get_by_role("button", name="Rerun: goals").click()
    term = page.get_by_role("button", name="cascade", exact=True)
    term.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("whatever was made from it runs too")
    page.mouse.move(5, 880, steps=5)
    expect(page.get_by_role("tooltip")).to_have_count(0)
    term.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("tooltip")).to_be_visible()


def test_the_first_load_is_small(site: Site) -> None:
    """Less than 200 kB of compressed script, and nothing from another host."""
    page = site.http.get("/")
    scripts = re.findall(r'(?:src|href)="(/assets/[^"]+\.js)"', page.text)
    assert scripts
    assert not re.search(r'(?:src|href)="(?!/)', page.text)
    total = 0
    for script in scripts:
        with site.http.stream("GET", script, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            total += sum(len(chunk) for chunk in answer.iter_raw())
    assert total < 200_000


@pytest.mark.parametrize(
    ("width", "height"), [pytest.param(1440, 900, id="wide"), pytest.param(390, 844, id="phone")]
)
def test_a_preview_is_as_high_as_what_it_says(
    open_page: Open, finished: tuple[str, str], width: int, height: int
) -> None:
    """With every choice open, too."""
    page = open_page(f"/app/sessions/{finished[1]}", width=width, height=height)
    page.get_by_role("button", name="Rerun: sources").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("More choices").click()
    preview = dialog.get_by_role("region", name="What will happen")
    expect(preview).to_have_attribute("aria-busy", "false")
    assert preview.evaluate("(box) => box.scrollHeight <= box.clientHeight + 1")
