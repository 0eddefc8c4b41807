"""Webhooks that are told through Apprise, an optional extra (`reprise-research[notify]`): mail, chats and
whatever else it has a scheme for."""

import asyncio
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from urllib.parse import urlsplit

from reprise_contracts.problems.model import Problem
from reprise_contracts.webhooks import Announcement

_TITLE = "Reprise"
_THREADS = ThreadPoolExecutor(8, thread_name_prefix="apprise")
"""Apprise blocks: it takes no thread of anybody else."""


class NotSent(Exception):
    """Apprise could not tell it; it says no more than that."""


def apprise_problem(url: str, schemes: Collection[str]) -> Problem | None:
    """Why an address cannot be told through Apprise; None if it can. What Apprise connects to is not ours to
    check, so that an operator names the schemes that are let in."""
    scheme = urlsplit(url).scheme.lower()
    if scheme not in {name.lower() for name in schemes}:
        return Problem(
            type="feature_off",
            field="url",
            detail=f"Addresses with the scheme {scheme[:40]} are not let in.",
            action="Give an http or https address, or let the scheme in with REPRISE_WEBHOOKS__APPRISE.",
        )
    if find_spec("apprise") is None:
        return Problem(
            type="feature_off",
            field="url",
            detail="Apprise is not installed where the gateway runs.",
            action="Install reprise-research[notify], or give an http or https address.",
        )
    return (
        None
        if _instantiates(url)
        else Problem(
            type="invalid",
            field="url",
            detail=f"Apprise cannot read this address of the scheme {scheme[:40]}.",
            action="See what Apprise's documentation says of the scheme.",
        )
    )


def _instantiates(url: str) -> bool:
    from apprise import Apprise  # noqa: PLC0415 - an optional extra, and slow to load

    return Apprise.instantiate(url) is not None


async def tell(url: str, announcement: Announcement) -> None:
    """Tell one announcement. Raises `NotSent`."""
    loop = asyncio.get_running_loop()
    if not await loop.run_in_executor(_THREADS, _notify, url, announcement.data.text):
        raise NotSent("Apprise could not tell it; the gateway's log may say more.")


def _notify(url: str, text: str) -> bool:
    from apprise import Apprise  # noqa: PLC0415 - as above

    target = Apprise()
    return bool(target.add(url)) and bool(target.notify(title=_TITLE, body=text))
