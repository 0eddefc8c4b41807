"""R38 on the page: what is locked says so, and is offered to be unlocked and nothing else."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site

Open = Callable[..., Page]
Check = Callable[[Page], None]


@pytest.mark.parametrize("width", [pytest.param(1440, id="wide"), pytest.param(390, id="phone")])
def test_r38_a_step_is_locked_and_unlocked_where_it_is_read(
    open_page: Open, accessible: Check, site: Site, width: int
) -> None:
    _, session = site.finished(TOPIC, TEXTS)
    page = open_page(f"/app/sessions/{session}/steps/2", width=width)
    step = page.get_by_role("article", name=re.compile("^2 "))
    step.get_by_role("button", name="Lock: step 2", exact=True).click()
    dialog = page.get_by_role("dialog", name="Lock step 2")
    expect(dialog).to_contain_text("Nothing runs it again until it is unlocked")
    accessible(page)
    dialog.get_by_role("button", name="Lock", exact=True).click()
    expect(step.get_by_role("button", name="Locked")).to_be_visible()
    unlock = step.get_by_role("button", name="Unlock: step 2", exact=True)
    expect(unlock).to_be_focused()
    expect(step.get_by_role("button", name="Rerun: step 2")).to_have_count(0)
    assert site.state(session)["nodes"]["phase3/2"]["locked_at"]
    accessible(page)
    page.get_by_role("navigation", name="Parts").get_by_role("link", name="Plan").click()
    page.get_by_role("button", name="Rerun: plan").click()
    kept = (
        page.get_by_role("region", name="What will happen")
        .get_by_role("listitem")
        .filter(has=page.get_by_role("img", name="Locked"))
    )
    expect(kept.first).to_have_text(re.compile("^Step 2"))
    accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("navigation", name="Parts").get_by_role("link", name="Steps").click()
    step.locator("button.step-title").click()
    unlock.click()
    page.get_by_role("dialog", name="Unlock step 2").get_by_role("button", name="Unlock", exact=True).click()
    expect(step.get_by_role("button", name="Rerun: step 2")).to_be_visible()
    expect(step.get_by_role("button", name="Locked")).to_have_count(0)
    assert site.state(session)["nodes"]["phase3/2"]["locked_at"] is None


def test_r38_a_locked_plan_is_not_edited_and_stays_when_goals_move(open_page: Open, site: Site) -> None:
    """It is out of date then, and says that it is locked."""
    _, session = site.finished(TOPIC, TEXTS)
    page = open_page(f"/app/sessions/{session}/plan")
    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_visible()
    page.get_by_role("button", name="Lock: plan", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Lock", exact=True).click()
    expect(page.get_by_role("button", name="Unlock: plan", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Edit", exact=True)).to_have_count(0)
    page.goto(f"/app/sessions/{session}")
    expect(page.get_by_role("listitem").filter(has_text="Synthesize the plan")).to_contain_text("Locked")
