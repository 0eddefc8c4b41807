"""The tokens of previews: a tool that runs something takes one that was given for exactly the same
arguments."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from reprise_client import Refused
from reprise_contracts.problems.model import Problem
from reprise_contracts.wire import canonical

PREVIEW_FIRST = (
    "Call `preview` with this tool and exactly these arguments, look at what it answers, and pass on the "
    "token that it gives."
)
NO_PLAN = "0" * 32
"""In place of a plan's token, where there is no session yet."""


@dataclass(frozen=True, slots=True)
class Permit:
    """What a token stands for."""

    plan_token: str
    """The server's own token of the preview: it refuses what is not as it was shown."""
    command_id: str
    """One preview, one command: a token that is sent twice does what it says once (R16)."""


class Permits:
    """Gives tokens and knows them again, by a key that no caller has. Nothing is stored: whoever has the key
    knows the tokens of the others who have it."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def give(self, tool: str, arguments: dict[str, object], plan_token: str = NO_PLAN) -> str:
        """The token of a preview of a tool with these arguments."""
        nonce = secrets.token_hex(8)
        return f"{nonce}{plan_token}{self._seal(tool, arguments, nonce, plan_token)}"

    def check(self, token: str, tool: str, arguments: dict[str, object]) -> Permit:
        """What a token stands for; raises `Refused` for one of other arguments, or of nobody's."""
        nonce, plan_token, seal = token[:16], token[16:48], token[48:]
        if not hmac.compare_digest(seal.encode(), self._seal(tool, arguments, nonce, plan_token).encode()):
            raise Refused.by(
                Problem(
                    type="invalid",
                    field="token",
                    detail="This token is not that of a preview of this tool with exactly these arguments.",
                    action=PREVIEW_FIRST,
                )
            )
        return Permit(plan_token, f"mcp-{hashlib.sha256(token.encode()).hexdigest()[:40]}")

    def _seal(self, tool: str, arguments: dict[str, object], nonce: str, plan_token: str) -> str:
        said = canonical([tool, arguments, nonce, plan_token])
        return hmac.new(self._key, said, hashlib.sha256).hexdigest()[:32]
