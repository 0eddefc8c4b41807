"""R39 on the page: sessions of all batches are found, filed, and brought up to date and cancelled as one."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.conftest import TEXTS
from e2e.site import Site, until
from e2e.stage import ENDLESS

Open = Callable[..., Page]
Check = Callable[[Page], None]
SCREENS = [pytest.param(1440, 900, id="wide"), pytest.param(390, 844, id="phone")]


def row(page: Page, topic: str) -> Locator:
    """Of the list, not of its filter."""
    return (
        page.get_by_role("list", name="Sessions")
        .get_by_role("listitem")
        .filter(has=page.get_by_role("link", name=topic, exact=True))
    )


def tagged(site: Site, session: str, *tags: str) -> None:
    site.http.post(f"/sessions/{session}/tags", json={"add": tags}).raise_for_status()


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_the_filter_is_the_address_and_a_view_is_kept(
    open_page: Open, accessible: Check, site: Site, width: int, height: int
) -> None:
    """A link with a filter opens what it says; a view of it is found again by its name."""
    fine, troubled = f"Who built the pier? {width}", f"What do dykes cost? {width}"
    site.finished(fine, TEXTS)
    _, session = site.finished(troubled, TEXTS)
    site.rerun_alone(session, {2: "Only what the county says."})
    page = open_page("/app/batches", width=width, height=height)
    page.get_by_role("navigation", name="Lists").get_by_role("link", name="Sessions").click()
    expect(row(page, fine)).to_contain_text("Done")
    row(page, troubled).get_by_role("button", name=f"Tag: {troubled}").click()
    dialog = page.get_by_role("dialog", name="Tag this session")
    dialog.get_by_label("Tags").fill(f"water {width} -wrong")
    expect(dialog).to_contain_text("Cannot be a tag: -wrong")
    dialog.get_by_label("Tags").fill(f"water pier:{width}")
    accessible(page)
    dialog.get_by_role("button", name="Tag", exact=True).click()
    row(page, troubled).get_by_role("button", name=f"Only with the tag pier:{width}").click()
    expect(page).to_have_url(re.compile(rf"tag=pier%3A{width}"))
    expect(row(page, fine)).to_have_count(0)
    page.get_by_label("State").select_option(label="Out of date")
    expect(page).to_have_url(re.compile(r"stale=true"))
    expect(row(page, troubled)).to_contain_text(re.compile(r"\d out of date"))
    page.get_by_role("button", name="Save this view").click()
    dialog = page.get_by_role("dialog", name="Save this view")
    dialog.get_by_label("Name").fill(f"Piers {width}")
    dialog.get_by_role("button", name="Save", exact=True).click()
    accessible(page)
    address = page.url
    page.goto("/app/sessions")
    expect(row(page, fine)).to_be_visible()
    page.get_by_role("region", name="Saved views").get_by_role("link", name=f"Piers {width}").click()
    expect(page).to_have_url(address)
    expect(page.get_by_label("State")).to_have_value("stale")
    expect(row(page, fine)).to_have_count(0)
    row(page, troubled).get_by_role("button", name=f"Tag: {troubled}").click()
    page.get_by_label("Tags").fill("water")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No session fits.")).to_be_visible()
    assert site.state(session)["tags"] == ["water"]


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_r39_all_that_is_shown_is_updated_as_one(
    open_page: Open, accessible: Check, site: Site, width: int, height: int
) -> None:
    """The preview names every session with what runs in it; then that runs, and nothing else."""
    tag = f"as-one-{width}"
    sessions = [
        site.finished(f"What of the {thing}? {width}", TEXTS)[1] for thing in ("ebb", "flood", "swell")
    ]
    for session in sessions:
        tagged(site, session, tag)
    for session in sessions[:2]:
        site.rerun_alone(session, {2: "Only what the county says."})
    page = open_page(f"/app/sessions?tag={tag}", width=width, height=height)
    expect(row(page, f"What of the swell? {width}")).to_be_visible()
    page.get_by_role("button", name="Update all that is shown").click()
    dialog = page.get_by_role("dialog", name="Update all that is shown")
    preview = dialog.get_by_role("region", name="What will happen")
    expect(preview).to_contain_text("Runs in 2 sessions")
    expect(preview).to_contain_text(re.compile(rf"What of the ebb\? {width}\s*Runs step .+ and report"))
    expect(preview).not_to_contain_text("swell")
    accessible(page)
    dialog.get_by_role("button", name="Update", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("The update of 2 sessions is over")
    for session in sessions:
        assert site.at_rest(session)["nodes"]["phase4"]["freshness"] == "fresh"
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("3 sessions shown")


def test_r39_an_update_of_many_is_cancelled_as_one_even_after_the_page_was_left(
    open_page: Open, accessible: Check, site: Site
) -> None:
    sessions = []
    for thing in ("north", "south"):
        fields = {"guidance": ENDLESS, "options": {"stop_after": "phase2"}}
        _, session = site.start(f"What of the {thing} bank?", TEXTS, **fields)
        until(lambda asked=session: site.state(asked)["nodes"]["phase2"]["artifact"])
        site.at_rest(session)
        tagged(site, session, "endless")
        sessions.append(session)
    page = open_page("/app/sessions?tag=endless&state=pending")
    page.get_by_role("button", name="Update all that is shown").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Runs in 2 sessions")
    dialog.get_by_role("button", name="Update", exact=True).click()
    status = page.get_by_role("main").get_by_role("status")
    expect(status).to_have_text("Updating 2 sessions, 2 at work or waiting")
    page.goto("/app/batches")
    page.get_by_role("link", name="Sessions", exact=True).click()
    page.get_by_role("button", name="Cancel the update").click()
    expect(status).to_have_text(re.compile("2 sessions told to stop|The update of 2 sessions is over"))
    for session in sessions:
        site.at_rest(session)
    expect(status).to_have_text("The update of 2 sessions is over")
    accessible(page)


def test_a_ceiling_leaves_out_who_does_not_fit_and_many_sessions_stay_smooth(
    open_page: Open, site: Site
) -> None:
    """Only those in sight are drawn; the next page is asked for as one comes near it."""
    batch, first = site.start("How deep is the channel? 0", TEXTS, start=False)
    for number in range(1, 130):
        body = {"topic": f"How deep is the channel? {number}", "start": False}
        site.http.post(f"/batches/{batch}/sessions", json=body).raise_for_status()
    page = open_page("/app/sessions?q=channel&state=pending", width=1440)
    rows = page.get_by_role("list", name="Sessions").get_by_role("listitem")
    expect(rows.first).to_be_visible()
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("100 sessions shown, more below")
    assert rows.count() < 60
    page.keyboard.press("End")
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("130 sessions shown")
    page.keyboard.press("End")
    expect(row(page, "How deep is the channel? 0")).to_be_visible()
    assert rows.count() < 60
    page.keyboard.press("Home")
    page.get_by_role("button", name="Update all that is shown").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Runs in 130 sessions")
    dialog.get_by_label("Tokens at most").fill("20")
    expect(dialog).to_contain_text(re.compile(r"Runs in \d+ sessions?.*left out", re.DOTALL))
    expect(dialog).to_contain_text("The ceiling does not reach to it.")
    assert site.state(first)["run"] is None
