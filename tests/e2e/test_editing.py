"""Goals and plan edited in place to the saved end: reordered, reworded, added to, taken from; and what that
makes of the rest."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site

Open = Callable[..., Page]
Check = Callable[[Page], None]


@pytest.fixture
def session(site: Site) -> str:
    return site.finished(TOPIC, TEXTS)[1]


def artifact(site: Site, session: str, phase: str) -> dict[str, Any]:
    answer: dict[str, Any] = site.http.get(f"/sessions/{session}/artifacts/{phase}").raise_for_status().json()
    return answer


def stands(page: Page, words: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("region", name="How it stands")).to_contain_text(words)


def update(page: Page) -> None:
    page.get_by_role("button", name="Update: whatever is out of date").click()
    page.get_by_role("dialog").get_by_role("button", name="Update", exact=True).click()
    stands(page, "Everything is up to date")


def test_goals_are_edited_in_place_and_saved_after_a_preview(
    open_page: Open, accessible: Check, site: Site, session: str
) -> None:
    before = [goal["question"] for goal in artifact(site, session, "phase1")["goals"]]
    first, second, third = before
    page = open_page(f"/app/sessions/{session}/goals")
    page.get_by_role("button", name="Edit", exact=True).click()
    fields = page.get_by_label("Question")
    page.get_by_role("button", name=re.compile("^Move down: goal 1")).press("Enter")
    expect(fields).to_have_count(3)
    assert [field.input_value() for field in fields.all()] == [second, first, third]
    expect(page.get_by_role("button", name=re.compile("^Move down: goal 2"))).to_be_focused()
    page.get_by_role("button", name=re.compile("^Remove goal 3")).press("Enter")
    expect(page.get_by_role("button", name=re.compile("^Remove goal 2"))).to_be_focused()
    fields.first.fill("How fast do the piers wear?")
    page.get_by_role("button", name="Add a goal").click()
    expect(fields.last).to_be_focused()
    expect(page.get_by_text("Every goal needs a question.")).to_be_visible()
    expect(page.get_by_role("button", name="Review and save")).to_be_disabled()
    page.keyboard.type("Who pays for the repairs?")
    accessible(page)
    page.get_by_role("button", name="Review and save").click()
    dialog = page.get_by_role("dialog", name="Save the goals")
    foretold = dialog.get_by_role("region", name="What will happen")
    expect(foretold).to_contain_text(re.compile(r"Out of date\s*Plan.*Report", re.DOTALL))
    accessible(page)
    assert [goal["question"] for goal in artifact(site, session, "phase1")["goals"]] == before, (
        "nothing is saved before it is confirmed"
    )
    dialog.get_by_role("button", name="Save", exact=True).click()
    wanted = ["How fast do the piers wear?", first, "Who pays for the repairs?"]
    expect(page.locator("main h3")).to_have_text(wanted)
    stands(page, re.compile(r"Out of date: plan, 7 steps and report.*The goals have changed", re.DOTALL))
    saved = artifact(site, session, "phase1")["goals"]
    assert [goal["question"] for goal in saved] == wanted
    assert len({goal["goal_id"] for goal in saved}) == 3
    page.reload()
    expect(page.locator("main h3")).to_have_text(wanted)
    expect(page.locator("main").get_by_text("edited", exact=True)).to_be_visible()
    update(page)
    assert [goal["question"] for goal in artifact(site, session, "phase1")["goals"]] == wanted, (
        "what a person wrote stays"
    )


def test_an_edit_that_an_update_leaves_is_named_with_what_can_be_done(
    open_page: Open, accessible: Check, site: Site, session: str
) -> None:
    """The sources change below goals that a person wrote: the update says that it leaves them, and where to
    replace or to keep them."""
    batch = site.state(session)["batch_id"]
    goals = [goal | {"question": "Who pays?"} for goal in artifact(site, session, "phase1")["goals"][:1]]
    place, any_version = f"/sessions/{session}/artifacts/phase1", {"If-Match": "*"}
    site.http.put(place, json={"goals": goals}, headers=any_version).raise_for_status()
    site.http.post(
        f"/batches/{batch}/sources",
        json={"sources": [{"title": "The toll", "text": "The toll is two euros."}]},
    ).raise_for_status()
    page = open_page(f"/app/sessions/{session}")
    page.get_by_role("button", name="Update: whatever is out of date").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Update", exact=True).click()
    stands(page, re.compile("Out of date"))
    page.get_by_role("button", name="Update: whatever is out of date").click()
    expect(dialog).to_contain_text(
        "An update leaves what was edited by hand. Rerun the goals to replace that, or accept it as it is."
    )
    accessible(page)
    dialog.get_by_role("link", name="goals").click()
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name=re.compile("^Rerun: .*goals", re.IGNORECASE)).first.click()
    page.get_by_role("dialog").get_by_role("button", name="Rerun", exact=True).click()
    stands(page, "Everything is up to date")
    assert [goal["question"] for goal in artifact(site, session, "phase1")["goals"]] != ["Who pays?"]


def test_a_plan_is_reordered_reworded_and_shortened_and_its_kept_steps_keep_their_findings(
    open_page: Open, accessible: Check, site: Site, session: str
) -> None:
    before = artifact(site, session, "phase2")["steps"]
    page = open_page(f"/app/sessions/{session}/plan")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("button", name=re.compile("^Move down: step 1")).click()
    page.get_by_role("button", name=re.compile("^Edit Step 1 ")).click()
    page.get_by_label("Title").fill("What the bridge has cost")
    page.get_by_role("button", name=re.compile("^Remove step 6")).click()
    page.get_by_label("Synthesized goal").fill("Say what the tide costs.")
    page.get_by_role("button", name="Review and save").click()
    dialog = page.get_by_role("dialog", name="Save the plan")
    foretold = dialog.get_by_role("region", name="What will happen")
    expect(foretold).to_contain_text(
        re.compile(
            rf"Out of date\s*.*Step 1 What the bridge has cost.*Dropped.*{re.escape(before[5]['title'])}",
            re.DOTALL,
        )
    )
    accessible(page)
    dialog.get_by_role("radio", name="Save and bring along").check()
    expect(foretold).to_contain_text(re.compile(r"Runs\s*Step 1", re.DOTALL))
    dialog.get_by_role("button", name="Save and run").click()
    expect(page.get_by_role("status", name="Commands")).to_contain_text("Your plan: done")
    stands(page, "Everything is up to date")
    plan = artifact(site, session, "phase2")
    assert plan["synthesized_goal"] == "Say what the tide costs."
    assert [step["step_id"] for step in plan["steps"]] == [2, 1, 3, 4, 5, 7]
    assert plan["steps"][1]["title"] == "What the bridge has cost"
    nodes = site.state(session)["nodes"]
    assert "phase3/6" not in nodes
    assert (nodes["phase3/1"]["generation"], nodes["phase3/2"]["generation"]) == (2, 1)
    expect(page.locator("main h3").filter(has_text="What the bridge has cost")).to_be_visible()


def test_an_edit_of_goals_that_someone_else_has_changed_overwrites_nothing(
    open_page: Open, accessible: Check, site: Site, session: str
) -> None:
    goals = artifact(site, session, "phase1")["goals"]
    page = open_page(f"/app/sessions/{session}/goals")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("Question").first.fill("Mine?")
    etag = site.state(session)["nodes"]["phase1"]["artifact"]["sha256"]
    theirs = {"goals": [goals[0] | {"question": "Theirs?"}, *goals[1:]]}
    site.http.put(
        f"/sessions/{session}/artifacts/phase1", json=theirs, headers={"If-Match": f'"{etag}"'}
    ).raise_for_status()
    page.get_by_role("button", name="Review and save").click()
    dialog = page.get_by_role("dialog", name="Save the goals")
    expect(dialog.get_by_role("alert")).to_contain_text("Someone has changed the goals meanwhile")
    expect(dialog.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    accessible(page)
    assert artifact(site, session, "phase1")["goals"][0]["question"] == "Theirs?"
    dialog.get_by_role("button", name="Back to editing").click()
    expect(page.get_by_label("Question").first).to_have_value("Mine?")
