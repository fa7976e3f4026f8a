"""Invented people: who they are, what they like, and a text that says so."""

import numpy as np

from ..catalogue import Catalogue
from ..people import People
from ..records import User
from .vocabulary import pick, sentence, vocabulary

_STARTS = (4, 15, 25, 35, 45, 55, 65)
_SHARES = np.array([0.182, 0.130, 0.137, 0.131, 0.123, 0.129, 0.168])
_MINIMUM_WORDS = 40
_PLAIN = {
    "M": {"pronoun": "he", "poss": "his", "is": "is", "s": "s", "has": "has", "does": "does"},
    "F": {"pronoun": "she", "poss": "her", "is": "is", "s": "s", "has": "has", "does": "does"},
    "X": {"pronoun": "they", "poss": "their", "is": "are", "s": "", "has": "have", "does": "do"},
}


def age_shares(min_age: int = 4) -> np.ndarray:
    """Probabilities of the seven age bins with everybody younger than `min_age` left out."""
    kept = np.array([start + 9 >= min_age for start in _STARTS])
    share = _SHARES * kept
    return share / share.sum()


def generate_people(
    catalogue: Catalogue,
    num: int = 600,
    seed: int = 0,
    *,
    min_age: int = 4,
    genres: bool = True,
    third_gender: float = 0.0,
    split_favourites: float = 0.5,
) -> People:
    """`num` invented people for a catalogue, their text and traits in agreement.

    **Main arguments:**

    - `catalogue`: whose labels they like and whose titles some of them name.
    - `num`, `seed`: how many, and which.

    **Other arguments:**

    - `min_age`: nobody younger.
    - `genres`: whether they have likes and dislikes at all (the `basic` set has none).
    - `third_gender`: share of people who are neither men nor women.
    - `split_favourites`: share whose text names favourite titles.

    **Raises:** `ValueError` for a number below 1.

    Reference: marginals of arXiv 2406.01631, section 4.
    """
    if num < 1:
        raise ValueError(f"expected at least one person, got {num}; try 600")
    rng = np.random.default_rng(seed)
    words = vocabulary()
    used: dict[str, int] = {}
    prefix = catalogue.domain.noun[0]
    people = []
    for k in range(num):
        age = _age(rng, min_age)
        gender = _gender(rng, third_gender)
        job, hobby = _work(rng, age, words)
        liked, disliked = _likes(rng, catalogue, words) if genres else ((), ())
        name = _name(rng, gender, words, used, num)
        style = str(rng.choice(["normal", "harsh", "generous"], p=[0.8, 0.1, 0.1]))
        traits = {
            "bias": round(float(0.3 * rng.standard_normal()), 3),
            "style": style,
            "patience": round(float(rng.beta(2, 2)), 2),
            "novelty": round(float(rng.beta(2, 2)), 2),
            "trust": round(float(rng.beta(4, 4)), 2),
            "incentive_sensitivity": round(float(rng.gamma(2.0, 0.5)), 2),
        }
        favourites = ()
        if rng.random() < split_favourites:
            favourites = _favourites(rng, catalogue, liked, disliked)
            traits["favourites"] = tuple(item.id for item in favourites)
        draft = User(
            f"{prefix}u{k:04d}",
            name,
            gender,
            age,
            "",
            job,
            hobby,
            liked,
            disliked,
            traits,
            "generated",
        )
        text = _describe(rng, draft, favourites, catalogue.domain.noun, words)
        people.append(
            User(
                draft.id, name, gender, age, text, job, hobby, liked, disliked, traits, "generated"
            )
        )
    return People(people)


def _age(rng, min_age: int) -> int:
    start = int(rng.choice(_STARTS, p=age_shares(min_age)))
    # The published table never yields 14; widening the first bin closes the gap.
    width = 11 if start == 4 else 10
    return max(min_age, start + int(rng.integers(width)))


def _gender(rng, third: float) -> str:
    if rng.random() < third:
        return "X"
    return "F" if rng.random() < 0.5 else "M"


def _work(rng, age: int, words) -> tuple[str, str]:
    if age < 16:
        return "schoolchild", pick(rng, words["children"]["hobbies"])
    kinds = [(verb, thing) for verb, things in words["hobbies"].items() for thing in things]
    hobby = " ".join(pick(rng, kinds))
    if age > 60:
        return f"retired {pick(rng, words['jobs']['adult'])}", hobby
    job = pick(rng, words["jobs"]["adult"])
    if age <= 24:
        return pick(rng, (f"apprentice {job}", "student")), hobby
    return job, hobby


def _likes(rng, catalogue: Catalogue, words) -> tuple[tuple[str, ...], tuple[str, ...]]:
    liked, disliked = [], []
    for chance, *labels in words["likes"][catalogue.domain.name].values():
        labels = [label for label in labels if label in catalogue.labels]
        if labels:
            (liked if rng.random() < chance else disliked).append(labels)

    def four(groups):
        order = rng.permutation(len(groups))[:4]
        return tuple(sorted(pick(rng, groups[int(k)]) for k in order))

    return four(liked), four(disliked)


def _name(rng, gender: str, words, used: dict[str, int], num: int) -> str:
    first = words["names"][{"F": "female", "M": "male", "X": "neutral"}[gender]]
    limit = 2 * max(1, -(-num // 600))
    while True:
        name = f"{pick(rng, first)} {pick(rng, words['names']['family'])}"
        if used.get(name, 0) < limit:
            used[name] = used.get(name, 0) + 1
            return name


def _favourites(rng, catalogue: Catalogue, liked, disliked):
    fitting = [
        item
        for item in catalogue
        if (not liked or set(item.labels) & set(liked)) and not set(item.labels) & set(disliked)
    ]
    if not fitting:
        return ()
    return tuple(fitting[int(k)] for k in rng.integers(len(fitting), size=2))


def _joined(words: tuple[str, ...] | list[str]) -> str:
    words = list(words)
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def _describe(rng, user: User, favourites, noun: str, words) -> str:
    g = _PLAIN[user.gender]
    first, who = user.name.split(" ")[0], g["pronoun"]
    s, verb = g["s"], "watch" if noun == "movie" else "read"
    verbs = "watches" if noun == "movie" else "reads"
    verbs = verbs if s else verb
    job = user.job if user.job != "schoolchild" else "child who still goes to school"
    article = "an" if job[0] in "aeiou" else "a"
    parts = [
        pick(
            rng,
            (
                f"{first} is {user.age} years old and {article} {job}.",
                f"At {user.age}, {first} is {article} {job}.",
                f"{first}, {article} {job}, is {user.age}.",
            ),
        ),
        pick(
            rng,
            (
                f"{sentence(who)} love{s} {user.hobby}.",
                f"Much of {g['poss']} free time goes into {user.hobby}.",
                f"Ask {first} about {user.hobby} and the evening is over.",
                f"{sentence(g['poss'])} great passion is {user.hobby}.",
            ),
        ),
        pick(
            rng,
            (
                f"{sentence(who)} {verbs} {noun}s mostly in the evening, after a long day.",
                f"{sentence(who)} pick{s} {noun}s with care and talk{s} about them for days.",
                f"For {first}, a good {noun} is a way to be somewhere else for a while.",
                f"{sentence(who)} {verbs} {noun}s at the weekend, often with friends.",
                f"{sentence(who)} rarely plan{s} which {noun} comes next and follow{s} a whim.",
            ),
        ),
    ]
    if user.liked:
        likes = _joined(user.liked)
        parts.append(
            pick(
                rng,
                (
                    f"{sentence(who)} enjoy{s} {likes}.",
                    f"What {who} like{s} best is {likes}.",
                    f"Give {first} {likes} and {who} {g['is']} happy.",
                ),
            )
        )
    if user.disliked:
        dislikes = _joined(user.disliked)
        parts.append(
            pick(
                rng,
                (
                    f"{sentence(who)} {g['has']} no patience for {dislikes}.",
                    f"{sentence(who)} avoid{s} {dislikes} whenever {who} can.",
                ),
            )
        )
    if favourites:
        titles = " and ".join(f'"{title}"' for title in dict.fromkeys(i.title for i in favourites))
        parts.append(f"Among {g['poss']} favourites: {titles}.")
    verb_forms = {
        "Pronoun": sentence(who),
        "pronoun": who,
        "is": g["is"],
        "says": "say" + s,
        "thinks": "think" + s,
        "takes": "take" + s,
        "finishes": "finishes" if s else "finish",
        "starts": "start" + s,
        "gets": "get" + s,
        "wants": "want" + s,
    }
    patience = "patient" if user.traits["patience"] >= 0.5 else "restless"
    for key in (user.traits["style"], patience):
        parts.append(words["style"][key][0].format(**verb_forms))
    extras = [
        f"Friends describe {first} as {pick(rng, _CHARACTER)} and {pick(rng, _CHARACTER2)}.",
        f"A quiet {pick(rng, _DAYS)} with a {noun} is {first}'s idea of luxury.",
        f"{sentence(g['poss'])} taste was formed by {pick(rng, _ROOTS)}.",
        f"{sentence(who)} {g['does']} not care what critics write.",
    ]
    for k in rng.permutation(len(extras)).tolist():
        if sum(len(p.split()) for p in parts) >= _MINIMUM_WORDS + 8:
            break
        parts.append(extras[k])
    return " ".join(parts)


_CHARACTER = ("loyal", "curious", "stubborn", "cheerful", "shy", "blunt", "dreamy", "restless")
_CHARACTER2 = ("funny", "punctual", "generous", "absent-minded", "practical", "warm", "sceptical")
_DAYS = ("Sunday", "Friday night", "rainy afternoon", "winter evening", "holiday")
_ROOTS = (
    "an older sister",
    "a grandfather's shelves",
    "a village cinema",
    "a strict teacher",
    "long train rides",
    "a neighbour's collection",
)
