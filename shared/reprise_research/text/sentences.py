"""Sentences with their place in the text.

`text[sentence.start:sentence.end] == sentence.text`, offsets in Unicode code points. A stored text has one paragraph per
line (`sources.extract`), and is split paragraph by paragraph, which keeps the work linear in its length.
"""

import re
from dataclasses import dataclass

from reprise_research.text.language import is_chinese, is_han
from reprise_research.text.words import STOPWORDS, word_list

_ABBREVIATIONS = word_list("abbreviations")
_STOP = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？；]+[”’」』）】]*|…{2,}[”’」』]*")
_LAST_WORD = re.compile(r"(?:[^\W\d_]|\.)+$")
_STARTS_SENTENCE = re.compile(r"[\"'“‘«(\[]*[^\W_]")
_SPACE = re.compile(r"\s*")

_BOILERPLATE = re.compile(
    r"cookie|newsletter|subscri(?:be|ption)|sign (?:in|up)|log ?in\b|all rights reserved|©|copyright \d|terms of (?:use|service)|"
    r"privacy policy|click here|read more|share (?:this|on)|follow us|advertisement|back to top|skip to|your browser|javascript|"
    r"comments? (?:are )?closed|leave a comment|related (?:articles|stories)|photo(?:graph)?:|image:|table of contents|"
    r"版权所有|点击|订阅|登录|注册|隐私|责任编辑|扫码|关注我们|转载请|相关阅读",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"(?:(?:yes|no)[.,;]|(?:but|and|or|so|yet|however|therefore|thus|hence|moreover|furthermore|besides|instead|meanwhile|nevertheless|also|still|then|"
    r"otherwise|similarly|conversely|by contrast|in contrast|in addition|on the other hand|as a result|for example|for instance|that said|"
    r"(?:if|when|once|after|unless|as|because|since) (?:this|that|it|these|those|they|so)|"
    r"it|they|he|she|his|her|their|its|this|these|those|that|such|both|neither|one of them|here|there the|"
    r"the (?:former|latter|same|other|two|second|result|reason)|of (?:these|those|this)|"
    r"(?:for|in|at|with|from|by|to|after|before) (?:this|that|these|those|it|them))\b|.{0,60}\bthere too\b|.{0,40}\b(?:these|those) \w+|"
    r".{0,80}\bthis (?:sum|amount|figure)\b|"
    r".{0,60}\b(?:they|it|he|she|we|these|those) (?:do|does|did|are|is|were|was)\.$|"
    r"(?:但|但是|否则|另外|于是|接着|然后|然而|因此|所以|而且|此外|同时|不过|这|那|它|他|她|其中|其|该|对此|例如))",
    re.IGNORECASE,
)
_STARTS_WITHIN = re.compile(r"[\"'“‘«(\[]*[a-z]")
_NAMED_IN_LOWER = re.compile(
    r"[\"'“‘«(\[]*[a-z][\w.+-]*(?:\(\d\w*\)|\d|[-_.+]\w)|\S+\s(?:is|are|was|has|can|will|does|provides|reads|uses)\b"
)
"""A sentence may begin in lower case with the name of a program: `dpkg(1) is …`, `aptitude is …`."""
_REFERS = re.compile(
    r"[\"'“‘«(\[]*(?:please )?(?:see|refer to|consult|cf\.|let['’]?s|let us|here,? we)\b|"
    r"(?:in )?this (?:chapter|section|document|page|article|manual|book|guide|tutorial|appendix|faq)\b|本[章节文页](?!的)|"
    r"the following\b.{0,80}\b(?:is|are)\b|"
    r"(?:for|more|further)\b.{0,60}\b(?:see|refer to|read|consult|found in|available (?:at|in|from))\b|"
    r".{0,60}\b(?:is|are) (?:described|documented|explained|listed|shown) (?:in|by|below|above)\b.{0,50}$|"
    r".{0,80}\b(?:as follows|the following|listed below|shown below)[.:]$|"
    r"(?:请|可以|也可以|另请|欲了解|有关|关于|更多|详细).{0,40}(?:参见|参阅|参考|阅读|查看|详见)|"
    r"[（(]?(?:参见|参阅|详见|请看|见第)|[^（(]{0,60}(?:请参[阅见考]|请查阅|详见)\s*第|.{0,50}(?:如下|以下几[点个种])[。：]$",
    re.IGNORECASE,
)
"""Sentences that only say where something is to be read."""
_POINTING = re.compile(
    r"\b(?:these|those|them|this|there|none)[.!?][\"'”’)]*$|"
    r"\bthis (?:is|was|can|will|may|might|must|should|has|had|would|could|does|means)\b|"
    r"\bthis (?:way|case|approach|method|reason|option|problem|step)\b|"
    r"\b(?:these|those) (?:are|were|can|will|may|must|should|have|two|three)\b|\bin such (?:a )?cases?\b|"
    r"\b(?:described|listed|shown|mentioned) (?:above|below)\b|"
    r"\b(?:above|previous|preceding|following) (?:section|example|list|table|command|paragraph|chapter)s?\b|"
    r"如上所述|上述|前面(?:提到|所说)",
    re.IGNORECASE,
)
"""Words anywhere in a sentence that point at something outside of it."""
_INSTRUCTS = re.compile(
    r"(?:^\W*|[:,;.] |\b(?:please|must|should|now|then|and|to) )(?:ignore|disregard|forget|override|bypass) .{0,30}"
    r"\b(?:previous|prior|above|earlier|preceding|foregoing|system|original|your|other|all)\b.{0,20}\b(?:instructions|prompts?|directions|guidelines)\b|"
    r"^\W*(?:(?:important|attention|note|message|instructions?|hidden|urgent)\b\W{0,3})?(?:to|for) (?:all |any |the |every )?"
    r"(?:ais?|llms?|(?:large )?language models?|chatbots?|ai \w+)\b.{0,40}[:,]|"
    r"\b(?:ais?|llms?|(?:large )?language models?|chatbots?|ai \w+) (?:that (?:is|are) )?(?:reading|processing|summari[sz]ing) this\b|"
    r"\b(?:if you are|you are now|you are|act as|pretend to be|as) an? (?:\w+ )?(?:ai(?: \w+)?|(?:large )?language model|llm|chatbot)\b"
    r".{0,40}(?:[,:.]|must|should|you|please|reading|that)|"
    r"\byou are (?:now )?an? (?:\w+,? ){0,2}(?:assistant|chatbot|bot)\b(?! [a-z]+or\b)|"
    r"^\W*(?:system|assistant|developer)\s*:\s*(?:you\b|your\b|from now on\b|always\b|never\b|do not\b|don['’]t\b)|"
    r"^\W*(?:system|assistant|developer) (?:prompt|message|instructions?|override)\s*:|^\W*(?:new|updated|revised) instructions?\s*:|"
    r"<\|?/?(?:system|im_start|im_end|assistant|inst)\b|\[/?(?:INST|SYSTEM)\]|"
    r"(?:忽略|无视|忘记|忘掉|不要理会).{0,12}(?:指令|指示|提示词|提示)|你(?:现在)?是(?:一个|一名|一位)?(?:AI|人工智能|大?语言模型|聊天机器人)|"
    r"^\W*致?(?:AI|人工智能|语言模型|大模型)(?:助手|模型|系统)[：:]|系统提示词?[：:]",
    re.IGNORECASE,
)
"""Words that are addressed to a model: who plants them wants them told as if they were a finding."""
_QUOTED = re.compile(r"[“\"«「『][^“”\"«»「」『』]{0,200}[”\"»」』]")
_CRUMB = re.compile(
    r"^\d{1,3} (?:This|The|It|In|If|See|As|For|When|That|These|An?)\s|(?:\s?\.){4,}|"
    r"(?:\s?…){2,}\s*\d|^[”’»\"')\]]\s|^\\|\s\d+ / \d+\b|_{3,}"
)
"""Marks of a table of contents, of a page's foot, or of a quotation that began before."""
_ROW = re.compile(r"[^:;|]{1,40}: [^;]+(?:; [^:;|]{1,40}: [^;]+)+")
_FIELD = re.compile(r"(?:^|\s)[A-Z][\w-]*: ")
"""A field of a record, such as `Priority: optional`."""
_POINTS = re.compile(r"\b(?:they|them|it|he|him|she|her)\b", re.IGNORECASE)
_OPINION = re.compile(
    r"\b(?:think|thinks|believe|believes|feel|feels|argue|argues|argued|claims? that|ought|"
    r"in (?:my|our|his|her|their) (?:view|opinion)|"
    r"unfair|fair|(?:is|was|are) wrong|wrong to|right thing|absurd|worth it|not worth|worthwhile|overdue|nonsense|shame|"
    r"we welcome|welcomes|regret|fear|fears|hope|hopes|we (?:want|demand|need|ask|call|support)|opposes?|"
    r"supports? (?:it|the (?:plan|limit|idea|proposal|ban|measure|policy|bill))|favou?rs?|"
    r"dislikes?|better off|deserves?|a (?:mistake|success|failure)|frankly|"
    r"i (?:am|was|have|would|do|don)|my)\b|认为|应该|应当|希望|担心|反对|支持|呼吁|不公|值得|觉得|批评|主张",
    re.IGNORECASE,
)
_SHOULD = re.compile(
    r"\b(?:we|i|they|people|residents|everyone|nobody|society|voters|council|city|cities|government|state|country|ministry|minister|police|"
    r"parliament|authorit\w+|mayor|politicians?|board|company|companies|schools?|hospitals?|universit\w+|operators?)\b[^.;]{0,40}\bshould\b",
    re.IGNORECASE,
)
"""Who is told what to do: in a manual, where things should be so or so, it is a rule and no opinion."""
_TERMINAL = re.compile(r"[.!?…。！？；][\"'”’»)\]」』）】]*$")
_LETTER = re.compile(r"[^\W\d_]")

LONGEST = 600
"""Characters; a longer stretch without a full stop is a list or a table that lost its shape."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of a text. `paragraph` and `position` count from 0; `heading` is the last heading above it."""

    text: str
    start: int
    end: int
    paragraph: int
    position: int
    heading: str = ""


def prose(text: str) -> tuple[Sentence, ...]:
    """The sentences of a text that say something by themselves: no headings, menus, captions, legal lines or tables, and nothing of a
    paragraph from where on it speaks to a machine that reads it."""
    found: list[Sentence] = []
    tainted = -1
    for sentence in split(text):
        if sentence.paragraph != tainted and instructs(sentence.text):
            tainted = sentence.paragraph
        if sentence.paragraph != tainted and is_prose(sentence.text):
            found.append(sentence)
    return tuple(found)


def instructs(text: str) -> bool:
    """Whether a text speaks to the machine that reads it instead of to its readers; not where it quotes such words."""
    return _INSTRUCTS.search(_QUOTED.sub(" ", text)) is not None


def split(text: str) -> tuple[Sentence, ...]:
    """Every stretch of a text that a full stop or a line's end closes, in order."""
    found: list[Sentence] = []
    offset, heading, paragraph = 0, "", 0
    for line in text.split("\n"):
        if line.strip():
            if is_heading(line):
                heading = line.strip()
            for start, end in _stretches(line):
                found.append(Sentence(line[start:end], offset + start, offset + end, paragraph, len(found), heading))
            paragraph += 1
        offset += len(line) + 1
    return tuple(found)


def is_heading(line: str) -> bool:
    """Whether a line stands above text instead of being text: short, and closed by no full stop."""
    stripped = line.strip()
    return 0 < len(stripped) <= 90 and not _TERMINAL.search(stripped) and not stripped.endswith((",", ":", "，", "："))


def is_prose(sentence: str) -> bool:
    """Whether a stretch is a whole sentence of running text that says something itself."""
    if len(sentence) > LONGEST or not _TERMINAL.search(sentence) or "|" in sentence or "http" in sentence or _CRUMB.search(sentence):
        return False
    if _ROW.fullmatch(sentence) or _REFERS.match(sentence) or _BOILERPLATE.search(sentence) or sentence.count("(") != sentence.count(")"):
        return False
    return _is_chinese_sentence(sentence) if is_chinese(sentence) else _is_sentence(sentence)


def _is_sentence(sentence: str) -> bool:
    words = sentence.split()
    within = _STARTS_WITHIN.match(sentence) and (not _NAMED_IN_LOWER.match(sentence) or words[0].strip("\"'“‘«([") in STOPWORDS)
    if sentence[0] in "<>)].,;:=" or within:
        return False
    if len(_FIELD.findall(sentence)) >= 3 or (sentence[0] == "(" and sentence.rstrip(".!?")[-1:] == ")"):
        return False
    if len(words) < 5 or len(_LETTER.findall(sentence)) < 0.55 * len(sentence):
        return False
    capitals = sum(word[0].isupper() for word in words if word[0].isalpha())
    return len(words) <= 6 or capitals <= 0.75 * len(words)


def _is_chinese_sentence(sentence: str) -> bool:
    """It is long enough, and begins as a sentence does: with no closing mark and no particle."""
    return len(sentence) >= 10 and sentence[0] not in "）)】」』，、。：；,.:;的地得都也就而并或和与及"


def rows(text: str) -> tuple[Sentence, ...]:
    """The rows of a text's tables, as `sources.tables` writes them: `Head: cell; Head: cell.`"""
    return tuple(sentence for sentence in split(text) if len(sentence.text) <= LONGEST and _ROW.match(sentence.text))


def leans(sentence: str) -> bool:
    """Whether a sentence needs the one before it to be understood: it begins with a pronoun or a connective."""
    bare = sentence.lstrip("\"'“‘«(")
    return _LEANS.match(bare) is not None or _POINTING.search(bare) is not None or (len(bare) < 50 and _POINTS.search(bare) is not None)


def is_opinion(sentence: str) -> bool:
    """Whether someone values, demands or believes in it, rather than reports. `Should` with a quantity is an expectation."""
    if _OPINION.search(sentence) is not None:
        return True
    return _SHOULD.search(sentence) is not None and not any(character.isdigit() for character in sentence)


def is_question(sentence: str) -> bool:
    """Whether it asks."""
    return sentence.rstrip("\"'”’»)]」』）】").endswith(("?", "？"))


def _stretches(line: str) -> list[tuple[int, int]]:
    """Where the sentences of one paragraph begin and end, without the white space around them."""
    found: list[tuple[int, int]] = []
    start = _skip(line, 0)
    if marker := re.match(r"(?:[-*•‣–]|\d{1,2}[.)])\s+", line[start:]):
        start += marker.end()
    for stop in _STOP.finditer(line, start):
        if stop.start() < start or not _closes(line, start, stop):
            continue
        found.append((start, stop.end()))
        start = _skip(line, stop.end())
    end = len(line.rstrip())
    if start < end:
        found.append((start, end))
    return found


def _closes(line: str, start: int, stop: re.Match[str]) -> bool:
    """Whether a full stop ends a sentence, and not an abbreviation, an initial or an ellipsis within one."""
    after = _skip(line, stop.end())
    if after >= len(line) or stop.group()[0] in "。！？；":
        return True
    following = line[after]
    if following.islower() or (not _STARTS_SENTENCE.match(line, after) and not is_han(following)):
        return False
    if stop.group() != ".":
        return True
    word = _LAST_WORD.search(line, start, stop.start())
    if word is None:
        return True
    last = word.group().lower().strip(".")
    if len(last) == 1 and word.group()[-1].isupper():
        return False
    return last not in _ABBREVIATIONS or (last in {"etc", "inc", "ltd", "co", "a.m", "p.m", "u.s", "u.k", "e.u"} and following.isupper())


def _skip(line: str, position: int) -> int:
    found = _SPACE.match(line, position)
    return found.end() if found else position
