"""Invented movies and books: titles, plots, people, votes and sagas."""

from dataclasses import replace

import numpy as np

from ..catalogue import Catalogue
from ..domain import Domain, find_domain
from ..records import AbstractItem, Actor, Book, Movie
from ..text import HashedTfidf
from .vocabulary import pick, sentence, vocabulary

_SAGAS = {"movies": (24, 3, 9), "books": (24, 3, 4)}
_LANGUAGES = ("en", "en", "en", "fr", "es", "de", "ja", "sv", "pt", "hi")


def generate_catalogue(domain: Domain | str, num: int = 1500, seed: int = 0) -> Catalogue:
    """`num` invented items of a domain, with sagas, votes and text vectors.

    **Arguments:**

    - `num`: at least 300, so that every label and saga finds room.

    **Raises:** `ValueError` for fewer.

    >>> shelf = generate_catalogue("books", 300, seed=1)
    >>> len(shelf), len({book.title for book in shelf})
    (300, 300)
    """
    domain = find_domain(domain) if isinstance(domain, str) else domain
    if num < 300:
        raise ValueError(f"expected at least 300 items, got {num}; try 300")
    rng = np.random.default_rng(seed)
    write = _Writer(domain, rng)
    items: list[AbstractItem] = []
    sagas, shortest, longest = _SAGAS[domain.name]
    for saga in range(sagas):
        parts = int(rng.integers(shortest, longest + 1))
        items += write.saga(f"{domain.noun}-saga-{saga:02d}", parts)
    while len(items) < num:
        items.append(write.single())
    order = rng.permutation(num)
    named = [write.identified(items[k], place) for place, k in enumerate(order.tolist())]
    embedding = HashedTfidf(dims=48).encode([item.text for item in named])
    return Catalogue(named, domain, embedding=embedding.astype(np.float16))


class _Writer:
    def __init__(self, domain: Domain, rng: np.random.Generator):
        words = vocabulary()
        self.domain, self.rng = domain, rng
        self.labels = words["labels"][domain.name]
        self.banks, self.prose = words["label"], words["prose"]
        self.names = words["names"]
        self.titles: set[str] = set()
        cast = 260
        self.cast = [
            Actor(f"p{k:03d}", self._name(g), g)
            for k, g in ((k, "F" if k % 2 else "M") for k in range(cast))
        ]
        self.makers = [self._name("F" if k % 2 else "M") for k in range(220)]

    def _name(self, gender: str) -> str:
        first = self.names["female" if gender == "F" else "male"]
        return f"{pick(self.rng, first)} {pick(self.rng, self.names['family'])}"

    def _labels(self) -> tuple[str, ...]:
        size = int(self.rng.choice([1, 2, 3], p=[0.4, 0.4, 0.2]))
        return tuple(sorted(self.rng.choice(self.labels, size, replace=False).tolist()))

    def _title(self, labels: tuple[str, ...]) -> str:
        while True:
            word = pick(self.rng, self.banks[pick(self.rng, labels)]["title"])
            place = pick(self.rng, self.banks[pick(self.rng, labels)]["places"])
            place = sentence(place.split(" ", 1)[1] if place.startswith(("a ", "an ")) else place)
            name = pick(self.rng, self.names["family"])
            first = pick(self.rng, self.names["female"] + self.names["male"])
            forms = (word, f"{word} of {name}", f"{first}'s {word}", f"{word}: {place}")
            title = pick(self.rng, forms + (f"The {name} {word}", f"{first} and the {word}"))
            title = title.replace("The The", "The").replace("the The", "the")
            if title not in self.titles:
                self.titles.add(title)
                return title

    def _text(self, labels: tuple[str, ...], hero: str) -> str:
        rng = self.rng

        def word(kind: str) -> str:
            return pick(rng, self.banks[pick(rng, labels)][kind])

        def fill(form: str) -> str:
            role, thing, adjective = word("roles"), word("things"), word("adjectives")
            return (
                sentence(
                    form.format(
                        place=word("places"),
                        place2=word("places"),
                        role=f"{role}, {hero},",
                        Role=f"{sentence(role)}, {hero},",
                        role2=word("roles"),
                        deed=word("deeds"),
                        thing=thing,
                        Thing=sentence(thing),
                        thing2=word("things"),
                        An="An" if adjective[0] in "aeiou" else "A",
                        adjective=adjective,
                        noun=self.domain.noun
                        if rng.random() < 0.3
                        else pick(rng, labels) + " story",
                    )
                )
                .replace(",,", ",")
                .replace(",.", ".")
            )

        parts = [fill(pick(rng, self.prose["openings"])), fill(pick(rng, self.prose["middles"]))]
        if rng.random() < 0.6:
            parts.append(fill(pick(rng, self.prose["middles"])))
        if rng.random() < 0.7:
            parts.append(pick(rng, self.prose["endings"]))
        return " ".join(parts)

    def _votes(self, quality: float) -> tuple[float, int]:
        if self.domain.noun == "movie":
            vote = float(np.clip(6.53 + 1.05 * quality, 2.0, 9.4))
        else:
            vote = float(np.clip(4.15 + 0.33 * quality, 2.2, 5.0))
        # What is liked is seen more, but fame is mostly luck.
        count = int(np.exp(5.0 + 0.5 * quality + 1.3 * self.rng.standard_normal()))
        return round(vote, 1 if self.domain.noun == "movie" else 2), max(count, 5)

    def _make(self, title: str, labels, text: str, year: int, quality: float, series: str, crew):
        vote, count = self._votes(quality)
        shared = {
            "id": "",
            "title": title,
            "text": text,
            "year": year,
            "labels": labels,
            "vote_average": vote,
            "vote_count": count,
            "series": series,
        }
        maker, actors = crew
        if self.domain.noun == "book":
            return Book(
                **shared,
                authors=(maker,),
                publisher=f"{pick(self.rng, self.names['family'])} Press",
            )
        month, day = int(self.rng.integers(1, 13)), int(self.rng.integers(1, 29))
        return Movie(
            **shared,
            actors=actors,
            director=maker,
            release_date=f"{year}-{month:02d}-{day:02d}",
            runtime=float(np.clip(int(self.rng.normal(104, 16)), 62, 190)),
            original_language=pick(self.rng, _LANGUAGES),
        )

    def _crew(self):
        picked = self.rng.choice(len(self.cast), 2, replace=False)
        return pick(self.rng, self.makers), tuple(self.cast[int(k)] for k in picked)

    def _year(self) -> int:
        return int(2024 - min(self.rng.geometric(0.055), 64))

    def single(self) -> AbstractItem:
        labels = self._labels()
        hero = self._name(pick(self.rng, "FM")).split(" ")[0]
        text = self._text(labels, hero)
        quality = float(self.rng.standard_normal())
        return self._make(
            self._title(labels), labels, text, self._year(), quality, "", self._crew()
        )

    def saga(self, name: str, parts: int) -> list[AbstractItem]:
        labels, crew = self._labels(), self._crew()
        hero, base = self._name(pick(self.rng, "FM")), self._title(labels)
        opening = self._text(labels, hero)
        start, quality = self._year() - 2 * parts, float(self.rng.standard_normal()) * 0.7
        made = []
        for part in range(1, parts + 1):
            title = base if part == 1 else f"{base}, Part {part}"
            text = opening if part == 1 else f"{hero} returns. {self._text(labels, hero)} {opening}"
            level = quality + 0.5 * float(self.rng.standard_normal())
            made.append(self._make(title, labels, text, start + 2 * part, level, name, crew))
        return made

    def identified(self, item: AbstractItem, place: int) -> AbstractItem:
        return replace(item, id=f"{self.domain.noun[0]}{place:05d}")
