"""The session as a picture: what is made from what, what a rerun would do, the last run in time; and a list
where there is no room."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site, until
from e2e.stage import ANEW, ENDLESS

Open = Callable[..., Page]
Check = Callable[[Page], None]


@pytest.fixture(scope="module")
def session(site: Site) -> str:
    return site.finished(TOPIC, TEXTS)[1]


def test_pointing_lights_what_is_made_from_a_part_and_ticking_foretells_its_rerun(
    open_page: Open, accessible: Check, site: Site, session: str
) -> None:
    page = open_page(f"/app/sessions/{session}", width=1440)
    boxes = page.locator(".graph .box")
    expect(boxes).to_have_count(len(site.steps(session)))
    boxes.filter(has_text=re.compile("^1 ")).hover()
    expect(page.locator(".graph .stop.lit")).to_have_count(1)
    expect(page.locator(".graph .stop.lit")).to_contain_text("Report")
    accessible(page)
    page.get_by_label("Choose step 1 in the picture").check()
    expect(page.locator(".graph .box.fate-run")).to_have_count(1)
    expect(page.locator(".graph .stop.fate-may_run")).to_contain_text("Report")
    expect(page.locator(".graph .stop.fate-keep").first).to_contain_text("Sources")
    expect(page.get_by_role("list", name="What will happen")).to_contain_text(
        re.compile("Runs.*May run.*Kept", re.DOTALL)
    )
    page.mouse.move(5, 5)
    accessible(page)
    page.get_by_role("button", name="Rerun chosen: the steps chosen in the picture").click()
    dialog = page.get_by_role("dialog", name="Rerun step 1")
    dialog.get_by_role("radio", name="Only this").check()
    dialog.get_by_label("Guidance").fill(ANEW)
    expect(dialog.get_by_role("region", name="What will happen")).to_contain_text("if it comes out different")
    dialog.get_by_role("button", name="Rerun", exact=True).click()
    expect(page.locator(".graph path.stale").first).to_be_attached()
    expect(page.locator(".graph .stop.stale").filter(has_text="Report")).to_be_visible()


def test_on_a_phone_and_above_150_steps_there_is_a_list(open_page: Open, site: Site, session: str) -> None:
    page = open_page(f"/app/sessions/{session}", width=390)
    expect(page.get_by_role("list", name="Phases").get_by_role("listitem")).to_have_count(5)
    expect(page.locator(".graph")).to_have_count(0)
    _, large = site.start("What is there to ask? steps=151", TEXTS, options={"stop_after": "phase2"})
    site.at_rest(large)
    page = open_page(f"/app/sessions/{large}", width=1440)
    expect(page.get_by_role("article", name="1 Question 1", exact=True)).to_be_visible()
    expect(page.locator(".graph")).to_have_count(0)


@pytest.mark.parametrize("width", [pytest.param(1440, id="wide"), pytest.param(390, id="phone")])
def test_the_last_run_is_drawn_in_time(open_page: Open, accessible: Check, site: Site, width: int) -> None:
    session = site.finished(TOPIC, TEXTS)[1]
    page = open_page(f"/app/sessions/{session}/timeline", width=width)
    run = page.get_by_role("region", name="The last run")
    expect(run.get_by_role("img", name=re.compile(r"^Sources: waited .+, ran .+"))).to_be_visible()
    expect(run.locator(".waterfall > li")).to_have_count(4 + len(site.steps(session)))
    expect(run.locator(".waterfall > .chain").last).to_contain_text("Report")
    expect(page.get_by_role("region", name="Timeline")).to_contain_text(re.compile(r"\d\d:\d\d:\d\d"))
    accessible(page)


def test_progress_survives_a_reload_and_shows_in_the_title(open_page: Open, site: Site) -> None:
    session = site.finished(TOPIC, TEXTS)[1]
    body = {
        "session_id": session,
        "step_ids": [1, 2],
        "options": {"guidance": ENDLESS, "propagation": "mark_stale"},
    }
    site.http.post("/workflow/restart/step", json=body).raise_for_status()
    page = open_page(f"/app/sessions/{session}/sources")
    bar = page.get_by_role("region", name="How it stands")
    expect(bar).to_contain_text("0 of 2 done")
    site.http.post("/workflow/cancel", json={"session_id": session, "step_id": 1}).raise_for_status()
    expect(bar).to_contain_text("1 of 2 done")
    expect(page).to_have_title(re.compile(r"^50 % "))
    page.reload()
    expect(bar).to_contain_text("1 of 2 done")
    expect(bar.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "50")
    assert "busy" in (page.locator("link[rel=icon]").get_attribute("href") or "")
    bar.get_by_role("button", name="Cancel: everything that runs or waits").click()
    expect(page).not_to_have_title(re.compile("%"))


def test_steps_are_filtered_chosen_together_and_found_when_they_are_gone(
    open_page: Open, accessible: Check, site: Site
) -> None:
    session = site.finished(TOPIC, TEXTS)[1]
    site.rerun_alone(session, {1: ANEW})
    page = open_page(f"/app/sessions/{session}/steps")
    steps = page.get_by_role("article")
    numbers = site.steps(session)
    stale = [n for n in numbers if site.state(session)["nodes"][f"phase3/{n}"]["freshness"] == "stale"]
    page.get_by_label("State", exact=True).select_option("Out of date")
    expect(steps).to_have_count(len(stale))
    page.get_by_label("State", exact=True).select_option("All")
    page.keyboard.press("Tab")
    page.locator("h2").first.click()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Filter by text")).to_be_focused()
    page.keyboard.type("piers")
    expect(steps).to_have_count(1)
    accessible(page)
    page.get_by_role("searchbox", name="Filter by text").fill("")
    expect(steps).to_have_count(len(numbers))
    page.get_by_role("checkbox", name="Choose step 2", exact=True).click()
    page.get_by_role("checkbox", name="Choose step 5", exact=True).click(modifiers=["Shift"])
    expect(page.get_by_text("4 chosen")).to_be_visible()
    if len(stale) > 1:
        page.get_by_role("button", name="Clear", exact=True).click()
        page.get_by_role("button", name=f"Choose all out of date ({len(stale)})").click()
        expect(page.get_by_text(f"{len(stale)} chosen")).to_be_visible()
    page = open_page(f"/app/sessions/{session}/steps/77")
    expect(page.get_by_role("region", name="There is no step 77 in the plan")).to_be_visible()
    accessible(page)


def test_a_step_that_a_new_plan_is_without_names_the_one_in_its_place(
    open_page: Open, accessible: Check, site: Site
) -> None:
    """At its old address, and at the new step, which says that it is new and what it replaces. Guidance adds
    a step, so that the comparison of all of them becomes another."""
    session = site.finished(TOPIC, TEXTS)[1]
    title = "Where the sources agree and disagree"

    def comparing() -> int:
        nodes = site.at_rest(session)["nodes"]
        return next(int(node.partition("/")[2]) for node, view in nodes.items() if view["title"] == title)

    old = comparing()
    body = {"session_id": session, "phase": "phase2", "options": {"guidance": "What the ferry carries"}}
    site.http.post("/workflow/restart/phase", json=body).raise_for_status()
    new = until(lambda: (number := comparing()) != old and number)
    page = open_page(f"/app/sessions/{session}/steps/{old}")
    gone = page.get_by_role("region", name=f"Step {old} “{title}” is no longer in the plan")
    expect(gone).to_contain_text("The new plan asks this in its place")
    accessible(page)
    gone.get_by_role("link", name=f"{new} {title}").click()
    step = page.get_by_role("article", name=re.compile(f"^{new} "))
    expect(step).to_contain_text("New")
    expect(step).to_contain_text(f"in place of step {old} “{title}”")
    accessible(page)


def test_keys_open_what_they_name(open_page: Open, site: Site) -> None:
    session = site.finished(TOPIC, TEXTS)[1]
    site.rerun_alone(session, {1: ANEW})
    page = open_page(f"/app/sessions/{session}/goals")
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog", name="Rerun the goals")
    expect(dialog.get_by_role("radio", name="Bring along")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page.get_by_role("dialog", name="Update")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", level=1)).to_have_text("How Reprise works")
