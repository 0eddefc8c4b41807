"""The judge as the tests ask it."""

from reprise_research.judging import Relation, judge
from reprise_research.meaning import encoder

MEANING = encoder()
AGREEMENT, DISPUTE, UNLIKE, COPY = Relation.AGREEMENT, Relation.DISPUTE, Relation.UNLIKE, Relation.COPY


def relation(one: str, other: str, code: str = "en", other_code: str = "") -> Relation:
    """The verdict, which is the same from both sides."""
    codes = (code, other_code or code)
    found, turned = judge(one, other, codes, MEANING), judge(other, one, codes[::-1], MEANING)
    assert (found.relation, found.ground) == (turned.relation, turned.ground)
    return found.relation
