"""What Apprise tells, by an address of its own on this machine."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from reprise_announcements.announcing import backup_is_old
from reprise_gateway.operations.apprise_targets import NotSent, apprise_problem, tell

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # Apprise's own affair
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANNOUNCEMENT = backup_is_old(NOW - timedelta(hours=80), NOW)


class Taken(HTTPServer):
    said: list[dict[str, str]]
    status = 200


class Taker(BaseHTTPRequestHandler):
    server: Taken

    def do_POST(self) -> None:
        self.server.said.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def taken() -> Iterator[Taken]:
    with Taken(("127.0.0.1", 0), Taker) as server:
        server.said = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def test_apprise_tells_the_sentence(taken: Taken) -> None:
    url = f"json://127.0.0.1:{taken.server_port}/"
    assert apprise_problem(url, {"json"}) is None
    await tell(url, ANNOUNCEMENT)
    (said,) = taken.said
    assert (said["title"], said["message"]) == ("Reprise", "The last backup was made 80 hours ago.")


async def test_what_apprise_cannot_tell_is_tried_again(taken: Taken) -> None:
    taken.status = 500
    with pytest.raises(NotSent):
        await tell(f"json://127.0.0.1:{taken.server_port}/", ANNOUNCEMENT)


def test_an_address_that_apprise_cannot_read_is_refused() -> None:
    refused = apprise_problem("slack://nothing", {"slack"})
    assert refused is not None
    assert refused.type == "invalid"
    assert "nothing" not in refused.detail
