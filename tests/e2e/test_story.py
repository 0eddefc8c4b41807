"""What a person does with a batch, from its start to its end; on real servers and in a real browser, each
with a batch of its own."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site, pages, until
from e2e.stage import ANEW, ENDLESS, FAILING, SLOW

Open = Callable[..., Page]


@pytest.fixture
def batch(site: Site) -> tuple[str, str]:
    """A batch and its session, researched to the end."""
    return site.finished(TOPIC, TEXTS)


@pytest.fixture
def session(batch: tuple[str, str]) -> str:
    return f"/app/sessions/{batch[1]}"


def stands(page: Page, words: str) -> None:
    """How the session stands, as the panel says it."""
    expect(page.get_by_role("region", name="How it stands")).to_contain_text(words)


def test_research_is_started_from_links_files_and_texts_and_watched_to_its_end(
    open_page: Open, tmp_path: Path
) -> None:
    (tmp_path / "tide.html").write_text(
        f"<html><title>The tide</title><article><p>{TEXTS['The tide']}</p></article></html>"
    )
    (tmp_path / "bridge.html").write_text(
        f"<html><title>The bridge</title><article><p>{TEXTS['The bridge']}</p></article></html>"
    )
    (tmp_path / "harbour.txt").write_text(TEXTS["The harbour"])
    with pages(tmp_path) as address:
        page = open_page("/")
        page.get_by_role("button", name="Start the research").click()
        expect(page.get_by_text("Say what you want to find out.")).to_be_visible()
        expect(page.get_by_label("Question")).to_be_focused()
        page.get_by_label("Question").fill(TOPIC)
        page.get_by_label("Web addresses").fill(f"{address}/tide.html\n{address}/bridge.html nonsense")
        expect(page.get_by_text("This is no address: nonsense")).to_be_visible()
        page.get_by_label("Web addresses").fill(f"{address}/tide.html\n{address}/bridge.html")
        page.get_by_label("Files to add").set_input_files(tmp_path / "harbour.txt")
        page.get_by_role("button", name="Start the research").click()
        expect(page).to_have_url(re.compile(r"/app/sessions/s-"))
        expect(page.get_by_role("heading", level=1)).to_have_text(TOPIC)
        stands(page, "Everything is up to date")
        expect(page.get_by_role("listitem").filter(has_text="Prepare the sources")).to_contain_text(
            "3 sources"
        )


def test_the_report_shows_each_quote_in_its_source(open_page: Open, session: str) -> None:
    page = open_page(f"{session}/report")
    cite = page.get_by_role("button", name=re.compile(r"Source \d: show the passage")).first
    block = cite.locator("xpath=ancestor::*[self::p or self::li or self::td][1]").inner_text()
    cite.click()
    panel = page.get_by_role("complementary", name="The passage in its source")
    passage = panel.locator("mark.asked")
    expect(passage).to_be_in_viewport()
    assert passage.inner_text().split(",")[0][:40] in block
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(cite).to_be_focused()


def test_a_phase_is_rerun_after_its_preview(open_page: Open, session: str) -> None:
    """It says the same again, so that nothing below it runs."""
    page = open_page(session)
    page.get_by_role("button", name="Rerun: goals").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("region", name="What will happen")).to_contain_text("Runs")
    dialog.get_by_role("button", name="Rerun", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("status", name="Commands")).to_contain_text("Rerun of the goals: done")
    expect(page.get_by_role("listitem").filter(has_text="Discover goals")).to_contain_text("Unchanged")
    stands(page, "Everything is up to date")


def test_two_steps_are_rerun_alone_and_what_is_below_says_why_it_is_out_of_date(
    open_page: Open, session: str, site: Site, batch: tuple[str, str]
) -> None:
    page = open_page(session)
    page.get_by_role("checkbox", name="Choose step 1", exact=True).check()
    page.get_by_role("checkbox", name="Choose step 2", exact=True).check()
    page.get_by_role("button", name="Rerun chosen").click()
    dialog = page.get_by_role("dialog", name="Rerun step 1 and step 2")
    dialog.get_by_role("radio", name="Only this").check()
    dialog.get_by_label("Guidance").fill("Only what the engineers say.")
    expect(dialog.get_by_role("region", name="What will happen")).to_contain_text("Out of date")
    dialog.get_by_role("button", name="Rerun", exact=True).click()
    stands(page, "Out of date")
    assert site.state(batch[1])["nodes"]["phase4"]["freshness"] == "stale"
    page.get_by_role("button", name="Why?").click()
    expect(page.get_by_role("dialog")).to_contain_text(
        re.compile(r"step [12] .*(changed|rerun)", re.IGNORECASE)
    )
    page.keyboard.press("Escape")


def test_an_outdated_report_says_what_it_does_not_know_until_it_is_brought_up_to_date(
    open_page: Open, session: str, site: Site, batch: tuple[str, str]
) -> None:
    site.rerun_alone(batch[1], {1: ANEW})
    page = open_page(f"{session}/report")
    notice = page.get_by_role("region", name="Outdated report")
    expect(notice).to_contain_text("It does not know yet")
    expect(notice).to_contain_text(re.compile("Step 1 “.+” has changed"))
    expect(page.get_by_role("article")).to_contain_text("Out of date")
    page.get_by_role("button", name="Update: whatever is out of date").click()
    page.get_by_role("dialog").get_by_role("button", name="Update", exact=True).click()
    stands(page, "Everything is up to date")
    expect(notice).to_have_count(0)
    expect(page.get_by_role("complementary", name="What changed")).to_be_visible()


def test_what_runs_is_cancelled_and_nothing_is_lost(open_page: Open, session: str) -> None:
    page = open_page(session)
    page.get_by_role("button", name="Rerun: step 1", exact=True).click()
    page.get_by_label("Guidance").fill(ENDLESS)
    page.get_by_role("dialog").get_by_role("button", name="Rerun", exact=True).click()
    stands(page, "Running")
    page.get_by_role("button", name="Cancel: step 1", exact=True).click()
    expect(page.get_by_role("article", name="1 ")).to_contain_text("Cancelled")
    page.get_by_role("button", name="Rerun: step 1", exact=True).click()
    page.get_by_label("Guidance").fill("")
    page.get_by_role("dialog").get_by_role("button", name="Rerun", exact=True).click()
    stands(page, "Everything is up to date")


def test_the_page_survives_the_death_of_the_gateway_and_misses_nothing(
    open_page: Open, session: str, site: Site
) -> None:
    """Two tabs; the gateway is killed while a step runs. Both say so, come back, and agree."""
    page, other = open_page(session, killed=True), open_page(session, killed=True)
    page.get_by_role("button", name="Rerun: step 2", exact=True).click()
    page.get_by_label("Guidance").fill(SLOW)
    page.get_by_role("dialog").get_by_role("button", name="Rerun", exact=True).click()
    stands(page, "Running")
    stands(other, "Running")
    site.kill("gateway")
    expect(page.get_by_text("Offline.")).to_be_visible()
    expect(page.get_by_text("Offline.")).to_have_count(0)
    stands(page, "Everything is up to date")
    stands(other, "Everything is up to date")
    shown = "[...document.querySelectorAll('.stop-words, .step-title, .step-marks')].map((e) => e.innerText)"
    until(lambda: page.evaluate(shown) == other.evaluate(shown))


def test_a_step_that_failed_says_why_and_is_tried_again(open_page: Open, session: str) -> None:
    page = open_page(session)
    page.get_by_role("button", name="Rerun: step 3", exact=True).click()
    page.get_by_label("Guidance").fill(FAILING)
    page.get_by_role("dialog").get_by_role("button", name="Rerun", exact=True).click()
    stands(page, "Step 3 failed")
    stands(page, "The engine failed, as it was told to.")
    page.get_by_role("button", name="Retry: step 3", exact=True).click()
    dialog = page.get_by_role("dialog", name="Retry step 3")
    dialog.get_by_label("Guidance").fill("")
    dialog.get_by_role("button", name="Retry", exact=True).click()
    stands(page, "Everything is up to date")


def test_the_plan_is_edited_in_place_after_a_preview(
    open_page: Open, session: str, site: Site, batch: tuple[str, str]
) -> None:
    before = [node for node in site.state(batch[1])["nodes"] if node.startswith("phase3/")]
    page = open_page(f"{session}/plan")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("button", name="Add a step").click()
    expect(page.get_by_text("New step needs a title")).to_be_visible()
    page.get_by_label("Title").last.fill("Who pays for the repairs")
    page.get_by_label("What it has to find out").last.fill("Which figures for repairs do the sources give?")
    page.get_by_role("button", name="Review and save").click()
    dialog = page.get_by_role("dialog", name="Save the plan")
    expect(dialog.get_by_role("region", name="What will happen")).to_contain_text("Out of date")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Who pays for the repairs")).to_be_visible()
    stands(page, "Out of date")
    after = [node for node in site.state(batch[1])["nodes"] if node.startswith("phase3/")]
    assert len(after) == len(before) + 1
    page.get_by_role("button", name="Update: whatever is out of date").click()
    page.get_by_role("dialog").get_by_role("button", name="Update", exact=True).click()
    stands(page, "Everything is up to date")


def test_a_source_is_added_and_what_was_made_without_it_says_so(open_page: Open, session: str) -> None:
    page = open_page(f"{session}/sources")
    page.get_by_role("button", name="Add sources").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Paste a text").click()
    dialog.get_by_label("Title of text 1").fill("The ferry")
    dialog.get_by_label("Text 1", exact=True).fill(
        "The ferry carries 900 people a day. It costs 200,000 euros a year, and the tide stops it twice a "
        "month."
    )
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="The ferry")).to_be_visible()
    stands(page, "Out of date")


def test_a_further_session_asks_the_same_sources_another_question(
    open_page: Open, session: str, site: Site, batch: tuple[str, str]
) -> None:
    """It has a ceiling of tokens, as a rerun may have; what is no number is refused beside its field."""
    page = open_page(session)
    page.get_by_role("button", name="New session on these sources").click()
    dialog = page.get_by_role("dialog", name="New session on these sources")
    start = dialog.get_by_role("button", name="Start the research")
    expect(start).to_be_disabled()
    dialog.get_by_label("Question").fill("Who pays for the bridge?")
    dialog.get_by_label("Tokens at most").fill("many")
    expect(dialog.get_by_text("Write a number above zero")).to_be_visible()
    expect(start).to_be_disabled()
    dialog.get_by_label("Tokens at most").fill("200,000")
    with page.expect_request("**/sessions") as sent:
        start.click()
    assert sent.value.post_data_json["options"] == {"max_session_tokens": 200_000}
    expect(page.get_by_role("heading", level=1)).to_have_text("Who pays for the bridge?")
    stands(page, "Everything is up to date")
    assert len(site.http.get(f"/batches/{batch[0]}").raise_for_status().json()["sessions"]) == 2
    page.get_by_role("button", name="Rerun: step 1", exact=True).click()
    page.get_by_text("More choices").click()
    page.get_by_label("Tokens at most").fill("5000")
    with page.expect_request("**/workflow/restart/step") as rerun:
        page.get_by_role("dialog").get_by_role("button", name="Rerun", exact=True).click()
    assert rerun.value.post_data_json["options"]["max_tokens"] == 5_000
    expect(page.get_by_role("status", name="Commands")).to_contain_text("Rerun of step 1: done")


def test_the_timeline_tells_it_all_and_leads_to_each_part(
    open_page: Open, session: str, site: Site, batch: tuple[str, str]
) -> None:
    site.rerun_alone(batch[1], {3: FAILING})
    page = open_page(f"{session}/timeline")
    page.get_by_role("button", name="Trouble").click()
    story = page.get_by_role("region", name="Timeline")
    expect(story).to_contain_text("as it was told to")
    story.get_by_role("link", name=re.compile("failed")).first.click()
    expect(page).to_have_url(re.compile(r"/steps/3$"))


def test_the_batch_is_ended_only_when_that_is_typed(open_page: Open, session: str) -> None:
    page = open_page(session)
    page.get_by_role("button", name="End the batch").click()
    dialog = page.get_by_role("dialog", name="End this batch")
    end = dialog.get_by_role("button", name="End the batch")
    expect(end).to_be_disabled()
    dialog.get_by_label("Type “end” to confirm").fill("end")
    end.click()
    stands(page, "This batch has ended")
    expect(page.get_by_role("button", name=re.compile("^Rerun"))).to_have_count(0)
