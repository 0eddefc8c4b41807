"""Calls of a provider's interface. Its address is the operator's word, so it may be on a private network;
what it answers are addresses, which are fetched like any other."""

import asyncio
from urllib.parse import urlsplit

import httpx

from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.searching.model import Ask, Request

_LARGEST = 10_000_000
_LONGEST_WAIT = 10


def asking(client: httpx.AsyncClient, seconds: float) -> Ask:
    """Calls that end within so many seconds each, and are repeated once where the provider asks for a short
    wait."""

    async def ask(request: Request) -> bytes:
        host = urlsplit(request.url).hostname or request.url
        try:
            async with asyncio.timeout(seconds + _LONGEST_WAIT):
                answer = await _sent(client, request)
                wait = answer.headers.get("retry-after", "")
                if answer.status_code in {429, 503} and wait.isdigit() and int(wait) <= _LONGEST_WAIT:
                    await asyncio.sleep(int(wait))
                    answer = await _sent(client, request)
        except (TimeoutError, httpx.TimeoutException):
            raise SourceFailed("timeout", f"{host} did not answer the search in time.") from None
        except (httpx.TransportError, httpx.InvalidURL):
            raise SourceFailed("unreachable", f"{host} could not be reached for the search.") from None
        if answer.status_code != httpx.codes.OK:
            raise _refused(answer.status_code, host)
        return answer.content

    return ask


async def _sent(client: httpx.AsyncClient, request: Request) -> httpx.Response:
    sent = client.build_request(
        "GET" if request.body is None else "POST",
        request.url,
        params=dict(request.params) or None,
        headers=dict(request.headers),
        json=request.body,
    )
    response = await client.send(sent, stream=True)
    try:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _LARGEST:
                raise SourceFailed("too_large", "The search was answered with more than can be read.")
    finally:
        await response.aclose()
    return httpx.Response(response.status_code, headers=_kept(response), content=bytes(body))


def _kept(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name == "retry-after"}


def _refused(status: int, host: str) -> SourceFailed:
    if status in {401, 403}:
        return SourceFailed("forbidden", f"{host} refused the search ({status}): its key, or what it allows.")
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return SourceFailed("server_error", f"{host} says that it has been asked too often (429).")
    if status >= 500:
        return SourceFailed("server_error", f"{host} has a problem of its own ({status}).")
    return SourceFailed("malformed", f"{host} did not accept the search ({status}).")
