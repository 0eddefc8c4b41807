"""The demo's sources are those that `samples/README.md` describes."""

import urllib.request
from urllib.parse import urlsplit

from reprise_cli.demo import SAMPLES, sites


def test_each_folder_of_pages_is_a_site_of_its_own() -> None:
    """Pages of one site are one voice: served together, no two of them would support each other."""
    with sites(SAMPLES / "web") as addresses:
        assert len({urlsplit(address).netloc for address in addresses}) == len(addresses) == 6
        for address in addresses:
            with urllib.request.urlopen(address, timeout=5) as page:  # noqa: S310  # one of ours, on the loopback interface
                assert b"<html" in page.read()
