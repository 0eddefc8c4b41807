"""The research agent: five phase functions, sources and engines. It knows nothing of messaging or of where
its store is.

`DeepResearchAgent` and `ResearchSession`, which run the phases under the rules, are in `reprise_library`, and
can be had from here.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reprise_library import DeepResearchAgent, ResearchSession

__all__ = ["DeepResearchAgent", "ResearchSession"]


def __getattr__(name: str) -> object:
    """Load the library when it is asked for: the phases do without it."""
    if name in __all__:
        import reprise_library  # noqa: PLC0415 - see above

        return getattr(reprise_library, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
