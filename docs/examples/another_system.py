"""Another system on NATS, with nothing of Reprise: it runs a phase or some steps of a session again and
follows what comes of it.

python docs/examples/another_system.py nats://127.0.0.1:4222 SESSION phase2
python docs/examples/another_system.py nats://127.0.0.1:4222 SESSION 3 5
"""

import asyncio
import json
import sys
from uuid import uuid4

import nats
from nats.js.api import DeliverPolicy


async def rerun(server: str, session: str, named: list[str]) -> int:
    """Send the command, and print every event of the log until its run is over."""
    client = await nats.connect(server)
    stream = client.jetstream()
    log = await stream.subscribe(
        f"reprise.v1.log.{session}", ordered_consumer=True, deliver_policy=DeliverPolicy.NEW
    )
    target = (
        {"phase": named[0]} if named[0].startswith("phase") else {"steps": [int(number) for number in named]}
    )
    command = {"command_id": uuid4().hex, "target": target}
    await stream.publish(
        f"reprise.v1.cmd.{session}.rerun", json.dumps(command).encode()
    )  # answers once the command is kept
    run = ""
    async for message in log.messages:
        for event in json.loads(message.data)["events"]:
            show(f"{event['type']} {event.get('node', '')}".rstrip())
            if event.get("command_id") == command["command_id"]:
                if "problem" in event:
                    show(f"{event['problem']['detail']} {event['problem']['action']}")
                    return 3
                run = event["run_id"]
            elif event["type"] == "run_finished" and event["run_id"] == run:
                await client.close()
                return 0 if event["outcome"] == "completed" else 1
    return 1


def show(line: str) -> None:
    """Print one line."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(asyncio.run(rerun(sys.argv[1], sys.argv[2], sys.argv[3:])))
