"""`ResearchSession`, where it stood before the library had a package of its own."""

from reprise_research import ResearchSession

__all__ = ["ResearchSession"]
