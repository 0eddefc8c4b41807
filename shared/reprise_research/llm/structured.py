"""Answers that code can work with, by a ladder: a JSON schema where the endpoint takes one, else the form in
words; what comes is repaired if it is nearly JSON; what does not hold is asked for once more, with the
reason. What holds then is the answer, or there is none."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import json_repair
from pydantic import BaseModel, ValidationError

from reprise_contracts.languages import named
from reprise_contracts.nodes import Phase
from reprise_contracts.wire import explain
from reprise_research.brief import Brief
from reprise_research.errors import ContentTooLong
from reprise_research.llm.endpoint import Call, Endpoint, Message
from reprise_research.llm.grounding import wrong_language
from reprise_research.llm.prompts import Fence, Material, Prompts, prompt, truncate
from reprise_research.llm.windowing import cut_to
from reprise_research.text.language import language_of
from reprise_research.text.words import shorten


class Form(BaseModel):
    """The form of an answer."""

    def prose(self) -> Iterable[str]:
        """What of it is written for a reader, and has to be in the language that was asked for."""
        return ()


M = TypeVar("M", bound=Form)
_AGAIN = 170
"""Tokens of the words around the form, and of those that ask for a better answer."""
_SOME = 100
"""Tokens of material without which nothing needs to be asked."""
_KEPT_KEYS = {"type", "properties", "items", "enum", "anyOf", "$ref", "$defs", "maxItems"}


class InvalidAnswer(Exception):
    """The model gave nothing that holds; the message says what was wrong with the last try."""


class Overlong(Exception):
    """Material that is to be read as a whole proved too long for the model's window: it can be asked of in
    smaller parts."""


@dataclass(frozen=True)
class Task(Generic[M]):
    """A question with the form of its answer."""

    prompt: str
    values: dict[str, str]
    material: tuple[Material, ...]
    form: type[M]
    phase: Phase
    where: str
    check: Callable[[M], M]
    """Returns what holds of the answer; raises ValueError with a reason that the model can act on."""
    system: str = "system"
    """The prompt with the rules that hold for the question."""
    whole: bool = False
    """Whether every word of the material is to be read: then none of it is cut off, and `Overlong` is raised
    instead."""


class Model:
    """A model that answers tasks."""

    def __init__(self, endpoint: Endpoint, prompts: Prompts = prompt, reader: "Model | None" = None) -> None:
        self.endpoint = endpoint
        self.reader = reader or self
        """Who checks what it says."""
        self._prompts = prompts
        self.settings = endpoint.settings

    async def ask(self, task: Task[M], brief: Brief) -> M:
        """What the model says, as far as it holds. A question that the endpoint calls too long is asked again
        with shorter material, for its tokenizer may count more than we guess, or its window be smaller.
        Raises `InvalidAnswer`, `Overlong`, and `ResearchError` if the endpoint fails or refuses a question
        that cannot be made shorter."""
        while True:
            density = self.endpoint.learned.density
            try:
                messages = self._fitting(task, brief)
            except ContentTooLong as error:
                raise self.endpoint.give_up(error) from None
            try:
                return await self._asked(task, messages, brief)
            except ContentTooLong as error:
                self.endpoint.counts_more(density, error)

    def room(self, prompt: str, values: dict[str, str], form: type[Form], brief: Brief) -> int:
        """Tokens of material that fit beside a question, an answer, and a word on what was wrong with it;
        always some."""
        messages = self._messages("system", prompt, values, (), brief)
        return max(_SOME, self._left(messages) - self._correction(form))

    async def _asked(self, task: Task[M], messages: list[Message], brief: Brief) -> M:
        schema, form, wrong = schema_of(task.form), _by_example(task.form), ""
        for last in (False, True):
            shaped = "response_format" not in self.endpoint.learned.refused
            sent = messages if shaped else _with_form(messages, form)
            versions = " ".join(
                f"{name} {self._prompts(name).version}" for name in (task.system, task.prompt)
            )
            call = Call(
                tuple(sent),
                task.phase,
                task.where,
                self.settings.answer,
                schema if shaped else None,
                versions,
            )
            answer = await self.endpoint.complete(call, brief)
            try:
                given = _said_something(read(answer.text, task.form), bool(answer.cut))
                _check_language(given.prose(), brief)
                return task.check(given)
            except ValueError as error:
                wrong = f"{answer.cut}; {_reason(error)}" if answer.cut else _reason(error)
            if not last:
                again = self._prompts("again")
                brief.provenance.versions[f"prompt/{again.name}"] = again.version
                correction = _said("user", again.fill(error=shorten(wrong, 200), form=form))
                left = self._left([*_with_form(messages, form), correction])
                said = cut_to(answer.text, max(0, left), self.endpoint.estimate) or "{}"
                messages = [*messages, _said("assistant", said), correction]
        raise InvalidAnswer(shorten(wrong, 200))

    def _fitting(self, task: Task[M], brief: Brief) -> list[Message]:
        """The question, with as much of its material as fits beside an answer and the words that ask for a
        better one: the longest texts are cut first; where even the beginnings of all are too much, the last
        are left out, which is recorded. Raises `Overlong`, and `ContentTooLong` if the question alone is too
        long."""
        material, correction = task.material, self._correction(task.form)
        messages = self._messages(task.system, task.prompt, task.values, material, brief)
        while (over := correction - self._left(messages)) > 0:
            if task.whole:
                raise Overlong
            characters = sum(len(one.text) for one in material)
            shorter = truncate(material, characters - max(200, 2 * over))
            if sum(len(one.text) for one in shorter) >= characters:
                shorter = material[:-1]
            if not shorter:
                window = f"{self.settings.window:,} tokens"
                detail = (
                    f"The question for {task.where} is too long for {self.settings.model}, whose "
                    f"window is {window}, without any source."
                )
                raise ContentTooLong(
                    detail,
                    "Shorten topic and guidance, or use a model with a larger window and say so by "
                    "REPRISE_LLM__WINDOW.",
                )
            material = shorter
            messages = self._messages(task.system, task.prompt, task.values, material, brief)
        if len(material) < len(task.material):
            brief.provenance.fall_back(
                task.where,
                f"of {len(task.material)} texts the first {len(material)} fit into the model's window",
            )
        return messages

    def _left(self, messages: list[Message]) -> int:
        """Tokens of the window that messages and an answer leave, with a little kept back: not every
        tokenizer counts less than we guess, and not every endpoint says so."""
        return (
            self.settings.window
            - self.settings.window // 25
            - self.settings.answer
            - self.endpoint.asked(messages)
        )

    def _correction(self, form: type[Form]) -> int:
        """Tokens of what may be added to a question: the form in words, and once more with what was wrong
        with an answer."""
        return 2 * self.endpoint.estimate(_by_example(form)) + _AGAIN

    def _messages(
        self, rules: str, name: str, values: dict[str, str], material: tuple[Material, ...], brief: Brief
    ) -> list[Message]:
        fence = Fence(material, brief.fence)
        system, asked = self._prompts(rules), self._prompts(name)
        brief.provenance.versions |= {f"prompt/{one.name}": one.version for one in (system, asked)}
        guidance = guidance_of(brief)
        language = named(brief.language) or "the language of the topic, unless the reader asks for another"
        question = asked.fill(**({"guidance": guidance, "material": str(fence)} | values)).strip()
        topic = f"Topic: {brief.topic.strip()}\n\n" if rules == "system" else ""
        return [
            _said("system", system.fill(mark=fence.mark, language=language)),
            _said("user", f"{topic}{question}"),
        ]


def guidance_of(brief: Brief, besides: str = "") -> str:
    """The line of a question that says what the reader asks for; empty if nothing."""
    asked = " ".join(filter(None, (brief.guidance.strip(), besides)))
    return f"What the reader asks for besides: {asked}\n" if asked else ""


def wanted_language(brief: Brief) -> str:
    """The language to write in: the one that was asked for, else the topic's, as far as it can be told and
    guidance asks for no other."""
    return brief.language or ("" if brief.guidance.strip() else language_of(brief.topic) or "")


def _check_language(texts: Iterable[str], brief: Brief) -> None:
    """Raises ValueError for an answer in another language than the one that is wanted."""
    wanted = wanted_language(brief)
    spoken = wrong_language(texts, wanted)
    if spoken:
        raise ValueError(
            f"it is in {named(spoken)}; write all of it in {named(wanted)}, whatever language the material "
            "is in"
        )


def read(text: str, form: type[M]) -> M:
    """An answer's JSON, repaired if it nearly is. Raises ValueError."""
    try:
        found = _parsed(text)
    except RecursionError:
        raise ValueError("it nests too far") from None
    if isinstance(found, list):  # several objects, or the list alone without the object around it
        name, field = next(iter(form.model_fields.items()))
        objects = [one for one in found if isinstance(one, dict) and name in one]
        found = objects[-1] if objects else {name: found} if "list" in str(field.annotation) else None
    if not isinstance(found, dict):
        said = shorten(text, 80)
        raise ValueError(f"it is no JSON object: “{said}”" if said else "it is empty")  # noqa: TRY004  # one kind of error for every answer that does not hold
    return form.model_validate(found)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return json_repair.loads(text)


def schema_of(form: type[Form]) -> dict[str, object]:
    """The form's JSON schema in the strict dialect: every property required, no other allowed, no
    defaults."""
    return cast(dict[str, object], _strict(form.model_json_schema()))


def skeleton(schema: dict[str, Any], definitions: dict[str, Any] | None = None) -> object:
    """The form by example, which a small model follows better than a schema."""
    known = definitions if definitions is not None else schema.get("$defs", {})
    if "$ref" in schema:
        return skeleton(known[schema["$ref"].rpartition("/")[2]], known)
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    kind = schema.get("type")
    if kind == "object":
        return {name: skeleton(inner, known) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [skeleton(schema["items"], known)]
    return 1 if kind in {"integer", "number"} else "…"


def _strict(node: Any, named: bool = False) -> Any:
    """`named`: the node is a table of names, none of which is a keyword."""
    if isinstance(node, list):
        return [_strict(one) for one in node]
    if not isinstance(node, dict):
        return node
    if named:
        return {name: _strict(inner) for name, inner in node.items()}
    kept = {
        key: _strict(inner, key in {"properties", "$defs"})
        for key, inner in node.items()
        if key in _KEPT_KEYS
    }
    if kept.get("type") == "object":
        kept |= {"required": list(kept.get("properties", {})), "additionalProperties": False}
    return kept


def _said_something(answer: M, cut: bool) -> M:
    """Nothing is an answer only of a model that came to its end. Raises ValueError."""
    if cut and not getattr(answer, next(iter(type(answer).model_fields))):
        raise ValueError("there is nothing in it yet")
    return answer


def _by_example(form: type[Form]) -> str:
    return json.dumps(skeleton(schema_of(form)), ensure_ascii=False)


def _with_form(messages: list[Message], form: str) -> list[Message]:
    """The first question followed by the form in words."""
    asked = {
        **messages[1],
        "content": f"{messages[1]['content']}\n\nAnswer with one JSON object of this form, and nothing "
        f"else:\n{form}",
    }
    return [messages[0], asked, *messages[2:]]


def _said(role: str, content: str) -> Message:
    return {"role": role, "content": content}


def _reason(error: ValueError) -> str:
    return explain(error, "answer") if isinstance(error, ValidationError) else str(error)
