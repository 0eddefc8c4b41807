"""The research agent as a library: the rules of `reprise_domain` over a log in memory or in a folder, without
any server."""

from reprise_library.agent import DeepResearchAgent
from reprise_library.errors import CommandRefused, ResearchFailed
from reprise_library.journal import FolderJournal, Journal, MemoryJournal
from reprise_library.session import ResearchSession

__all__ = [
    "CommandRefused",
    "DeepResearchAgent",
    "FolderJournal",
    "Journal",
    "MemoryJournal",
    "ResearchFailed",
    "ResearchSession",
]
