"""The list of batches, and the pools that work on them, as someone sees them who has several."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.conftest import TEXTS
from e2e.site import Site, until
from e2e.stage import ENDLESS, FAILING

Open = Callable[..., Page]
Check = Callable[[Page], None]


def row(page: Page, topic: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("link", name=topic, exact=True))


@pytest.mark.parametrize("width", [pytest.param(1440, id="wide"), pytest.param(390, id="phone")])
def test_the_list_says_how_each_batch_stands_and_finds_one_by_its_question(
    open_page: Open, accessible: Check, site: Site, width: int
) -> None:
    """Whatever is out of date or failed is told in the list; it follows what happens by itself."""
    fine, troubled = f"Who built the harbour? {width}", f"What do repairs cost? {width}"
    site.finished(fine, TEXTS)
    _, session = site.finished(troubled, TEXTS)
    page = open_page("/app/batches", width=width)
    page.get_by_label("Search").fill(f"repairs cost? {width}")
    expect(row(page, troubled)).to_contain_text(re.compile(r"Done.*3 sources.*just now", re.DOTALL))
    expect(row(page, fine)).to_have_count(0)
    site.rerun_alone(session, {2: "Only what the county says.", 1: FAILING})
    expect(row(page, troubled)).to_contain_text("1 failed")
    expect(row(page, troubled)).to_contain_text(re.compile(r"\d out of date"))
    accessible(page)
    page.get_by_label("Search").fill("")
    expect(row(page, fine)).to_contain_text("Done")
    expect(row(page, fine)).not_to_contain_text("out of date")
    row(page, troubled).get_by_role("link", name=troubled).click()
    expect(page.get_by_role("region", name="How it stands")).to_contain_text("Step 1 failed")


def test_a_page_of_a_batch_that_somebody_deletes_says_so(open_page: Open, site: Site) -> None:
    """It does not go on showing as alive and fresh what is no more."""
    batch_id, session = site.finished("Who keeps the buoys?", TEXTS)
    page = open_page(f"/app/sessions/{session}")
    expect(page.get_by_role("region", name="How it stands")).to_contain_text("Everything is up to date")
    site.http.delete(f"/batches/{batch_id}").raise_for_status()
    expect(page.get_by_role("alert")).to_contain_text("nothing of it is left")
    expect(page.get_by_role("region", name="How it stands")).to_have_count(0)


def test_a_batch_is_deleted_from_the_list_when_that_is_typed(
    open_page: Open, accessible: Check, site: Site
) -> None:
    topic = "Shall the ferry go?"
    batch_id, session = site.finished(topic, TEXTS)
    page = open_page("/app/batches")
    page.get_by_role("button", name=f"End {topic}").click()
    dialog = page.get_by_role("dialog", name="End this batch")
    dialog.get_by_role("radio", name="End and delete it").check()
    dialog = page.get_by_role("dialog", name="Delete this batch")
    expect(dialog).to_contain_text(
        re.compile(r"Deleted are 3 sources with their stored texts, the results and reports of 1 session.*kB")
    )
    accessible(page)
    delete = dialog.get_by_role("button", name="Delete everything")
    dialog.get_by_label("Type “delete” to confirm").fill("end")
    expect(delete).to_be_disabled()
    dialog.get_by_label("Type “delete” to confirm").fill("delete")
    delete.click()
    expect(dialog).to_have_count(0)
    expect(row(page, topic)).to_have_count(0)
    until(lambda: site.http.get(f"/sessions/{session}/artifacts/phase4").status_code in {404, 410})
    assert site.http.get(f"/batches/{batch_id}").json()["ended"]


def test_the_pools_say_what_each_worker_does_now(open_page: Open, accessible: Check, site: Site) -> None:
    """With a link to it."""
    _, session = site.finished("What does the tide do?", TEXTS)
    page = open_page("/app/workers")
    pool = page.get_by_role("listitem").filter(
        has=page.get_by_role("heading", name=re.compile("^Carry out the steps"))
    )
    expect(pool).to_contain_text("Idle")
    body = {
        "session_id": session,
        "step_ids": [1],
        "options": {"guidance": ENDLESS, "propagation": "mark_stale"},
    }
    site.http.post("/workflow/restart/step", json=body).raise_for_status()
    doing = pool.get_by_role("link", name="Step 1")
    expect(doing).to_be_visible()
    doing.click()
    expect(page).to_have_url(re.compile(rf"{session}/steps/1$"))
    site.http.post("/workflow/cancel", json={"session_id": session}).raise_for_status()
    site.at_rest(session)
