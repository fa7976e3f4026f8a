"""The suite: every test for one back end, beside the floors."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..catalogue import Catalogue
from ..people import People
from ..query import AbstractRater
from ..retrieval import AbstractRetrieval, MostSimilar
from ..scales import Scale
from .personas import Wording
from .raters import floors
from .trials import (
    Distance,
    Rate,
    collection_test,
    extreme_test,
    label_test,
    similarity_test,
)

GATES = {"genre": 0.90, "high": 0.95, "low": 0.95, "collection": 0.85, "distance": 0.05}
"""What the rule-based people must reach."""

USABLE = {"genre": 0.70, "high": 0.80, "low": 0.80, "collection": 0.65, "distance": 0.20}
"""What a language model must reach to be called usable."""


@dataclass(frozen=True)
class Figures:
    """The five tests of one rater under one wording."""

    rater: str
    wording: str
    genre_in: Rate
    genre_out: Rate
    high: Rate
    low: Rate
    low_strict: Rate
    collection_positive: Rate
    collection_negative: Rate
    similarity: Distance

    @property
    def headline(self) -> dict[str, float]:
        """Genre, high, low, collection and distance, and their aggregate."""
        genre = 0.5 * (self.genre_in.rate + self.genre_out.rate)
        collection = 0.5 * (self.collection_positive.rate + self.collection_negative.rate)
        extreme = 0.5 * (self.high.rate + self.low.rate)
        distance = self.similarity.distance
        return {
            "genre": genre,
            "high": self.high.rate,
            "low": self.low.rate,
            "low strict": self.low_strict.rate,
            "collection": collection,
            "distance": distance,
            "aggregate": 0.25 * (genre + extreme + collection + 1.0 - distance),
        }

    def reaches(self, gates: dict[str, float]) -> bool:
        """Whether every headline figure passes its gate."""
        figures = self.headline
        return all(
            figures[name] <= bound if name == "distance" else figures[name] >= bound
            for name, bound in gates.items()
        )


@dataclass(frozen=True)
class FidelityReport:
    """Figures of a rater under both wordings, and of the floors."""

    domain: str
    scale: str
    figures: tuple[Figures, ...]
    floors: tuple[Figures, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row per rater and wording, headline figures only."""
        return [
            {"rater": f.rater, "wording": f.wording}
            | {k: round(v, 4) for k, v in f.headline.items()}
            for f in (*self.figures, *self.floors)
        ]

    @property
    def beats_floors(self) -> bool:
        """Whether the lower end of every interval lies above every floor."""
        names = (
            "genre_in",
            "genre_out",
            "high",
            "low",
            "collection_positive",
            "collection_negative",
        )
        blind = [f for f in self.floors if f.rater in ("uniform", "reference")]
        return all(
            getattr(own, name).low > max(getattr(f, name).rate for f in blind)
            for own in self.figures
            for name in names
        )

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "domain": self.domain,
            "scale": self.scale,
            "rows": self.rows(),
            "beats_floors": self.beats_floors,
            "detail": [asdict(f) for f in (*self.figures, *self.floors)],
        }


def run(
    rater: AbstractRater,
    catalogue: Catalogue,
    people: People,
    *,
    scale: Scale | None = None,
    retrieval: AbstractRetrieval | None = None,
    quick: bool = False,
    seed: int = 0,
) -> FidelityReport:
    """The five published tests for a rater, with raw ratings and no shared history.

    **Main arguments:**

    - `rater`: who answers. `catalogue`, `people`: about what, and as whom.

    **Other arguments:**

    - `scale`, `retrieval`: the domain's own scale and the three most similar items by default.
    - `quick`: a tenth of the trials of the similarity and collection tests.

    Two runs with one seed are equal bit for bit.

    Reference: arXiv 2406.01631, section 5, corrected.
    """
    scale = scale or catalogue.domain.scale
    retrieval = retrieval or MostSimilar()
    reference = np.asarray(catalogue.domain.reference)
    sagas, users, per_item = (8, 25, 3) if quick else (22, 100, 25)

    def figures(name: str, who: AbstractRater, wording: Wording) -> Figures:
        inside, outside = label_test(who, catalogue, scale, wording)
        liked, hated = collection_test(
            who, catalogue, people, scale, retrieval, num_sagas=sagas, num_users=users, seed=seed
        )
        extreme = {"catalogue": catalogue, "scale": scale, "wording": wording}
        return Figures(
            name,
            wording,
            inside,
            outside,
            extreme_test(who, high=True, **extreme),
            extreme_test(who, high=False, **extreme),
            extreme_test(who, high=False, strict=True, **extreme),
            liked,
            hated,
            similarity_test(who, catalogue, people, scale, reference, per_item=per_item, seed=seed),
        )

    return FidelityReport(
        catalogue.domain.name,
        scale.name,
        tuple(figures(rater.identity.split("/")[0], rater, wording) for wording in Wording),
        tuple(
            figures(name, floor, Wording.NUMERIC)
            for name, floor in floors(catalogue.domain.reference).items()
        ),
    )
