"""The engine's own words, in the language of the topic. They frame what the sources say; about the subject they say nothing."""

from dataclasses import dataclass

from reprise_contracts.languages import lacking, primary
from reprise_research.errors import EngineUnavailable
from reprise_research.text.language import is_chinese
from reprise_research.text.words import listed


@dataclass(frozen=True)
class Wording:
    """Templates of one language."""

    language: str
    opening: str
    speaks_of: str
    said_by: str
    # goals
    ask_figures: str
    ask_views: str
    ask_known: str
    ask_report: str
    ask_chinese: str
    ask_guidance: str
    ask_request: str
    why: str
    why_kinds: str
    why_example: str
    why_guidance: str
    # plan
    synthesized: str
    synthesized_guidance: str
    compare_title: str
    compare_description: str
    missing_title: str
    missing_description: str
    answer_title: str
    answer_description: str
    # findings
    sources_agree: str
    one_source: str
    opinion: str
    disputed: str
    figures_differ: str
    directions_differ: str
    moved_or_not: str
    one_denies: str
    one_doubts: str
    range_of: str
    supported: str
    supported_none: str
    no_answer: str
    no_figures: str
    not_compared: str
    single_source: str
    no_disagreement: str
    disagreements: str
    term_missing: str
    # report
    note: str
    answer_opening: str
    answer_none: str
    summary_title: str
    summary_opening: str
    summary_none: str
    one_sided: str
    one_site: str
    label_agreed: str
    label_disputed: str
    label_disputed_values: str
    label_one: str
    label_views: str
    label_open: str
    figures_title: str
    figures_header: tuple[str, str]
    figures_opening: str
    chart_title: str
    agreed_opening: str
    disputed_opening: str
    said_unknown: str
    not_found: str
    partial_title: str
    partial_nothing: str
    partial_old: str
    references: str
    nothing_found: str
    nothing_missing: str
    told_above: str
    comma: str
    last: str
    choice: str
    versus: str
    quote: str

    def quoted(self, text: str) -> str:
        """Text in this language's quotation marks."""
        return self.quote.format(text)

    def listed(self, items: list[str]) -> str:
        """Items as a list in a sentence."""
        return self.comma.join(items) if self.comma else listed(items, self.last)

    def shared(self, agreed: int, total: int) -> str:
        """How many findings rest on more than one source."""
        template = self.supported if agreed else self.supported_none
        return template.format(
            agreed=agreed, total=total, findings="finding" if total == 1 else "findings", are="is" if agreed == 1 else "are"
        )

    def either(self, items: list[str]) -> str:
        """Items as alternatives: `4 percent or 12 percent`."""
        return self.choice.join(items) if self.comma else listed(items, self.choice)


ENGLISH = Wording(
    language="en",
    opening="{sources} read.",
    speaks_of="They speak mainly of {themes}.",
    said_by="“{quote}” ({title})",
    ask_figures="What do the figures on {label} show, and do the sources agree on them?",
    ask_views="What is argued about {label}, and on what grounds?",
    ask_known="What is known about {label}, and how well is it supported?",
    ask_report="What do the sources report about {label}?",
    ask_chinese="What do the Chinese-language sources add on “{label}”?",
    ask_guidance="What do the sources say about {guidance}?",
    ask_request="What do the sources say that serves the request “{guidance}”?",
    why="{sources} of it",
    why_kinds="; {kinds}",
    why_example=". For instance: “{quote}”",
    why_guidance="The guidance asks for it.",
    synthesized="Answer “{topic}” from what the sources say about {themes}: what they agree on, where they contradict each other, "
    "and what none of them says.",
    synthesized_guidance=" The guidance comes first: {guidance}.",
    compare_title="Where the sources agree and disagree",
    compare_description="Compare the findings of the steps before: what independent sources share, and statements that exclude each other.",
    missing_title="What is missing",
    missing_description="List what the steps before could not answer, and what the sources themselves call unknown.",
    answer_title="What the sources answer",
    answer_description="Find the statements that come closest to answering the question itself: {topic}",
    sources_agree="{count} independent sources say so.",
    one_source="Only one source says so.",
    opinion="It is an opinion.",
    disputed="Another source says otherwise.",
    figures_differ="{one} here, {other} there",
    directions_differ="one says more, the other says less",
    moved_or_not="one says that it changed, the other that it did not",
    one_denies="one says it, the other denies it",
    one_doubts="one gives the figure, the other doubts it",
    range_of="The figures differ: {values}.",
    supported="{agreed} of {total} {findings} {are} shared by independent sources.",
    supported_none="None of {total} {findings} is shared by independent sources.",
    no_answer="No statement in the {sources} was found that speaks of this in the same words.",
    no_figures="No figures were found on this.",
    not_compared="These statements are in another language and were not compared with the others.",
    single_source="Everything found on this comes from one source.",
    no_disagreement="No statements that exclude each other were found. That does not prove agreement.",
    disagreements="{count} were found.",
    term_missing="No source mentions {terms}, which the topic or the guidance asks for.",
    note="Extractive report. Every numbered statement is quoted word for word from the source whose number comes first; further numbers "
    "name sources that say all of it in their own words. Nothing about the subject was written by a machine. "
    "Which statements matter, agree or conflict was decided by counting words and figures, so read the sources before relying on it.",
    answer_opening="These statements come closest to the question:",
    answer_none="No statement answers the question directly; what the sources say on its subjects follows.",
    summary_title="Summary",
    summary_opening="{sources} asked {questions}. {supported}",
    summary_none="The sources gave no statement that could be quoted.",
    one_sided="{share} percent of them come from one source, {title}.",
    one_site="All sources are of one site, and count as one voice.",
    label_agreed="Independent sources agree.",
    label_disputed="Disputed.",
    label_disputed_values="Disputed: {values}.",
    label_one="Reported by one source each.",
    label_views="Views.",
    label_open="Open.",
    figures_title="Figures side by side",
    figures_header=("Subject", "Figure, in the source's words"),
    figures_opening="The figures below stand in the sources as quoted; they were not converted or recalculated.",
    chart_title="Where the figures differ",
    agreed_opening="Shared by independent sources:",
    disputed_opening="Statements that exclude each other; each stands in full in its section:",
    said_unknown="The sources themselves say that this is not known:",
    not_found="Looked for and not found:",
    partial_title="What this report does without",
    partial_nothing="{node} has no result: {reason}",
    partial_old="{node} is represented by an older result: {reason}",
    references="References",
    nothing_found="Nothing was found.",
    nothing_missing="No gap was noticed. That does not prove that there is none.",
    told_above="What was found on this is told in the sections above.",
    comma="",
    last="and",
    choice="or",
    versus="against",
    quote="“{}”",
)

CHINESE = Wording(
    language="zh",
    opening="共阅读{sources}。",
    speaks_of="主要涉及{themes}。",
    said_by="“{quote}”（{title}）",
    ask_figures="关于“{label}”，各来源给出了哪些数据，是否一致？",
    ask_views="关于“{label}”有哪些观点，依据是什么？",
    ask_known="关于“{label}”已知什么，证据是否充分？",
    ask_report="各来源就“{label}”说了什么？",
    ask_chinese="各来源就“{label}”说了什么？",
    ask_guidance="关于“{guidance}”，各来源说了什么？",
    ask_request="就“{guidance}”这一要求，各来源说了什么？",
    why="{sources}谈到这一点",
    why_kinds="；{kinds}",
    why_example="。例如：“{quote}”",
    why_guidance="这是指引所要求的。",
    synthesized="根据各来源关于{themes}的说法回答“{topic}”：哪些一致，哪些互相矛盾，哪些无人提及。",
    synthesized_guidance="首先关注指引：{guidance}。",
    compare_title="来源之间的一致与分歧",
    compare_description="比较前面各步的发现：独立来源共同的说法，以及互相排斥的说法。",
    missing_title="尚缺什么",
    missing_description="列出前面各步未能回答的问题，以及来源自己承认未知的内容。",
    answer_title="各来源的回答",
    answer_description="找出最直接回答问题本身的陈述：{topic}",
    sources_agree="{count}个独立来源这样说。",
    one_source="只有一个来源这样说。",
    opinion="这是一种观点。",
    disputed="另有来源说法不同。",
    figures_differ="此处为{one}，彼处为{other}",
    directions_differ="一方说增加，另一方说减少",
    moved_or_not="一方说有变化，另一方说没有变化",
    one_denies="一方肯定，另一方否定",
    one_doubts="一方给出数据，另一方质疑",
    range_of="数据不一：{values}。",
    supported="{total}条发现中有{agreed}条得到独立来源的共同支持。",
    supported_none="{total}条发现均未得到独立来源的共同支持。",
    no_answer="{sources}中没有找到用词相同的相关陈述。",
    no_figures="没有找到相关数据。",
    not_compared="这些说法所用语言不同，未与其他来源比较。",
    single_source="所有发现都来自同一来源。",
    no_disagreement="没有发现互相排斥的说法，但这并不证明一致。",
    disagreements="共{count}。",
    term_missing="没有来源提到题目或指引所问的{terms}。",
    note="摘录式报告。每条带编号的陈述都逐字引自首个编号的来源，其后的编号是以自己的话说出全部内容的其他来源，"
    "没有任何关于主题的文字出自机器。"
    "哪些陈述重要、一致或矛盾，是由词语和数字的统计判断的，使用前请阅读原文。",
    answer_opening="以下陈述最接近问题本身：",
    answer_none="没有陈述直接回答这个问题；各来源对相关主题的说法见下文。",
    summary_title="摘要",
    summary_opening="就{questions}查阅了{sources}。{supported}",
    summary_none="各来源没有可引用的陈述。",
    one_sided="其中{share}%出自同一来源：{title}。",
    one_site="所有来源出自同一网站，只算一种声音。",
    label_agreed="独立来源一致。",
    label_disputed="存在争议。",
    label_disputed_values="存在争议：{values}。",
    label_one="各由一个来源报道。",
    label_views="观点。",
    label_open="未解。",
    figures_title="数据对照",
    figures_header=("主题", "来源原文中的数据"),
    figures_opening="以下数据均照来源原文引用，未经换算或重算。",
    chart_title="各来源不一致的数据",
    agreed_opening="独立来源共同的说法：",
    disputed_opening="互相排斥的说法：",
    said_unknown="来源自己承认未知：",
    not_found="查找而未得：",
    partial_title="本报告缺少的部分",
    partial_nothing="{node}没有结果：{reason}",
    partial_old="{node}采用了较早的结果：{reason}",
    references="参考来源",
    nothing_found="没有发现。",
    nothing_missing="没有注意到缺口，但这并不证明没有缺口。",
    told_above="相关内容已见上文各节。",
    comma="、",
    last="",
    choice="还是",
    versus="对",
    quote="“{}”",
)

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def wording_for(topic: str, language: str = "") -> Wording:
    """The wording in a language, by its code; without one in the topic's, English for every language but Chinese. Raises
    `EngineUnavailable` for a language that has none."""
    missing = lacking("extractive", language)
    if missing:
        raise EngineUnavailable(missing, "Name one of these, or leave the language to the topic; a model writes in others too.")
    return CHINESE if primary(language) == "zh" or (not language and is_chinese(topic)) else ENGLISH


def count(wording: Wording, number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: `three sources`; in Chinese with its measure word."""
    if wording.language == "zh":
        measure = {"source": "份来源", "question": "个问题", "pair": "对", "finding": "条发现"}.get(noun, "个")
        return f"{number}{measure}"
    word = _NUMBERS[number] if number < len(_NUMBERS) else str(number)
    return f"{word} {noun if number == 1 else plural or noun + 's'}"


def upper_first(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]
