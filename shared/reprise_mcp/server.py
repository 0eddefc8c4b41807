"""The tools as a server of the Model Context Protocol, by its official SDK, which this module loads."""

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from reprise_client import AsyncClient, CallFailed, Refused
from reprise_mcp.permits import Permits
from reprise_mcp.tools import INSTRUCTIONS, TOOLS, Bench, Tool, use

Context = ServerRequestContext[object]
Connect = Callable[[Context], AbstractAsyncContextManager[AsyncClient]]
"""The client that makes a call's calls, for as long as the call takes: it is who calls."""


def server(connect: Connect, key: bytes, version: str) -> Server[object]:
    """A server of the tools. `key` seals the tokens of previews: servers that share it know each other's."""
    permits = Permits(key)

    async def listed(_: Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(tool) for tool in TOOLS])

    async def called(context: Context, asked: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            async with connect(context) as client:
                answer = await use(Bench(client, permits), asked.name, dict(asked.arguments or {}))
        except CallFailed as error:
            return _result({"problem": _problem(error)}, failed=True)
        return _result(answer)

    return Server(
        "reprise",
        version=version,
        title="Reprise",
        instructions=INSTRUCTIONS,
        on_list_tools=listed,
        on_call_tool=called,
    )


def _described(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.schema,
        annotations=types.ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.reads_only,
            destructive_hint=tool.destroys if not tool.reads_only else None,
            idempotent_hint=True,  # a token is good for one call; sent again it does nothing twice
            open_world_hint=tool.runs,
        ),
    )


def _problem(error: CallFailed) -> dict[str, object]:
    """What went wrong: its type, the field, and what to do."""
    if not isinstance(error, Refused):
        return {"type": error.type, "detail": error.message, "action": error.action}
    document = error.problem.document() | {"type": error.problem.type}
    document.pop("plan_token", None)  # what runs takes a token of `preview`
    if error.problem.type == "plan_changed":
        document["action"] = "Call `preview` again, look at what would run now, and use its token."
    return document


def _result(answer: dict[str, object], *, failed: bool = False) -> types.CallToolResult:
    text = json.dumps(answer, ensure_ascii=False)
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)],
        structured_content=json.loads(text),
        is_error=failed,
    )


async def serve_stdio(connect: Connect, key: bytes, version: str) -> None:
    """Serve one agent over standard input and output, until it goes."""
    made = server(connect, key, version)
    async with stdio_server() as (reading, writing):
        await made.run(reading, writing, made.create_initialization_options())
