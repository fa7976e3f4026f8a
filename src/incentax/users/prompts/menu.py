"""From a person and a menu to the messages a language model reads."""

from dataclasses import replace
from string import Template as Substitution

from ..menu import Menu
from ..records import User
from .render import Message, Prompt, fenced


def render_menu(person: User, menu: Menu, order: tuple[int, ...] | None = None) -> Prompt:
    """The prompt that lets a person choose one option by its letter.

    The persona and the menu are fenced: they are data, whatever they say.

    **Arguments:**

    - `order`: the options in the order shown, the scene's own by default.
    """
    scene, scale = menu.scene, menu.scale
    question = Substitution(scene.question).safe_substitute(
        noun=person.noun, pronoun=person.pronoun, first=scale.labels[0], last=scale.labels[-1]
    )
    body = [fenced(person.description), fenced("\n".join(menu.lines(order))), question]
    messages = (Message("system", scene.system), Message("user", "\n\n".join(body)))
    return Prompt(messages, scene.prefix, scale)


def stricter_menu(prompt: Prompt, menu: Menu, times: int) -> Prompt:
    """The same prompt with a reminder of what counts as an answer, said `times` times."""
    *head, last = prompt.messages
    said = Substitution(menu.scene.stricter).safe_substitute(labels=", ".join(prompt.scale.labels))
    return replace(
        prompt, messages=(*head, Message(last.role, "\n".join([last.content, *[said] * times])))
    )
