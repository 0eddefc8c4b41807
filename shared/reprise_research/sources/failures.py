"""Why a source has no text, in words that a user understands, and what to do about it."""

from reprise_contracts.sources import FailureReason

_GIVE_TEXT = "Open the page yourself and give its text or a saved file instead."
ACTIONS: dict[FailureReason, str] = {
    "blocked_address": "Give an address on the public internet, or upload the page as a file.",
    "not_found": "Check the address; the page may have moved.",
    "forbidden": _GIVE_TEXT,
    "challenge": "The site asks for a browser with a person in front of it. " + _GIVE_TEXT,
    "paywall": "Only subscribers can read it. " + _GIVE_TEXT,
    "robots": "The site asks programs not to read this page. Read it yourself and give its text if you are "
    "allowed to.",
    "timeout": "Try again later with refetch, or upload the document as a file.",
    "unreachable": "Check the address and try again later with refetch.",
    "too_large": "Upload the part that matters as a file of its own.",
    "too_many_redirects": "Open the address in a browser and give the one that it ends at.",
    "unsupported": "Give it as a page, PDF, office document, captions, mail, table or text, or install what "
    "its detail names.",
    "not_text": "If it is a scan, run text recognition on it first; else give it as HTML, PDF, Markdown or "
    "plain text.",
    "empty": "Check that the page shows text without scripts; otherwise give its text.",
    "malformed": "The file seems damaged. Open and save it again, or give its text.",
    "server_error": "Try again later with refetch.",
    "resources": "The document needs more memory than one source may use. Give its text instead.",
}


class SourceFailed(Exception):
    """One source has no text: `reason` names why, `detail` says it in a sentence."""

    def __init__(self, reason: FailureReason, detail: str) -> None:
        super().__init__(detail)
        self.reason: FailureReason = reason
        self.detail = detail


def action_for(reason: FailureReason) -> str:
    """What the user can do."""
    return ACTIONS[reason]
