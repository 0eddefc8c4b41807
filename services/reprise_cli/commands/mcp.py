"""`reprise mcp`: the tools of an agent, over standard input and output."""

import asyncio
import secrets
from contextlib import nullcontext
from importlib.util import find_spec

from reprise_cli.errors import CommandFailed
from reprise_cli.terminal import Terminal


def mcp(terminal: Terminal) -> None:
    """Serve research as tools to an agent's program, which starts this command and speaks MCP with it over
    standard input and output. The tools do what the server's token may do; what runs needs the token of a
    preview. The gateway serves the same tools at /mcp."""
    if find_spec("mcp") is None:
        raise CommandFailed(
            "The Model Context Protocol is not part of this installation.",
            "Install it: pip install 'reprise-research[mcp]'",
        )
    from reprise_cli.commands.doctor import version  # noqa: PLC0415 - after the check
    from reprise_client import AsyncClient  # noqa: PLC0415 - as above
    from reprise_mcp.server import serve_stdio  # noqa: PLC0415 - loads the protocol's SDK

    async def serve() -> None:
        async with AsyncClient(terminal.server, terminal.token) as client:
            await serve_stdio(lambda _: nullcontext(client), secrets.token_bytes(32), version())

    asyncio.run(serve())
