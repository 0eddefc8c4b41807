"""Whether finished artifacts still say what their sources say: a report, its findings and the texts are held
against each other.

Nothing here needs the engine that made them. `check_report`, and `check_bundle` for a session's bundle, give
every fault that code can see: a quote that does not stand in its text, a figure, year, unit or sign that no
cited passage gives, a negation or a direction that is another one, a reference that does not carry its
sentence, a name that is another source's, Markdown that is not its sections'.
"""

from reprise_research.checking.bundled import NoReport, check_bundle, outdated
from reprise_research.checking.faults import Fault, FaultKind
from reprise_research.checking.report import Made, check_report, cited_by, is_moved

__all__ = [
    "Fault",
    "FaultKind",
    "Made",
    "NoReport",
    "check_bundle",
    "check_report",
    "cited_by",
    "is_moved",
    "outdated",
]
