"""What statements say of one another: agreement, dispute, copy, or nothing.

`Judge` compares passages; `verdicts` has the rules. They read a statement once (`statement`), lay two side by
side (`alignment`), and know opposites by lexical data and meaning (`opposites`, `anchors`).
"""

from reprise_research.judging.judge import Judge, judging, tongue
from reprise_research.judging.verdicts import Ground, Relation, Verdict, judge

__all__ = ["Ground", "Judge", "Relation", "Verdict", "judge", "judging", "tongue"]
