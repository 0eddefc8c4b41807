"""Every page and state: no violation of accessibility, no jump, light and dark, on a phone and on a wide screen."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site, until
from e2e.stage import ALOUD, FAILING, SLOW

Open = Callable[..., Page]
Check = Callable[[Page], None]
LOOKS = [pytest.param(1440, "light", id="wide-light"), pytest.param(390, "dark", id="phone-dark")]
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
    for step, guidance in ((2, "Only what the county says."), (1, FAILING)):
        options = {"propagation": "mark_stale", "guidance": guidance}
        site.http.post("/workflow/restart/step", json={"session_id": session_id, "step_ids": [step], "options": options}).raise_for_status()
        until(lambda step=step: site.state(session_id)["nodes"][f"phase3/{step}"]["generation"] > 1)
        site.at_rest(session_id)
    return batch_id, session_id


def calm(page: Page, words: str = "") -> None:
    expect(page.locator("main")).to_contain_text(words, timeout=20_000)
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_pages_without_a_session(open_page: Open, accessible: Check, finished: tuple[str, str], width: int, scheme: str) -> None:
    for path in ("/", "/app/batches", "/app/workers", "/app/help", "/app/none", "/app/sessions/none"):
        page = open_page(path, width=width, scheme=scheme)
        calm(page)
        accessible(page)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_finished_session(open_page: Open, accessible: Check, finished: tuple[str, str], width: int, scheme: str) -> None:
    for part, words in PARTS.items():
        page = open_page(f"/app/sessions/{finished[1]}{part}", width=width, scheme=scheme)
        calm(page, words)
        accessible(page)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_session_with_a_failed_step_and_an_outdated_report(
    open_page: Open, accessible: Check, troubled: tuple[str, str], width: int, scheme: str
) -> None:
    for part in ("", "/steps/1", "/steps/2", "/report"):
        page = open_page(f"/app/sessions/{troubled[1]}{part}", width=width, scheme=scheme)
        calm(page)
        accessible(page)
        expect(page.get_by_role("region", name="How it stands")).to_contain_text("Step 1 failed")


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_dialogs(open_page: Open, accessible: Check, troubled: tuple[str, str], width: int, scheme: str) -> None:
    """Each opens, is accessible, keeps the focus inside, and gives it back."""
    page = open_page(f"/app/sessions/{troubled[1]}", width=width, scheme=scheme)
    calm(page)
    for button in ("Rerun: sources", "Rerun: step 2", "Why?", "End the batch"):
        opener = page.get_by_role("button", name=button, exact=True)
        opener.focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        expect(dialog.locator("[aria-busy=true]")).to_have_count(0)
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
        expect(opener).to_be_focused()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_goals_and_plan_while_they_are_edited(
    open_page: Open, accessible: Check, finished: tuple[str, str], width: int, scheme: str
) -> None:
    for part in ("goals", "plan"):
        page = open_page(f"/app/sessions/{finished[1]}/{part}", width=width, scheme=scheme)
        page.get_by_role("button", name="Edit", exact=True).click()
        page.get_by_role("button", name=re.compile("^Move down")).first.click()
        accessible(page)
        page.get_by_role("button", name="Review and save").click()
        expect(page.get_by_role("dialog").get_by_role("region", name="What will happen")).to_be_visible()
        accessible(page)


def test_a_session_at_work_with_a_queue(open_page: Open, accessible: Check, site: Site) -> None:
    """Running, queued with its place, cancelling, and a model's words as they come; first on a phone."""
    _, session_id = site.finished(TOPIC, TEXTS)

    def rerun(path: str, guidance: str, **target: object) -> None:
        options = {"guidance": guidance, "propagation": "mark_stale"}
        site.http.post(f"/workflow/restart/{path}", json={"session_id": session_id, "options": options, **target}).raise_for_status()

    page = open_page(f"/app/sessions/{session_id}", width=390, scheme="dark", motion="no-preference")
    rerun("step", SLOW, step_ids=[1])
    rerun("phase", ALOUD, phase="phase4")
    expect(page.get_by_role("article", name=re.compile("^1 "))).to_contain_text("Running")
    expect(page.get_by_role("listitem").filter(has_text="Write the report")).to_contain_text("Queued: no. 1")
    accessible(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.get_by_role("complementary", name="Written now")).to_contain_text("The tide The tide", timeout=20_000)
    accessible(page)
    page.get_by_role("button", name="Cancel: everything that runs or waits").click()
    expect(page.get_by_role("region", name="How it stands")).not_to_contain_text("Running", timeout=20_000)
    accessible(page)


def test_cancelling_is_told_apart_for_as_long_as_the_worker_has_not_stopped(open_page: Open, accessible: Check, site: Site) -> None:
    """Its worker stands still, so that it takes its time."""
    _, session_id = site.finished(TOPIC, TEXTS)
    body = {"session_id": session_id, "step_ids": [1], "options": {"guidance": SLOW, "propagation": "mark_stale"}}
    wide, phone = (
        open_page(f"/app/sessions/{session_id}", width=width, scheme=scheme) for width, scheme in ((1440, "light"), (390, "dark"))
    )
    site.http.post("/workflow/restart/step", json=body).raise_for_status()
    step = wide.get_by_role("article", name=re.compile("^1 "))
    expect(step).to_contain_text("Running")
    with site.frozen("worker-phase3"):
        step.get_by_role("button", name="Cancel: step 1").click()
        for page in (wide, phone):
            expect(page.get_by_role("region", name="How it stands")).to_contain_text("Cancelling", timeout=20_000)
            expect(page.get_by_role("article", name=re.compile("^1 "))).to_contain_text("Cancelling")
            accessible(page)
    expect(step).to_contain_text("Cancelled", timeout=30_000)
    for page in (wide, phone):
        accessible(page)


def test_terms_explain_themselves_to_mouse_keyboard_and_finger(open_page: Open, troubled: tuple[str, str]) -> None:
    page = open_page(f"/app/sessions/{troubled[1]}")
    term = page.get_by_role("button", name="Out of date", exact=True).first
    term.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("made from has changed")
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
