"""A question is asked where one reads: what it means is shown first, and its answer is where it leads."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site

Open = Callable[..., Page]
Check = Callable[[Page], None]
QUESTION = "How many cars does the bridge carry a day?"
SCREENS = [
    pytest.param(1440, 900, "/report", id="wide"),
    pytest.param(390, 844, "", id="phone"),
]


@pytest.mark.parametrize(("width", "height", "where"), SCREENS)
def test_r12_a_question_leads_to_the_step_that_answers_it_with_citations(
    open_page: Open, accessible: Check, site: Site, width: int, height: int, where: str
) -> None:
    """It is a step of the plan, and the report is out of date until it has it."""
    _, session = site.finished(TOPIC, TEXTS)
    new = max(site.steps(session)) + 1
    page = open_page(f"/app/sessions/{session}{where}", width=width, height=height)
    field = page.get_by_role("textbox", name="Ask the sources")
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_disabled()
    field.fill(QUESTION)
    field.press("Enter")
    dialog = page.get_by_role("dialog", name="Ask the sources")
    expect(dialog).to_contain_text("becomes a step of the plan")
    preview = dialog.get_by_role("region", name="What will happen")
    expect(preview).to_contain_text(re.compile(rf"Runs\s*Step {new} {re.escape(QUESTION)}"))
    expect(preview).to_contain_text(re.compile(r"Out of date\s*Report"))
    accessible(page)
    dialog.get_by_role("button", name="Ask", exact=True).click()
    expect(page).to_have_url(re.compile(rf"{session}/steps/{new}$"))
    step = page.get_by_role("article", name=re.compile(f"^{new} "))
    expect(step).to_contain_text("12,000 cars")
    expect(step.get_by_role("button", name="The bridge").first).to_be_visible()
    expect(page.get_by_role("region", name="How it stands")).to_contain_text("Out of date: report")
    accessible(page)
    planned = site.http.get(f"/sessions/{session}/artifacts/phase2").json()["steps"]
    assert (planned[-1]["kind"], planned[-1]["query"]) == ("answer", QUESTION)


def test_what_is_asked_already_leads_to_the_step_that_asks_it(open_page: Open, site: Site) -> None:
    _, session = site.finished(TOPIC, TEXTS)
    asked = site.http.post(f"/sessions/{session}/ask", json={"question": QUESTION}).raise_for_status()
    new = max(site.steps(session))
    assert asked.json()["plan"]["run"] == [f"phase3/{new}"]
    site.at_rest(session)
    page = open_page(f"/app/sessions/{session}")
    page.get_by_role("textbox", name="Ask the sources").fill(QUESTION.lower())
    page.get_by_role("button", name="Ask", exact=True).click()
    dialog = page.get_by_role("dialog", name="Ask the sources")
    expect(dialog).to_contain_text(f"Step {new} asks this already")
    expect(dialog.get_by_role("button", name="Ask", exact=True)).to_be_disabled()
    dialog.get_by_role("link", name=f"Step {new}").click()
    expect(page).to_have_url(re.compile(rf"/steps/{new}$"))
    expect(dialog).to_have_count(0)
