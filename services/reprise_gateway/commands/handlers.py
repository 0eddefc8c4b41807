"""What is done for each call of `reprise_contracts.calls`: one handler a kind, whichever door the call came
through."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from reprise_contracts.commands import BatchRequest, CommandCall, EndCall, StateCall
from reprise_contracts.comparing import CompareCall
from reprise_contracts.impact import ImpactCall
from reprise_contracts.watches import UnwatchCall, WatchCall, WatchesCall
from reprise_contracts.webhooks import (
    RemoveWebhookCall,
    ReplayWebhookCall,
    WebhookRequest,
    WebhooksCall,
)
from reprise_contracts.wire import Message
from reprise_gateway.access.access import Caller
from reprise_gateway.commands.fleet import cancel_all, refresh_all
from reprise_gateway.commands.intake import Intake
from reprise_gateway.commands.workflow import WorkflowService

Handler = Callable[[WorkflowService, Any, Caller], Awaitable[Message]]
"""Takes the call's body, which is of the type that the table names, and returns one of its answers. Raises
`RepriseError`."""


async def _start(service: WorkflowService, body: BatchRequest, who: Caller) -> Message:
    return (await service.start(body, Intake(body.sources), who)).created


async def _end(service: WorkflowService, body: EndCall, who: Caller) -> Message:
    return await service.batches.end(body, who)


async def _state(service: WorkflowService, body: StateCall, who: Caller) -> Message:
    return await service.state(body.session_id)


async def _command(service: WorkflowService, body: CommandCall, who: Caller) -> Message:
    return await service.command(body.session_id, body.command_id)


async def _watch(service: WorkflowService, body: WatchCall, who: Caller) -> Message:
    return await service.watching.watch(body, who)


async def _unwatch(service: WorkflowService, body: UnwatchCall, who: Caller) -> Message:
    return await service.watching.unwatch(body, who)


async def _watches(service: WorkflowService, body: WatchesCall, who: Caller) -> Message:
    return await service.watching.show(body.batch_id)


async def _impact(service: WorkflowService, body: ImpactCall, who: Caller) -> Message:
    return await service.impact(body)


async def _compare(service: WorkflowService, body: CompareCall, who: Caller) -> Message:
    return await service.compare(body)


async def _add_webhook(service: WorkflowService, body: WebhookRequest, who: Caller) -> Message:
    return await service.webhooks.add(body, who)


async def _webhooks(service: WorkflowService, body: WebhooksCall, who: Caller) -> Message:
    return await service.webhooks.list()


async def _remove_webhook(service: WorkflowService, body: RemoveWebhookCall, who: Caller) -> Message:
    return await service.webhooks.remove(body, who)


async def _replay_webhook(service: WorkflowService, body: ReplayWebhookCall, who: Caller) -> Message:
    return await service.webhooks.replay(body, who)


HANDLERS: Mapping[str, Handler] = {
    "start": _start,
    "restart_phase": WorkflowService.rerun_phase,
    "restart_step": WorkflowService.rerun_step,
    "rerun": WorkflowService.rerun,
    "refresh": WorkflowService.refresh,
    "accept": WorkflowService.accept,
    "ask": WorkflowService.ask,
    "lock": WorkflowService.lock,
    "tag": WorkflowService.tag,
    "refresh_all": refresh_all,
    "cancel_all": cancel_all,
    "fork": WorkflowService.fork,
    "end_session": WorkflowService.end_session,
    "cancel": WorkflowService.cancel,
    "end": _end,
    "watch": _watch,
    "unwatch": _unwatch,
    "watches": _watches,
    "add_webhook": _add_webhook,
    "webhooks": _webhooks,
    "remove_webhook": _remove_webhook,
    "replay_webhook": _replay_webhook,
    "impact": _impact,
    "compare": _compare,
    "state": _state,
    "command": _command,
}
"""By kind. `edit` and `import` have none: their bodies, an artifact and a bundle, are in a form of their own,
which only REST carries."""
