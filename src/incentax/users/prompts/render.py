"""From a question to the messages a language model reads."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from string import Template as Substitution

from ..query import Query
from ..records import Movie
from ..scales import Scale
from .template import BLOCKS, Template

_LEVELS = {
    "mood": ("low", "a little low", "even", "good", "excellent"),
    "boredom": ("", "", "", "tired of it", "has had far too much of it"),
    "trust": ("none", "little", "some", "much", "complete"),
}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


class Person(StrEnum):
    """How the persona is addressed."""

    THIRD = "third"
    SECOND = "second"
    SYSTEM = "persona_as_system"


@dataclass(frozen=True)
class PromptStyle:
    """Everything about a prompt that is not the template: the axes of the sensitivity runs.

    **Arguments:**

    - `shots`: worked examples, 0 to 2.
    - `inverted`: examples in reverse order, the low rating first.
    - `own_system`: the template's system text, or none at all (the model's default).
    - `person`: how the persona is addressed.
    - `order`: of the three blocks; persona, item, history lets prefix caches share more.
    - `without`: features left out.
    - `prefill`: end with the start of the answer, or ask for a bare label.
    """

    shots: int = 0
    inverted: bool = False
    own_system: bool = True
    person: Person = Person.THIRD
    order: tuple[str, ...] = BLOCKS
    without: frozenset[str] = frozenset()
    prefill: bool = True

    def __post_init__(self):
        object.__setattr__(self, "person", Person(self.person))
        if sorted(self.order) != sorted(BLOCKS) or self.shots not in (0, 1, 2):
            raise ValueError(
                f"expected 0, 1 or 2 shots and an order of {', '.join(BLOCKS)}, got {self.shots} "
                f"and {self.order}; try PromptStyle()"
            )

    def key(self) -> str:
        """The style as one string, part of every cache key."""
        return (
            f"{self.shots}{self.inverted:d}{self.own_system:d}{self.person}{','.join(self.order)}"
            f"{','.join(sorted(self.without))}{self.prefill:d}"
        )


@dataclass(frozen=True)
class Message:
    """One turn: `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Prompt:
    """Messages, the start of the answer, and the scale whose labels may follow it."""

    messages: tuple[Message, ...]
    prefix: str
    scale: Scale

    @property
    def hash(self) -> str:
        """Hash of every character the model will read."""
        text = "\x1e".join(f"{m.role}\x1f{m.content}" for m in self.messages) + "\x1e" + self.prefix
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def estimated_tokens(self) -> int:
        """A rough count, one token per four characters and five per turn."""
        return sum(5 + len(m.content) // 4 for m in self.messages) + len(self.prefix) // 4


def fenced(text: str) -> str:
    """A text between two lines only it could carry.

    The code is a hash of the text: a text with its own closing line would take 2⁶⁴ tries to find.
    The text itself is byte for byte what was given.

    >>> print(fenced("hello"))
    <data 2cf24dba5fb0a30e>
    hello
    </data 2cf24dba5fb0a30e>
    """
    code = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"<data {code}>\n{text}\n</data {code}>"


def render(query: Query, template: Template, style: PromptStyle = PromptStyle()) -> Prompt:  # noqa: B008
    """The prompt for one question.

    **Raises:** `ValueError` for a scale the template was not written for.
    """
    scale = query.scale
    if scale.name not in template.scales:
        raise ValueError(
            f"expected a scale among {', '.join(template.scales)} for template {template.id}, got "
            f"{scale.name}; try {template.scales[0]}"
        )
    values = _values(query, template)
    blocks = {name: _block(name, values, template, style) for name in BLOCKS}
    second = style.person != Person.THIRD
    # Only words of ours stand outside the fences: a name is somebody else's text.
    stated = _stated(scale) | {"pronoun": query.user.pronoun, "noun": query.user.noun}
    question = _fill(template.question_second if second else template.question, stated)
    if not style.prefill:
        question += "\n" + _fill(template.reply_only, stated)
    system = _fill(template.system, stated) if style.own_system else ""
    order = style.order
    if style.person == Person.SYSTEM:
        system = "\n\n".join(part for part in (system, blocks["persona"]) if part)
        order = tuple(name for name in order if name != "persona")
    messages = [Message("system", system)] if system else []
    messages += _exemplars(template, style, scale, stated)
    body = [blocks[name] for name in order if blocks[name]]
    messages.append(Message("user", "\n\n".join([*body, question])))
    return Prompt(tuple(messages), template.prefix if style.prefill else "", scale)


def render_slate(queries: Sequence[Query], template: Template, style: PromptStyle) -> Prompt:
    """The prompt that lets a person choose one of several items, or none, by its letter."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(queries) + 1]
    scale = Scale(
        f"slate_{len(queries)}", tuple(letters), tuple(float(k) for k in range(len(letters)))
    )
    values = _values(queries[0], template)
    blocks = [_block(name, values, template, style) for name in ("persona", "history")]
    lines = [
        f"{letter}: {q.item.title}{f' ({q.item.year})' if q.item.year else ''}; "
        f"{', '.join(q.item.labels)}"
        for letter, q in zip(letters, queries, strict=False)
    ]
    stated = {
        "count": str(len(queries)),
        "pronoun": queries[0].user.pronoun,
        "first": letters[0],
        "last_item": letters[-2],
        "last": letters[-1],
    }
    body = [block for block in blocks if block]
    body += [fenced("\n".join(lines)), _fill(template.choose, stated)]
    return Prompt((Message("user", "\n\n".join(body)),), "Choice:" if style.prefill else "", scale)


def stricter(prompt: Prompt, template: Template, times: int = 1) -> Prompt:
    """The same prompt with a reminder of what counts as a rating, said `times` times.

    A model that shows probabilities answers an equal prompt equally, so every try must differ.
    """
    *head, last = prompt.messages
    reminder = "\n".join([_fill(template.stricter, _stated(prompt.scale))] * times)
    return replace(prompt, messages=(*head, Message(last.role, f"{last.content}\n{reminder}")))


def explain(prompt: Prompt, template: Template, rating: float) -> Prompt:
    """The prompt that asks for reasons after a rating was given."""
    said = f"{prompt.prefix} {prompt.scale.label(rating)}".strip()
    messages = (*prompt.messages, Message("assistant", said), Message("user", template.explain))
    return Prompt(messages, "", prompt.scale)


def _fill(text: str, values: dict[str, str]) -> str:
    return Substitution(text).safe_substitute(values)


def _stated(scale: Scale) -> dict[str, str]:
    return {
        "scale": scale.describe(),
        "first": scale.labels[0],
        "last": scale.labels[-1],
        "labels": ", ".join(scale.labels),
    }


def _values(query: Query, template: Template) -> dict[str, str]:
    user, item, scale = query.user, query.item, query.scale
    text = item.text
    if template.max_words and len(text.split()) > template.max_words:
        text = " ".join(text.split()[: template.max_words])
    if isinstance(item, Movie):
        word = {"F": " (woman)", "M": " (man)", "X": ""}
        people = ", ".join(actor.name + word[actor.gender] for actor in item.actors[:2])
    else:
        people = ", ".join(item.people)
    times = query.watch_count
    mood, boredom, trust = query.levels
    history = "\n".join(f"- {past.title}: {scale.label(r)}" for past, _, r in query.history)
    return {
        "name": user.name,
        "first_name": user.name.split(" ")[0],
        "age": str(user.age),
        "noun": user.noun,
        "description": user.description,
        "job": user.job,
        "hobby": user.hobby,
        "liked": ", ".join(user.liked),
        "disliked": ", ".join(user.disliked),
        "pronoun": user.pronoun,
        "Pronoun": user.pronoun.capitalize(),
        "mood": _LEVELS["mood"][mood] if mood != 2 else "",
        "boredom": _LEVELS["boredom"][boredom],
        "trust": _LEVELS["trust"][trust] if trust != 2 else "",
        "history": history,
        "title": item.title,
        "year": f" ({item.year})" if item.year else "",
        "text": text,
        "item_labels": ", ".join(item.labels),
        "people": people,
        "vote": scale.shown(item.vote_average) if item.vote_average > 0 else "",
        "times": _ordinal(times + 1) if times else "",
        "incentive": f"{query.incentive:g}" if query.incentive else "",
    }


# The value a line is about; without it the line says nothing and is left out.
_NEEDS = {
    "mean_vote": "vote",
    "watch_count": "times",
    "labels": "item_labels",
}


def _block(name: str, values: dict[str, str], template: Template, style: PromptStyle) -> str:
    shown = []
    for line in template.lines:
        if line.block != name or line.feature in style.without:
            continue
        if not values[_NEEDS.get(line.feature, line.feature)]:
            continue
        form = line.third if style.person == Person.THIRD else line.second
        shown.append(_agree(_fill(form, values), line.feature, values))
    return fenced("\n".join(shown)) if shown else ""


def _agree(text: str, feature: str, values: dict[str, str]) -> str:
    if feature == "watch_count" and values["Pronoun"] == "They":
        return text.replace("They sees", "They see", 1).replace("They reads", "They read", 1)
    return text


def _exemplars(template, style: PromptStyle, scale: Scale, stated) -> list[Message]:
    chosen = template.exemplars[::-1] if style.inverted else template.exemplars
    messages = []
    for example in chosen[: style.shots]:
        history = "\n".join(f"- {t}: {scale.label(scale.at(s))}" for t, s in example.history)
        parts = {
            "persona": fenced(example.persona),
            "history": fenced(f"Rated before:\n{history}"),
            "item": fenced(example.item),
        }
        who = {"pronoun": example.pronoun, "noun": example.noun}
        question = _fill(template.question, stated | who)
        body = "\n\n".join([*(parts[block] for block in style.order), question])
        answer = f"{template.prefix} {scale.label(scale.at(example.rating))}\n{example.reason}"
        messages += [Message("user", body), Message("assistant", answer)]
    return messages


def _ordinal(number: int) -> str:
    if number <= len(_ORDINALS):
        return _ORDINALS[number - 1]
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 < number % 100 < 14 else suffix}"
