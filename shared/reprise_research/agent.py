"""`DeepResearchAgent`, where it stood before the library had a package of its own."""

from reprise_research import DeepResearchAgent

__all__ = ["DeepResearchAgent"]
