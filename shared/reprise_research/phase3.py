"""Phase 3 of a session: the steps of its plan, the first time and every time again."""

import asyncio
from collections.abc import Callable, Iterable

from reprise_contracts.artifacts import Step, StepFindings
from reprise_contracts.nodes import step_node
from reprise_research.context import Context
from reprise_research.phases.execute import execute
from reprise_research.session import ResearchSession


class Phase3Execute:
    """Runs steps of the session's plan. `context_for` gives the context of a node, with its guidance."""

    def __init__(self, session: ResearchSession, context_for: Callable[[str], Context], *, at_once: int = 4) -> None:
        self._session = session
        self._context_for = context_for
        self._at_once = at_once

    async def run(self, step_ids: Iterable[int] | None = None) -> dict[int, StepFindings]:
        """Run these steps (all, if none is named), in parallel as far as they do not depend on each other (R2)."""
        chosen = [self._session.step(number) for number in step_ids] if step_ids is not None else list(self._session.phase2.steps)
        done = {step.step_id: asyncio.Event() for step in chosen}
        gate = asyncio.Semaphore(self._at_once)

        async def one(step: Step) -> StepFindings:
            for other in step.depends_on:
                if other in done:
                    await done[other].wait()
            async with gate:
                found = await self._execute_step(step)
            done[step.step_id].set()
            return found

        async with asyncio.TaskGroup() as group:
            tasks = {step.step_id: group.create_task(one(step)) for step in chosen}
        return {number: task.result() for number, task in tasks.items()}

    async def rerun_step(self, step_id: int, *, guidance: str | None = None, cascade: bool = False) -> StepFindings:
        """Run one step again; its findings and scratchpad are replaced, no other's (R10).

        `guidance` replaces the step's own, `""` clears it, None keeps it (R12). With `cascade` the steps below it whose inputs changed
        run too; without it they are stale, as is the report. Raises `NothingToRead` for a step that the plan does not have."""
        step = self._session.step(step_id)
        if guidance is not None:
            self._session.guidance[step_node(step_id)] = guidance
        found = await self._execute_step(step)
        if cascade:
            for below in self._session.phase2.steps:
                node = step_node(below.step_id)
                if below.step_id != step_id and node in self._session.entries and not self._session.is_fresh(node):
                    await self._execute_step(below)
        return found

    async def _execute_step(self, step: Step) -> StepFindings:
        """One step, by the same way whether it is the first time or not."""
        node = step_node(step.step_id)
        reads = self._session.inputs_of(node)
        found = await execute(step, self._session.phase0, self._session.findings, self._context_for(node))
        self._session.put(node, found, reads)
        return found
