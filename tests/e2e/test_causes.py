"""Whatever is out of date says by name what was changed: in the bar, at its badge, in the whole story, in the
report."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site

Open = Callable[..., Page]
Check = Callable[[Page], None]
NAMED = re.compile(r"“Field notes” was replaced \d\d:\d\d")


@pytest.fixture(scope="module")
def replaced(site: Site) -> str:
    batch, session = site.finished(TOPIC, TEXTS)
    source = site.http.get(f"/batches/{batch}/sources").raise_for_status().json()["sources"][0]
    body = {"title": "Field notes", "text": "The tide rises five metres at springs."}
    site.http.put(f"/batches/{batch}/sources/{source['source_id']}", json=body).raise_for_status()
    return session


def test_a_replaced_source_is_named_everywhere(open_page: Open, accessible: Check, replaced: str) -> None:
    page = open_page(f"/app/sessions/{replaced}")
    bar = page.get_by_role("region", name="How it stands")
    expect(bar).to_contain_text(NAMED)
    bar.get_by_role("button", name="Why?").click()
    why = page.get_by_role("dialog", name="Why is it out of date?")
    expect(why.get_by_role("listitem").filter(has_text="Field notes").first).to_contain_text(
        re.compile(r"→ 11 parts")
    )
    why.get_by_role("button", name="Show 5 more").click()
    expect(why.get_by_role("link", name="Report")).to_be_visible()
    accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Report", exact=True).first.click()
    expect(page.get_by_role("region", name="Outdated report")).to_contain_text(NAMED)


def test_a_badge_opens_its_reason_and_is_no_stop_of_the_keyboard(
    open_page: Open, accessible: Check, replaced: str
) -> None:
    page = open_page(f"/app/sessions/{replaced}/steps")
    badge = page.get_by_role("article", name=re.compile("^2 ")).get_by_role(
        "button", name=re.compile("^Out of date")
    )
    assert badge.get_attribute("tabindex") == "-1"
    badge.click()
    dialog = page.get_by_role("dialog", name=re.compile("^Step 2 .*: out of date"))
    expect(dialog).to_contain_text(NAMED)
    expect(dialog.get_by_role("button", name="Accept: step 2")).to_be_visible()
    expect(dialog.get_by_role("button", name="Rerun: step 2")).to_be_visible()
    accessible(page)


def test_a_replaced_source_says_what_it_touches(
    open_page: Open, accessible: Check, site: Site, replaced: str
) -> None:
    """While nobody has read the new text, that; then findings with the passage that is gone, and the
    sentences of the report that rest on them."""
    page = open_page(f"/app/sessions/{replaced}/sources")
    touches = page.get_by_role("button", name="What it touches: Field notes")
    touches.click()
    dialog = page.get_by_role("dialog", name="What “Field notes” touches")
    expect(dialog).to_contain_text("The new text has not been read yet.")
    expect(dialog).to_contain_text(re.compile(r"\d cited passages? may have moved"))
    accessible(page)
    page.keyboard.press("Escape")
    batch = site.state(replaced)["batch_id"]
    other = {"topic": "How high is the tide?", "options": {"stop_after": "phase0"}}
    created = site.http.post(f"/batches/{batch}/sessions", json=other).raise_for_status().json()
    site.at_rest(created["session_id"])  # which reads it for all sessions of the batch
    page.reload()
    touches.click()
    expect(dialog).to_contain_text(re.compile("The tide.*(is now|is no longer there)", re.DOTALL))
    expect(dialog.get_by_role("link", name=re.compile(r"^Step \d$")).first).to_be_visible()
    accessible(page)
