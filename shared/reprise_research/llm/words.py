"""What the reports of a model say about themselves, in the topic's language."""

from dataclasses import dataclass

from reprise_contracts.languages import lacking, primary
from reprise_research.text.language import language_of


@dataclass(frozen=True)
class Words:
    """The sentences of one language."""

    code: str
    note: str
    nothing_held: str
    """The note where nothing that the model wrote is in the report."""
    extracted: str
    against: str
    unsupported: str
    judgement: str
    """Behind a sentence that is the report's own judgement."""
    open_title: str
    nothing_for: str
    """Of a section that was asked for."""
    trust_title: str
    trust_note: str
    trust_header: tuple[str, str, str, str]
    stand: str
    """What became of the pieces of one kind."""
    claims: str
    sentences: str
    kept: str
    mended: str
    by_source: str
    by_finding: str
    gone: str
    between: str


ENGLISH = Words(
    code="en",
    note="Written by the model {model} from the numbered sources. Code has looked up every passage in its "
    "source and every figure of a "
    "sentence in what it cites; whether the sources are read rightly it cannot tell. Read them before "
    "relying on this.",
    extracted=" The findings of {sections} were extracted without the model, whose answer did not hold.",
    nothing_held="The model {model} was asked, and none of its text held when code checked it: every section "
    "quotes the numbered sources "
    "instead. Read them before relying on this.",
    against="Other sources say otherwise.",
    unsupported="no source says this",
    judgement="judgement",
    open_title="What is not known",
    nothing_for="Nothing that was found belongs to “{title}”.",
    trust_title="Who the sources are",
    trust_note="The model's assessment, from the texts alone.",
    trust_header=("Source", "Who speaks, with what interest", "How they know", "On whom they depend"),
    stand=" Of {said} {kind} {parts}.",
    claims="claims",
    sentences="sentences",
    kept="{count} stand as written",
    mended="{count} were corrected",
    by_source="{count} gave way to a sentence of their source",
    by_finding="{count} gave way to a finding",
    gone="{count} left out",
    between=", ",
)
GERMAN = Words(
    code="de",
    note="Vom Modell {model} aus den nummerierten Quellen geschrieben. Ein Programm hat jede Fundstelle in "
    "ihrer Quelle nachgeschlagen und "
    "jede Zahl eines Satzes in dem, was er anführt; ob die Quellen richtig gelesen sind, kann es nicht "
    "sagen. Lesen Sie sie, bevor Sie "
    "sich darauf stützen.",
    extracted=" Die Befunde zu {sections} sind ohne das Modell entnommen, dessen Antwort nicht standhielt.",
    nothing_held="Das Modell {model} wurde gefragt, doch nichts von seinem Text hielt der Prüfung stand: "
    "Jeder Abschnitt zitiert "
    "stattdessen die nummerierten Quellen. Lesen Sie sie, bevor Sie sich darauf stützen.",
    against="Andere Quellen sagen es anders.",
    unsupported="das sagt keine Quelle",
    judgement="Urteil",
    open_title="Was nicht bekannt ist",
    nothing_for="Zu „{title}“ gehört nichts von dem, was gefunden wurde.",
    trust_title="Wer die Quellen sind",
    trust_note="Einschätzung des Modells, allein nach den Texten.",
    trust_header=("Quelle", "Wer spricht, mit welchem Interesse", "Woher sie es weiß", "Von wem sie abhängt"),
    stand=" Von {said} {kind} {parts}.",
    claims="Aussagen",
    sentences="Sätzen",
    kept="stehen {count} wie geschrieben",
    mended="wurden {count} berichtigt",
    by_source="wichen {count} einem Satz ihrer Quelle",
    by_finding="wichen {count} einem Befund",
    gone="fielen {count} weg",
    between=", ",
)
CHINESE = Words(
    code="zh",
    note="本报告由模型{model}根据带编号的来源写成。引文是否出自来源、句中数字是否见于所引之处，均已由程序核对；对来源的理解是否正确，程序无法判断，使用前请阅读原文。",
    extracted="以下问题的发现由程序摘录，未采用模型的回答：{sections}。",
    nothing_held="已询问模型{model}，但其文字均未通过程序核对，各部分改为摘录带编号的来源原文，使用前请阅读原文。",
    against="另有来源说法不同。",
    unsupported="无来源支持",
    judgement="判断",
    open_title="尚不清楚的问题",
    nothing_for="没有发现属于“{title}”。",
    trust_title="来源是谁",
    trust_note="以下为模型仅凭文本作出的评估。",
    trust_header=("来源", "谁在说，有何利害", "如何得知", "依据谁"),
    stand="{said}{kind}中，{parts}。",
    claims="条论断",
    sentences="个句子",
    kept="{count}保持原文",
    mended="{count}经更正",
    by_source="{count}改用来源原句",
    by_finding="{count}改用发现",
    gone="{count}略去",
    between="，",
)
_BY_LANGUAGE = {"en": ENGLISH, "de": GERMAN, "zh": CHINESE}


def frame(language: str) -> str:
    """The language of what surrounds a model's text: the one asked for where there are words of ours in it,
    else English; empty if none was asked for."""
    return language if not lacking("extractive", language) else "en"


def words_for(topic: str, language: str = "") -> Words:
    """In the language asked for, without one in the topic's; English for every language without words of its
    own."""
    return _BY_LANGUAGE.get(primary(language) if language else (language_of(topic) or "en"), ENGLISH)
