"""The options that say which world and who answers, asked alike by every command."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from . import tree as cli
from .settings import Choices

_OPTIONS = {
    "domain": cli.Domain,
    "backend": cli.Backend,
    "model": cli.Model,
    "base_url": cli.BaseUrl,
    "route": cli.Route,
    "template": cli.Template,
    "shots": cli.Shots,
    "cache": cli.CacheFile,
    "trace": cli.Trace,
    "max_calls": cli.MaxCalls,
}
WHO = ("domain", "backend", "model", "base_url", "route", "template", "shots", "cache")


def asks(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: the command gets the options of these names, `--set` and `--config`.

    They reach it as one `choices`, its first parameter; its own options come after them.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        own = list(inspect.signature(command).parameters.values())[1:]
        default = Choices()
        shared = [(name, _OPTIONS[name], getattr(default, name)) for name in names]
        shared += [("set_", cli.Set, None), ("config", cli.Config, None)]

        @functools.wraps(command)
        def wrapped(**given: Any) -> Any:
            table = {name: given.pop(name) for name in names}
            choices = cli.choices_of(given.pop("config"), given.pop("set_"), **table)
            return command(choices, **given)

        keyword = inspect.Parameter.KEYWORD_ONLY
        parameters = [
            inspect.Parameter(name, keyword, default=value, annotation=option)
            for name, option, value in shared
        ]
        parameters += [parameter.replace(kind=keyword) for parameter in own]
        # What the parser of the command line reads instead of the command itself.
        vars(wrapped).pop("__wrapped__")
        vars(wrapped)["__signature__"] = inspect.Signature(parameters)
        wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
        return wrapped

    return decorate
