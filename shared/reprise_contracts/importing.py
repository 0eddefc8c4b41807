"""What a session of another installation becomes here: `import`, and every command that a session's log
answers."""

from collections.abc import Mapping

from reprise_contracts.commands import SESSION_COMMANDS, Command
from reprise_contracts.events import Shared
from reprise_contracts.wire import CommandId, Id, Message


class Import(Command):
    """`import`: a new session has what a bundle of another one brings (R41), whose objects are stored
    already."""

    origin: Id
    """The session that the bundle was made of."""
    shared: Shared


class ImportCall(Message):
    """`POST /batches/import`: the body is the bundle itself."""

    command_id: CommandId | None = None


EVERY_SESSION_COMMAND: Mapping[str, type[Command]] = {**SESSION_COMMANDS, "import": Import}
