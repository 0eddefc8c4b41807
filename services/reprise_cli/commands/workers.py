"""`reprise workers`: the pools, what is wrong with them, and an operator's orders to them."""

import time
from collections.abc import Sequence
from typing import Annotated, Literal, get_args

import typer
from rich.console import Group
from rich.text import Text

from reprise_cli import render
from reprise_cli.errors import UsageError
from reprise_cli.terminal import Terminal
from reprise_client import Client
from reprise_contracts.nodes import PHASES, Phase
from reprise_contracts.states import PoolView

Order = Literal["pause", "resume", "drain"]
LOOK_EVERY = 0.5
TOLD = {
    "pause": "takes no more jobs",
    "resume": "takes jobs again",
    "drain": "takes no more jobs and finishes what it has",
}

OrderArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[pause|resume|drain]",
        help="What the pools are to do; nothing: show them.",
        show_default=False,
    ),
]
PhasesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[PHASE...]", help="The pools.", show_default=False)
]
WaitOption = Annotated[
    bool, typer.Option("--wait/--no-wait", help="With drain: wait until nothing is in work.")
]


def workers(
    terminal: Terminal, order: OrderArgument = None, phases: PhasesArgument = None, *, wait: WaitOption = True
) -> None:
    """Show the worker pools and what is wrong with them; or pause, resume or drain some of them (this takes
    an operator's token).

    A paused pool takes no more jobs until it is resumed, whatever is started again meanwhile; its work waits,
    nothing is lost.
    """
    if order is None:
        with terminal.client() as client:
            found = client.workers()
        terminal.answer(_document(found), Group(render.pools(found), *_words(found)))
        return
    chosen = _chosen(order, phases or [])
    with terminal.client() as client:
        for phase in chosen:
            client.order(phase, order)
            terminal.say(f"{phase} {TOLD[order]}.")
        found = _drained(terminal, client, chosen) if order == "drain" and wait else client.workers()
    if terminal.as_json:
        terminal.answer(_document([pool for pool in found if pool.phase in chosen]), "")


def _drained(terminal: Terminal, client: Client, chosen: Sequence[Phase]) -> list[PoolView]:
    """Wait until nothing is in work, saying what still is. Ctrl-C ends the waiting, not the order."""
    waiting, said = list(chosen), ""
    while True:
        found = client.workers()
        for pool in found:
            if pool.phase in waiting and pool.state != "draining":
                waiting.remove(pool.phase)
                terminal.say(f"{pool.phase} is {pool.state}.")
        if not waiting:
            return found
        running = [
            job
            for pool in found
            if pool.phase in waiting
            for worker in pool.workers
            for job in worker.running
        ]
        now = f"Still in work: {', '.join(sorted(running)) or 'waiting to hear from the workers'}"
        if now != said:
            terminal.say(now)
            said = now
        time.sleep(LOOK_EVERY)


def _chosen(order: str, phases: list[str]) -> list[Phase]:
    if order not in get_args(Order):
        raise UsageError(
            f"There is no order {order}.",
            "Write pause, resume or drain, then the pools: `reprise workers pause phase3`.",
        )
    unknown = [phase for phase in phases if phase not in PHASES]
    if unknown or not phases:
        raise UsageError(
            f"There is no pool {unknown[0]}." if unknown else "Name the pools.",
            f"Choose among {', '.join(PHASES)}.",
        )
    return [phase for phase in PHASES if phase in phases]


def _document(found: list[PoolView]) -> dict[str, object]:
    return {"pools": [pool.model_dump(mode="json") for pool in found]}


def _words(found: list[PoolView]) -> list[Text]:
    """What is wrong, and what to do, under the table."""
    return [
        Text(f"{finding.name}: {finding.detail} {finding.action}", style=render.RESULTS[finding.result])
        for pool in found
        for finding in pool.findings
    ]
