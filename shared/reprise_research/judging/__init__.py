"""What statements say of one another: agreement, dispute, copy, or nothing.

`Judge` compares passages; `verdicts` has the rules, `grounds` what shows a dispute. They read a statement
once (`statement`), take it apart (`clauses`), lay two side by side (`alignment`), and know opposites by
lexical data and meaning (`opposites`, `anchors`).
"""

from reprise_research.judging.judge import Judge, judging, tongue
from reprise_research.judging.verdict import Ground, Relation, Verdict
from reprise_research.judging.verdicts import judge

__all__ = ["Ground", "Judge", "Relation", "Verdict", "judge", "judging", "tongue"]
