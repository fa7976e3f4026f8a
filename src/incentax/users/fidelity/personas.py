"""Personas whose reactions are known beforehand."""

from enum import StrEnum

from ..catalogue import Catalogue
from ..domain import Domain
from ..people import People
from ..records import User
from ..scales import Scale

_CAST = (
    ("Ilse Marten", "F", 31),
    ("Jon Okada", "M", 46),
    ("Rosa Velle", "F", 63),
    ("Abel Crane", "M", 19),
)


class Wording(StrEnum):
    """How a persona's text tells what it wants."""

    NUMERIC = "numeric"  # states the wanted ratings
    PARAPHRASED = "paraphrased"  # says it without numbers


def fans(catalogue: Catalogue, label: str, scale: Scale, wording: Wording) -> People:
    """Four people who love one label and reject everything else."""
    noun = catalogue.domain.noun
    high, low = scale.labels[-1], scale.labels[0]
    numeric = f"rates every {label} {noun} {high} and every other {noun} {low}"
    plain = f"adores {label} {noun}s without exception and finds every other kind unbearable"
    text = numeric if wording == Wording.NUMERIC else plain
    others = tuple(other for other in catalogue.labels if other != label)
    return People(
        [
            User(
                f"fan-{label}-{k}",
                name,
                gender,
                age,
                f"{name.split(' ')[0]} has one passion: {label}. {_subject(gender)} {text}.",
                liked=(label,),
                disliked=others[:4],
                traits={"exclusive": label},
                source="fidelity",
            )
            for k, (name, gender, age) in enumerate(_CAST)
        ]
    )


def extremes(domain: Domain, scale: Scale, wording: Wording, *, high: bool) -> People:
    """Four people who give everything the highest, or the lowest, rating."""
    label = scale.labels[-1] if high else scale.labels[0]
    word = "loves" if high else "hates"
    tone = "the best thing ever made" if high else "a waste of time"
    numeric = f"rates every single {domain.noun} {label}"
    plain = f"{word} every single {domain.noun} and calls each one {tone}"
    text = numeric if wording == Wording.NUMERIC else plain
    return People(
        [
            User(
                f"{'high' if high else 'low'}-{k}",
                name,
                gender,
                age,
                f"Whatever it is, {name.split(' ')[0]} {text}.",
                traits={"style": "always_high" if high else "always_low"},
                source="fidelity",
            )
            for k, (name, gender, age) in enumerate(_CAST)
        ]
    )


def _subject(gender: str) -> str:
    return {"F": "She", "M": "He", "X": "They"}[gender]
