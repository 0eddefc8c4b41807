"""Builders for the tests of the extractive engine."""

from reprise_research.text.passages import Passage


def passage(text: str, source_id: str, site: str = "") -> Passage:
    """A passage that is the whole of its source's text."""
    return Passage(source_id=source_id, site=site or f"{source_id}.example", text=text, start=0, end=len(text), position=0)
