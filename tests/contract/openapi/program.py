"""What a stranger does with the client that `openapi-python-client` made: start, preview, rerun, read. Prints
what came of it as JSON. Usage: program.py ADDRESS"""

import json
import sys
import time

from generated_client import Client
from generated_client.api.batches import start
from generated_client.api.sessions import artifact_phase2, command, report, state
from generated_client.api.workflow import restart_phase
from generated_client.models import (
    BatchRequest,
    Options,
    Phase2,
    Preview,
    ProblemDocument,
    Receipt,
    RestartPhase,
    RestartPhasePhase,
    SourceInput,
    State,
)
from generated_client.models.created import Created

client = Client(base_url=sys.argv[1])


def at_rest(session_id: str) -> State:
    """The session once nothing runs."""
    while True:
        found = state.sync(session_id, client=client)
        assert isinstance(found, State), found
        if found.run is None and not found.queue and found.nodes.additional_properties["phase0"].generation:
            return found
        time.sleep(0.1)


asked = BatchRequest(topic="steps=2", sources=[SourceInput(text="A text about nothing.", title="One")])
made = start.sync(client=client, body=asked)
assert isinstance(made, Created), made
before = at_rest(made.session_id)

wish = Options(guidance="prices", dry_run=True)
previewed = restart_phase.sync(
    client=client,
    body=RestartPhase(session_id=made.session_id, phase=RestartPhasePhase.PHASE2, options=wish),
)
assert isinstance(previewed, Preview), previewed

wish = Options(guidance="prices", plan_token=previewed.plan_token)
body = RestartPhase(session_id=made.session_id, phase=RestartPhasePhase.PHASE2, options=wish)
taken = restart_phase.sync(client=client, body=body, idempotency_key="generated-1")
assert isinstance(taken, Receipt), taken
after = at_rest(made.session_id)
outcome = command.sync(made.session_id, taken.command_id, client=client)

plan = artifact_phase2.sync(made.session_id, client=client)
assert isinstance(plan, Phase2), plan
missing = state.sync("s-nobody", client=client)
assert isinstance(missing, ProblemDocument), missing
text = report.sync(made.session_id, client=client)

print(
    json.dumps(
        {
            "run": sorted(previewed.plan.run),
            "command": taken.command_id,
            "outcome": outcome.status,
            "steps": [step.title for step in plan.steps],
            "fresh": after.nodes.additional_properties["phase4"].freshness,
            "moved": before.nodes.additional_properties["phase2"].generation
            < after.nodes.additional_properties["phase2"].generation,
            "report": text,
            "problem": missing.type_,
        }
    )
)
