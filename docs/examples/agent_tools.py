"""A plain MCP client, with nothing of ours: it researches a text, plans anew exactly as previewed, and asks
what a finding rests on.

python docs/examples/agent_tools.py http://127.0.0.1:8700/mcp [TOKEN]  # a gateway's tools, over HTTP
python docs/examples/agent_tools.py reprise mcp  # a program's, over its standard input and output
"""

import asyncio
import os
import sys
from typing import Any

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

LAKE = {
    "title": "Lake authority",
    "text": "The level of the lake fell by 40 centimetres last summer. Fishing fell by 12 percent.",
}


class Refused(Exception):
    """A tool answered with a problem: what it says, and what to do."""


class Agent:
    """What a model would decide, decided by a few lines."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def use(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Use a tool. Raises `Refused`."""
        result = await self.client.call_tool(tool, arguments)
        answer: dict[str, Any] = result.structured_content
        if result.is_error:
            raise Refused(f"{tool}: {answer['problem']['detail']} {answer['problem']['action']}")
        return answer

    async def run(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """See what a tool would run, run that, and wait until it is over."""
        shown = await self.use("preview", tool=tool, arguments=arguments)
        show(f"{tool} would run {' '.join(shown['plan']['run'])}")
        taken = await self.use(tool, **arguments, token=shown["token"])
        session, command = taken["session_id"], taken["command_id"]
        while True:
            stands = await self.use("status", session_id=session, command_id=command, wait_seconds=20)
            if stands["command"]["status"] not in {"accepted", "queued", "running"}:
                show(f"{tool}: {stands['command']['status']}")
                return stands

    async def play(self) -> None:
        """Research, rerun, cite."""
        stands = await self.run("research", topic="Why is the lake so low?", sources=[LAKE])
        session = stands["session_id"]
        await self.run("rerun", session_id=session, phase="phase2", guidance="since 2019")
        steps = (await self.use("findings", session_id=session))["steps"]
        finding = next(found for step in steps for found in step["findings"])
        for passage in (await self.use("cite", session_id=session, finding_id=finding["finding_id"]))[
            "citations"
        ]:
            show(f"{passage['quote']!r} stands: {passage['stands']}")
        report = await self.use("report", session_id=session)
        show(report["material"])


def show(line: str) -> None:
    """Print one line."""
    sys.stdout.write(line + "\n")


async def main(first: str, *more: str) -> None:
    """Connect to an address or a program."""
    if first.startswith("http"):
        headers = {"Authorization": f"Bearer {more[0]}"} if more else {}
        server = streamable_http_client(first, http_client=httpx2.AsyncClient(headers=headers, timeout=60))
    else:
        server = StdioServerParameters(command=first, args=[*more], env=dict(os.environ))
    refused = None
    async with Client(server) as client:
        try:
            await Agent(client).play()
        except Refused as error:  # the connection is left as it is to be; then the program ends in its words
            refused = error
    if refused is not None:
        sys.exit(str(refused))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
