"""What can be chosen before something runs again, each used to its end."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site, pages, until
from e2e.stage import ENDLESS

Open = Callable[..., Page]
Check = Callable[[Page], None]


@pytest.fixture
def session(site: Site) -> str:
    return site.finished(TOPIC, TEXTS)[1]


def asked(page: Page, button: str) -> tuple[Locator, Locator]:
    """The dialog behind a button, and what it says will happen."""
    page.get_by_role("button", name=button, exact=True).click()
    dialog = page.get_by_role("dialog")
    return dialog, dialog.get_by_role("region", name="What will happen")


def told(page: Page, words: str) -> None:
    expect(page.get_by_role("status", name="Commands")).to_contain_text(words)


def test_everything_below_runs_where_that_is_forced(open_page: Open, site: Site, session: str) -> None:
    """Without it what says the same again runs nothing; with it the preview names all, and all of it runs."""
    before = site.state(session)["nodes"]
    page = open_page(f"/app/sessions/{session}")
    dialog, foretold = asked(page, "Rerun: goals")
    expect(foretold).to_contain_text(re.compile(r"Runs\s*Goals.*May run\s*Plan", re.DOTALL))
    dialog.get_by_text("More choices").click()
    dialog.get_by_role("checkbox", name="Run everything below").check()
    expect(foretold).to_contain_text(re.compile(r"Runs\s*Goals\s*Plan.*Report", re.DOTALL))
    dialog.get_by_role("button", name="Rerun", exact=True).click()
    told(page, "Rerun of the goals: done")
    after = site.state(session)["nodes"]
    assert all(
        after[node]["generation"] > before[node]["generation"]
        for node in ("phase1", "phase2", "phase3/1", "phase4")
    )
    assert after["phase0"]["generation"] == before["phase0"]["generation"]


def test_sources_are_fetched_again_and_each_says_what_became_of_it(
    open_page: Open, site: Site, tmp_path: Path
) -> None:
    for title, text in TEXTS.items():
        (tmp_path / f"{title.split()[1]}.html").write_text(
            f"<html><title>{title}</title><article><p>{text}</p></article></html>"
        )
    with pages(tmp_path) as address:
        body = {
            "topic": TOPIC,
            "sources": [{"url": f"{address}/{name}.html"} for name in ("tide", "bridge", "harbour")],
        }
        session = site.http.post("/batches", json=body).raise_for_status().json()["session_id"]
        until(lambda: site.state(session)["nodes"]["phase4"]["artifact"])
        anew = TEXTS["The tide"].replace("four metres", "five metres").replace("2 cm", "9 cm")
        (tmp_path / "tide.html").write_text(
            f"<html><title>The tide</title><article><p>{anew}</p></article></html>"
        )
        later = (tmp_path / "harbour.html").stat().st_mtime + 60
        os.utime(tmp_path / "tide.html", (later, later))  # the site's dates have whole seconds
        (tmp_path / "bridge.html").unlink()
        page = open_page(f"/app/sessions/{session}/sources")
        dialog, _ = asked(page, "Rerun: sources")
        dialog.get_by_text("More choices").click()
        dialog.get_by_role("checkbox", name="Ask every source for its text anew").check()
        dialog.get_by_role("button", name="Rerun", exact=True).click()
        told(page, "Rerun of the sources: done")
        listed = page.locator(".source")
        expect(listed.filter(has_text="five metres")).to_contain_text("Fetched again, changed")
        expect(listed.filter(has_text="built in 1902")).to_contain_text("Fetched again, unchanged")

        expect(listed.filter(has_text="nine million")).to_contain_text(
            "Could not be fetched again, stored copy used"
        )


def test_a_command_to_a_busy_session_waits_with_its_place_or_goes_first(
    open_page: Open, accessible: Check, site: Site, session: str
) -> None:
    """The button and the list of commands say where it stands; what was cancelled for it keeps its result."""
    page = open_page(f"/app/sessions/{session}")
    body = {
        "session_id": session,
        "step_ids": [1],
        "options": {"guidance": ENDLESS, "propagation": "mark_stale"},
    }
    site.http.post("/workflow/restart/step", json=body).raise_for_status()
    expect(page.get_by_role("region", name="How it stands")).to_contain_text("Running")
    with site.frozen("worker-phase3"):
        dialog, foretold = asked(page, "Rerun: report")
        expect(dialog.get_by_role("radio", name="Wait for it")).to_be_checked()
        expect(foretold).to_contain_text("Something is running, so this may still change")
        dialog.get_by_role("button", name="Rerun", exact=True).click()
        told(page, "Rerun of the report: queued, number 1 in the queue")
        dialog, _ = asked(page, "Rerun: goals")
        dialog.get_by_role("radio", name="Only this").check()
        dialog.get_by_role("radio", name="Cancel it and go first").check()
        accessible(page)
        dialog.get_by_role("button", name="Rerun", exact=True).click()
    told(page, "Rerun of the goals: done")
    told(page, "Rerun of the report: done")
    nodes = site.at_rest(session)["nodes"]
    assert nodes["phase3/1"]["status"] == "cancelled" and nodes["phase3/1"]["artifact"]["generation"] == 1
    assert (nodes["phase1"]["generation"], nodes["phase4"]["generation"]) == (2, 2)
    assert nodes["phase1"]["artifact"]["at"] < nodes["phase4"]["artifact"]["at"]


def test_the_language_of_a_report_is_chosen_at_the_start_and_before_a_rerun(
    open_page: Open, accessible: Check, site: Site
) -> None:
    page = open_page("/")
    lacking = page.get_by_text("in which the extractive engine has no words")
    finnish = "Miten silta vaikuttaa satamaan ja mitä se maksaa kaupungille?"
    page.get_by_label("Question").fill(finnish)
    page.get_by_role("button", name="Paste a text").click()
    page.get_by_label("Text 1", exact=True).fill(TEXTS["The bridge"])
    page.get_by_text("Guidance and engine").click()
    language = page.get_by_label("Language of the report")
    language.select_option("Swedish")
    page.get_by_role("radio", name="Extractive").check()
    expect(language.get_by_role("option", name="Swedish")).to_have_count(0)
    expect(language.get_by_role("option", name="The question’s own")).to_have_count(1)
    expect(lacking).to_contain_text("This question is in Finnish")
    accessible(page)
    language.select_option("Chinese")
    expect(lacking).to_have_count(0)
    page.get_by_label("Question").fill(TOPIC)
    accessible(page)
    page.get_by_role("button", name="Start the research").click()
    expect(page).to_have_url(re.compile("/app/sessions/s-"))
    session = page.url.rpartition("/")[2]
    until(lambda: site.state(session)["nodes"]["phase4"]["artifact"])
    page.goto(f"/app/sessions/{session}/report")
    expect(page.get_by_role("article")).to_contain_text("来源")
    dialog, foretold = asked(page, "Rerun: report")
    dialog.get_by_text("More choices").click()
    dialog.get_by_label("Language of the report").select_option("The question’s own")
    accessible(page)
    expect(foretold).to_contain_text(re.compile(r"Runs\s*Report"))
    dialog.get_by_role("button", name="Rerun", exact=True).click()
    told(page, "Rerun of the report: done")
    expect(page.get_by_role("article")).to_contain_text("What the sources answer")
