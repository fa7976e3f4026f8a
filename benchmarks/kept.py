"""What a kept figure was made with, so that one made otherwise is never taken for it."""

import ast
import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax

import incentax as ix

# Rooms of the package that no figure of a design depends on.
_OUTSIDE = ("cli", "report", "reproduction", "users", "bridge", "sweep")


def circumstances() -> dict[str, Any]:
    """Versions and device."""
    return {
        "incentax": version("incentax"),
        "jax": version("jax"),
        "device": jax.devices()[0].device_kind,
        "double precision": bool(jax.config.jax_enable_x64),
    }


def design_facts(problem: ix.Problem) -> dict[str, Any]:
    """All that the design of a problem under its default recipe depends on, as JSON."""
    setting = problem.setting
    facts = {"problem": problem.name, "settings": setting.options()}
    facts |= {"recipe": described(setting.recipe())} | circumstances()
    # As it is read back: what is compared are two JSON objects.
    return json.loads(json.dumps(facts))


def described(record: Any) -> Any:
    """A record as JSON: records by their fields, arrays by numbers, functions by their names."""
    if hasattr(record, "tolist"):
        return record.tolist()
    if isinstance(record, (list, tuple)):
        return [described(entry) for entry in record]
    if is_dataclass(record) and not isinstance(record, type):
        return {field.name: described(getattr(record, field.name)) for field in fields(record)}
    if callable(record):
        return f"{record.__module__}.{record.__qualname__}"
    return record


def difference(found: Mapping[str, Any], wanted: Mapping[str, Any], inside: str = "") -> str:
    """What is not as wanted, in words; empty where all is."""
    for name, value in wanted.items():
        if name not in found:
            return f"expected {inside}{name} {value!r}, got one that does not say"
        if isinstance(value, Mapping) and isinstance(found[name], Mapping):
            inner = difference(found[name], value, f"{inside}{name}.")
            if inner:
                return inner
        elif found[name] != value:
            return f"expected {inside}{name} {value!r}, got one made with {found[name]!r}"
    return ""


@functools.cache
def code() -> str:
    """A short digest of the package's code; comments and docstrings do not count."""
    package = Path(ix.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        inside = file.relative_to(package)
        if inside.parts[0] not in _OUTSIDE:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if hasattr(node, "body") and isinstance(node.body, list) and _documented(node):
                    node.body = node.body[1:]
            digest.update(f"{inside.as_posix()}\n{ast.dump(tree)}\n".encode())
    return digest.hexdigest()[:12]


def _documented(node: Any) -> bool:
    first = node.body[0] if node.body else None
    constant = getattr(first, "value", None) if isinstance(first, ast.Expr) else None
    return isinstance(constant, ast.Constant) and isinstance(constant.value, str)
