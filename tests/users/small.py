"""A world of few people, by the rule."""

from incentax.users.rule import RuleUsers
from incentax.users.world import World


def small_world(small_movies, few_people, **changes):
    """These people and movies, and whatever else a test changes."""
    rater = changes.pop("rater", RuleUsers.fitted(small_movies, few_people, pairs=2000))
    return World(small_movies, few_people, rater, **changes)
