"""Makes the two pictures of the README again, on a stack of its own that ends with it:

    PYTHONPATH=services:shared python docs/pictures.py [FOLDER]

It researches the sample batch, opens a passage of the report, then replaces a source. It takes Chromium and
Playwright, as the browser tests do.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, expect, sync_playwright

from reprise_runtime.operate.servers import free_ports

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "samples"
FILES = (
    SAMPLES / "files" / "hospital-registry.txt",
    SAMPLES / "files" / "taxi-federation.md",
    SAMPLES / "university-assessment.txt",
    SAMPLES / "web" / "city" / "one-year-of-30.html",
    SAMPLES / "web" / "courier" / "slower-safer-dearer.html",
    SAMPLES / "web" / "transit" / "bus-timetables.html",
)
KINDS = {".html": "text/html", ".md": "text/markdown", ".txt": "text/plain"}
NOTES = {"title": "Field notes", "text": "Injuries on the streets of Havenbrook fell by 20 percent."}
SIZE = (1440, 1000)
PATIENCE = 300.0
"""Seconds that the research may take."""


@contextmanager
def stack(folder: Path) -> Iterator[str]:
    """Run `reprise up` in a folder; yield its address."""
    port, nats, s3 = map(str, free_ports(3))
    command = [sys.executable, "-m", "reprise_cli", "up", "--state-dir", str(folder), "--port", port]
    command += ["--nats-port", nats, "--s3-port", s3]
    settings = os.environ | {"REPRISE_ENGINE": "extractive"}
    running = subprocess.Popen(  # noqa: S603  # our own program
        command, stdout=subprocess.PIPE, text=True, env=settings
    )
    try:
        if running.stdout is None or "ready" not in running.stdout.readline():
            raise SystemExit("the stack did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(60)


def researched(http: httpx.Client) -> dict[str, Any]:
    """Research the sample batch to its end; return its ids."""
    topic = (SAMPLES / "topic.txt").read_text("utf-8").strip()
    files = [("files", (file.name, file.read_bytes(), KINDS[file.suffix])) for file in FILES]
    created: dict[str, Any] = (
        http.post("/batches", data={"topic": topic}, files=files).raise_for_status().json()
    )
    end = time.monotonic() + PATIENCE
    while True:
        state = http.get(f"/sessions/{created['session_id']}").raise_for_status().json()
        if state["nodes"]["phase4"]["artifact"] and not state["run"]:
            return created
        if time.monotonic() > end:
            raise SystemExit("the research took too long")
        time.sleep(0.2)


def report(page: Page) -> None:
    """The report beside the passage that one of its claims rests on."""
    page.locator("article .cite").nth(1).click()
    expect(page.get_by_role("complementary", name="The passage in its source")).to_be_visible()
    page.mouse.move(0, 0)


def outdated(page: Page) -> None:
    """The session after a source was replaced."""
    expect(page.get_by_role("region", name="How it stands")).to_contain_text("Field notes")
    expect(page.locator(".graph-canvas path").first).to_be_attached()


def main(folder: Path) -> None:
    """Write both pictures."""
    browser_path = next(found for name in ("chromium", "google-chrome") if (found := shutil.which(name)))
    with (
        tempfile.TemporaryDirectory() as state,
        stack(Path(state)) as address,
        httpx.Client(base_url=address, timeout=60) as http,
        sync_playwright() as playwright,
    ):
        created = researched(http)
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(
            base_url=address,
            viewport={"width": SIZE[0], "height": SIZE[1]},
            color_scheme="light",
            reduced_motion="reduce",
        )
        page.set_default_timeout(60_000)
        page.goto(f"/app/sessions/{created['session_id']}/report")
        report(page)
        page.screenshot(path=folder / "report.png")
        sources = f"/batches/{created['batch_id']}/sources"
        first = http.get(sources).raise_for_status().json()["sources"][0]["source_id"]
        http.put(f"{sources}/{first}", json=NOTES).raise_for_status()
        page.goto(f"/app/sessions/{created['session_id']}")
        outdated(page)
        page.screenshot(path=folder / "session.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "images")
