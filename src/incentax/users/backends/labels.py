"""From token probabilities to the labels of a scale."""

from collections.abc import Mapping

from ..scales import Scale


def masses_of_tokens(tokens: Mapping[str, float], scale: Scale) -> tuple[float, ...]:
    """Probability of each label, from the probabilities of the first tokens by their text.

    A token counts for the label it spells, with or without a leading space; a token that merely
    starts a label counts for nothing.

    >>> from incentax.users.scales import SCALES
    >>> masses_of_tokens({"1": 0.25, " 1": 0.25, "85": 0.5}, SCALES["one_five"])[0]
    0.5
    """
    return tuple(
        sum(tokens.get(spelling, 0.0) for spelling in scale.variants(level))
        for level in range(scale.num_levels)
    )


def continued(scale: Scale) -> dict[int, int]:
    """Labels that another one continues: `{shorter level: longer level}`, as 1 and 10.

    >>> from incentax.users.scales import SCALES
    >>> continued(SCALES["one_ten"]), continued(SCALES["zero_nine"])
    ({0: 9}, {})
    """
    return {
        short: long
        for short, a in enumerate(scale.labels)
        for long, b in enumerate(scale.labels)
        if a != b and b.startswith(a)
    }


def split_continued(
    masses: tuple[float, ...], scale: Scale, tails: Mapping[int, Mapping[str, float]]
) -> tuple[float, ...]:
    """Masses with the share of each longer label taken from the shorter one it starts with.

    `tails[short]` are the token probabilities after the shorter label:
    P("10") = P("1") · P("0"|"1").
    """
    table = list(masses)
    for short, long in continued(scale).items():
        rest = scale.labels[long][len(scale.labels[short]) :]
        share = tails[short].get(rest, 0.0)
        table[long] += masses[short] * share
        table[short] = masses[short] * (1.0 - share)
    return tuple(table)
