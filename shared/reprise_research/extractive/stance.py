"""What the words of a passage say of its stance and its scope: what went up or down, what is denied or doubted, and of which time,
people or part of a thing it speaks."""

import re
from functools import lru_cache

from reprise_research.text.words import content, stem, word_list

UP = frozenset(stem(word) for word in word_list("upwards"))
DOWN = frozenset(stem(word) for word in word_list("downwards"))
_HAN_UP = re.compile(r"上升|增加|增长|提高|升高|延长|恶化|上涨|上调|[涨升增]到|[涨升增]至")
_HAN_DOWN = re.compile(r"下降|减少|降低|缩短|改善|下跌|下调|[跌降减]到|[跌降减]至")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|cannot|nothing|hardly)\b|n['’]t\b|没有|并未|未能|不会|并不|无法", re.IGNORECASE
)
_DOUBT = re.compile(
    r"\bfar (?:more|less|longer|shorter|higher|lower|fewer|greater|smaller) than\b|could not be confirmed|cannot be confirmed|"
    r"not (?:true|correct|confirmed)|do(?:es)? not believe|\badmits?\b|allegedly|so-called|\bden(?:y|ies|ied)\b|contrary to|"
    r"overstate|exaggerate|misleading|无法证实|不实|夸大",
    re.IGNORECASE,
)
_LATIN = re.compile(r"[^\W\d_]+")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_MONTH = re.compile(r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b|(?<!\d)1?\d月")
_ORDINAL = re.compile(
    r"\b(?:first|second|third|fourth|last|previous|next|coming) (?:year|half|quarter|month|week|day|season|phase)\b", re.IGNORECASE
)
_LABEL = re.compile(
    r"\b(?:line|route|phase|zone|district|station|room|group|version|class|stage|block|ward|terminal|gate)s? \d+\b|"
    r"(?<!\d)\d{1,2}号[线楼馆]?"
)
"""Things of which there are several, by their number: `line 4`."""
_PERIOD = re.compile(
    r"\b(?:(?P<day>daily|(?:per|a|each|every) day)|(?P<week>weekly|(?:per|a|each|every) week)|"
    r"(?P<month>monthly|(?:per|a|each|every) month))\b|(?P<han_day>每天|每日|日均)|(?P<han_week>每周)|(?P<han_month>每月|月均)",
    re.IGNORECASE,
)
_THAN = re.compile(r"\b(?:than|as) (?:was |were |had been )?\w+(?: for)?", re.IGNORECASE)
"""What something is compared with is not what it speaks of: `less than planned`."""
_NOT_SO = re.compile(
    r"\b(?:(?:do|does|did|has|have|had|is|are|was|were|will|would|could|can)(?: not|n['’]t)|cannot|never) (?:\w+ly )?\w+|"
    r"(?:没有|并未|未能|未曾|从未|不曾)[\u4e00-\u9fff]{2}",
    re.IGNORECASE,
)
"""What did not happen: `did not rise`."""
_STILL = re.compile(r"\b(?:still|remain(?:s|ed)|unchanged|stayed|kept at)\b|仍为|仍是|仍然|保持|维持|不变", re.IGNORECASE)
_FROM_TO = re.compile(
    r"(?:\bfrom |从|由)(?:\w+ ){0,2}(?P<before>(?!(?:19|20)\d\d\b)\d+(?:,\d{3})*(?:\.\d+)?)"
    r"[^.;。；\d]{0,24}?(?:\bto |到|至)(?:\w+ ){0,2}(?P<after>\d+(?:,\d{3})*(?:\.\d+)?)",
    re.IGNORECASE,
)
"""Where something came from, and where it went; years are no such figures."""
_COMPARED = re.compile(
    r"\b(?:below|above|than|under|over|exceed(?:s|ed|ing)?|instead of|short of|compared (?:with|to)) (?:the|its|their)(?: [a-z]+){0,2}"
    r" ?[€$£¥]?\d[^.,;:!?]*(?:[.,]\d+[^.,;:!?]*)*|"
    r"(?:高于|低于|超过|不及|多于|少于|比)(?:[^，。；\d]{0,10}|20\d\d年)的\d[^，。；]*?(?=[，。；]|下降|上升|增加|减少|增长|$)",
    re.IGNORECASE,
)
"""What a passage only compares with."""
_REJECTED = re.compile(r"(?:\b(?:and|but)|,) not (?:the )?[€$£¥]? ?\d[^;:!?]*|(?:而不是|而非|并非)\d[^，。；]*", re.IGNORECASE)
"""What a passage says that something is not."""
_SCOPES = tuple(
    frozenset(stem(word) for word in scope.split())
    for scope in (
        "night evening daytime morning afternoon peak rush weekend weekday",
        "bus tram car cyclist bicycle pedestrian taxi lorry van ambulance train",
        "child children pupil adult elderly women men",
        "serious slight fatal minor severe death killed",
        "forecast planned budgeted expected aside",
        "varied vary variation fluctuate",
        "share subsidy subsidised grant net gross",
        "running operating maintenance",
        "comparison elsewhere abroad",
    )
)
"""Words that say which part of a thing is meant: passages that name different parts may both be right."""
SENTENCE_END = re.compile(r"(?<=[.!?;。！？；])\s*")


@lru_cache(maxsize=16384)
def stated(text: str) -> str:
    """What a passage itself states, with blanks in the place of what it only compares with (`below the 120,000 that were expected`), of
    where something came from (`from 61 to 58`), and of what it rejects (`and not 3.1 million`)."""
    for match in (*_COMPARED.finditer(text), *_FROM_TO.finditer(text), *_REJECTED.finditer(text)):
        start, end = match.span("before") if match.re is _FROM_TO else match.span()
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def rejected(text: str) -> str:
    """What a passage says that something is not."""
    return " ".join(match[0] for match in _REJECTED.finditer(text))


def apart(one: str, other: str) -> bool:
    """Whether the passages speak of different times, means, people or parts, so that both may be right."""
    first, second = (_stems(_THAN.sub(" ", stated(text))) for text in (one, other))
    for scope in _SCOPES:
        mine, theirs = first & scope, second & scope
        if (mine or theirs) and not mine & theirs:
            return True
    (label, period, *mine_then), (other_label, other_period, *theirs_then) = _times(one), _times(other)
    if label != other_label or period != other_period:
        return True
    return any(mine and theirs and not mine & theirs for mine, theirs in zip(mine_then, theirs_then, strict=True))


@lru_cache(maxsize=16384)
def _times(text: str) -> tuple[frozenset[str], ...]:
    """The numbered part that a passage speaks of and the span of time that it counts by, then its years, months and turns."""
    lower = text.lower()
    found = (_LABEL.findall(lower), [_period(text)], _YEAR.findall(text), _MONTH.findall(text), _ORDINAL.findall(lower))
    return tuple(frozenset(one) for one in found)


def _period(text: str) -> str:
    """Of which span of time a passage counts, if it says so: `day`, `week`, `month`; else nothing."""
    found = _PERIOD.search(text)
    return (found.lastgroup or "").removeprefix("han_") if found else ""


@lru_cache(maxsize=16384)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in _LATIN.findall(text.lower()) if word != "even")  # which has the stem of `evening`


@lru_cache(maxsize=16384)
def direction(text: str) -> int:
    """1 if the passage says that something went up, -1 if down, 0 if neither or both. What did not happen says nothing, and where it
    went from one figure to another the figures decide."""
    said = _NOT_SO.sub(" ", text)
    up = bool(_stems(said) & UP or _HAN_UP.search(said))
    down = bool(_stems(said) & DOWN or _HAN_DOWN.search(said))
    moves = _FROM_TO.search(said) if up or down else None
    if moves is not None:
        before, after = (float(moves[side].replace(",", "")) for side in ("before", "after"))
        return (after > before) - (after < before)
    return int(up) - int(down)


@lru_cache(maxsize=16384)
def still(text: str) -> bool:
    """Whether the passage says that something stayed as it was, or did not move."""
    undone = " ".join(match[0] for match in _NOT_SO.finditer(text))
    moved = _stems(undone) & (UP | DOWN) or _HAN_UP.search(undone) or _HAN_DOWN.search(undone)
    return direction(text) == 0 and bool(moved or _STILL.search(text))


def contrast(one: str, other: str) -> bool:
    """Whether one passage says that something moved, and the other that it did not."""
    return bool((still(one) and direction(other)) or (still(other) and direction(one)))


def denies(text: str) -> bool:
    """Whether a passage has a word that denies."""
    return _NEGATION.search(text) is not None


def denied(text: str) -> frozenset[str]:
    """What the sentences that deny are about: a passage's other sentences are not denied with them."""
    return content(" ".join(sentence for sentence in SENTENCE_END.split(text) if denies(sentence)))


def doubts(text: str) -> bool:
    """Whether a passage quotes something in order to question it."""
    return _DOUBT.search(text) is not None
