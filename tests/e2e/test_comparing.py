"""A fork names where it comes from, and its report stands beside the other's."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import TEXTS
from e2e.site import Site, until

Open = Callable[..., Page]
Check = Callable[[Page], None]


def forked(site: Site, topic: str) -> tuple[str, str, str]:
    """A batch of two sessions, the second forked and with other guidance: batch, origin, fork."""
    batch, session = site.finished(topic, TEXTS)
    fork = site.http.post(f"/sessions/{session}/fork", json={"node": "phase3/2"}).raise_for_status().json()
    fork_id: str = fork["session_id"]
    body = {"session_id": fork_id, "step_ids": [2], "options": {"guidance": "Only what the county says."}}
    site.http.post("/workflow/restart/step", json=body).raise_for_status()
    until(lambda: site.state(fork_id)["nodes"]["phase4"]["artifact"])
    return batch, session, fork_id


@pytest.mark.parametrize("width", [pytest.param(1440, id="wide"), pytest.param(390, id="phone")])
def test_r37_a_fork_names_its_origin_and_is_compared_with_it(
    open_page: Open, accessible: Check, site: Site, width: int
) -> None:
    _, session, fork = forked(site, f"What does the fork say of the tide? {width}")
    page = open_page(f"/app/sessions/{fork}", width=width)
    head = page.get_by_role("main").get_by_role("banner").or_(page.locator("header.session-head"))
    expect(head.first).to_contain_text("forked from another session at step 2")
    accessible(page)
    head.first.get_by_role("link", name="another session").click()
    expect(page).to_have_url(re.compile(rf"/app/sessions/{session}$"))
    expect(page.locator("header.session-head")).not_to_contain_text("forked")
    page.go_back()
    page.get_by_role("link", name="Compare with it").click()
    expect(page).to_have_url(re.compile(rf"/app/sessions/{session}/compare/{fork}$"))
    expect(page.get_by_role("heading", name="Two reports")).to_be_visible()
    expect(page.get_by_role("link", name=f"What does the fork say of the tide? {width}")).to_have_count(2)
    expect(page.get_by_role("main")).to_contain_text(
        re.compile("Only in: First report|Both reports say the same")
    )
    accessible(page)


def test_two_sessions_of_a_batch_are_compared_from_its_list(
    open_page: Open, accessible: Check, site: Site
) -> None:
    """Two at once; of more one says which. A section that only one has says so."""
    topic = "What do the batches say of the harbour?"
    batch, session = site.finished(topic, TEXTS)
    other = site.http.post(f"/batches/{batch}/sessions", json={"topic": "What does the bridge cost?"})
    other_id = other.raise_for_status().json()["session_id"]
    until(lambda: site.state(other_id)["nodes"]["phase4"]["artifact"])
    page = open_page("/app/batches", width=1440)
    page.get_by_role("link", name=f"Compare: {topic}").click()
    expect(page).to_have_url(re.compile(r"/compare/"))
    found = site.http.get(f"/sessions/{session}/compare/{other_id}").raise_for_status().json()
    moved = [section for section in found["sections"] if section["change"] != "same"]
    expect(page.locator("section.compare-section h2")).to_have_count(
        len(moved) + bool(found["sources_only_this"] or found["sources_only_other"])
    )
    first = page.get_by_role("region", name=moved[0]["title"]).first
    expect(first).to_be_visible()
    before = page.url
    page.get_by_role("link", name="Swap the sides").click()
    expect(page).not_to_have_url(before)
    pending = site.http.post(f"/batches/{batch}/sessions", json={"topic": "And the ferry?", "start": False})
    third = pending.raise_for_status().json()["session_id"]
    page.goto("/app/batches")
    page.get_by_role("button", name=f"Compare: {topic}").click()
    dialog = page.get_by_role("dialog", name="Compare two reports")
    dialog.get_by_label("Second report").select_option(value=third)
    accessible(page)
    dialog.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Both sessions need a report")
