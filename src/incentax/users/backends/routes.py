"""The two ways of putting a prompt to an OpenAI-compatible server and reading its probabilities."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from ..prompts import Prompt


class AbstractRoute(ABC):
    """Bodies out, probabilities in."""

    @property
    @abstractmethod
    def path(self) -> str:
        """Where requests go, after the base URL."""

    @property
    @abstractmethod
    def continues(self) -> bool:
        """Whether an answer can be continued."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """What about the route determines answers."""

    @abstractmethod
    def body(self, prompt: Prompt, model: str, top: int, max_tokens: int) -> dict[str, Any]:
        """The request; `top` = 0 asks for text only."""

    @abstractmethod
    def tokens(self, reply: dict[str, Any]) -> dict[str, float] | None:
        """Probabilities of the first token by its text, `None` if the server shows none."""

    @abstractmethod
    def text(self, reply: dict[str, Any]) -> str:
        """The text of the first choice.

        **Raises:** `KeyError`, `IndexError` or `TypeError` for a reply without one.
        """


@dataclass(frozen=True)
class ChatRoute(AbstractRoute):
    """`/chat/completions`. `prefill` sends the start of the answer as an open assistant turn.

    Servers that cannot continue a turn need `prefill=False` and a style with `prefill=False`.
    """

    prefill: bool = True

    @property
    def path(self) -> str:
        """/chat/completions."""
        return "/chat/completions"

    @property
    def continues(self) -> bool:
        """Whether an answer can be continued."""
        return self.prefill

    @property
    def identity(self) -> str:
        """chat, with or without an open turn."""
        return f"chat{self.prefill:d}"

    def body(self, prompt, model, top, max_tokens):
        """Messages with the answer's start as the last turn."""
        messages = [{"role": m.role, "content": m.content} for m in prompt.messages]
        body: dict[str, Any] = {"model": model, "max_tokens": max_tokens, "n": 1, "seed": 0}
        if self.prefill and prompt.prefix:
            messages.append({"role": "assistant", "content": prompt.prefix})
            body |= {"add_generation_prompt": False, "continue_final_message": True}
        body["messages"] = messages
        if top:
            return body | {"logprobs": True, "top_logprobs": top, "temperature": 1.0}
        return body | {"temperature": 0.0, "stop": ["\n"]} if max_tokens <= 8 else body

    def tokens(self, reply):
        """From `choices[0].logprobs.content[0].top_logprobs`."""
        shown = (reply["choices"][0].get("logprobs") or {}).get("content") or []
        if not shown:
            return None
        table: dict[str, float] = {}
        for row in shown[0].get("top_logprobs") or [shown[0]]:
            table[row["token"]] = table.get(row["token"], 0.0) + math.exp(row["logprob"])
        return table

    def text(self, reply):
        """From `choices[0].message.content`."""
        return reply["choices"][0]["message"]["content"] or ""


@dataclass(frozen=True)
class CompletionsRoute(AbstractRoute):
    """`/completions`, for base models: the messages as one plain text."""

    @property
    def path(self) -> str:
        """/completions."""
        return "/completions"

    @property
    def continues(self) -> bool:
        """Always: the prompt is one text."""
        return True

    @property
    def identity(self) -> str:
        """Completions."""
        return "completions"

    def body(self, prompt, model, top, max_tokens):
        """The prompt as text that ends with the answer's start."""
        body: dict[str, Any] = {"model": model, "max_tokens": max_tokens, "n": 1, "seed": 0}
        body["prompt"] = plain_text(prompt)
        if top:
            return body | {"logprobs": top, "temperature": 1.0}
        return body | {"temperature": 0.0, "stop": ["\n"]} if max_tokens <= 8 else body

    def tokens(self, reply):
        """From `choices[0].logprobs.top_logprobs[0]`."""
        shown = (reply["choices"][0].get("logprobs") or {}).get("top_logprobs") or []
        return {token: math.exp(p) for token, p in shown[0].items()} if shown else None

    def text(self, reply):
        """From `choices[0].text`."""
        return reply["choices"][0]["text"] or ""


def plain_text(prompt: Prompt) -> str:
    """A prompt as one text, for models without a chat format."""
    turns = [f"### {m.role.capitalize()}\n{m.content}\n\n" for m in prompt.messages]
    return "".join(turns) + f"### Assistant\n{prompt.prefix}"
