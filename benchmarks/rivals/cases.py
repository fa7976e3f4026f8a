"""The games that are timed, as data: each library builds its own from the same numbers."""

# `updates`: mirror-descent updates after which exploitabilities are compared.
CASES = [
    {
        "name": "beach bar, 100 spots",
        "game": "beach_bar",
        "options": {"T": 50, "n": 100, "bar_loc": 50},
        "updates": 5,
    },
    {
        "name": "beach bar, 1000 spots",
        "game": "beach_bar",
        "options": {"T": 50, "n": 1000, "bar_loc": 500},
        "updates": 2,
    },
    {"name": "crowd motion", "game": "crowd_motion", "options": {"T": 3}, "updates": 5},
    {"name": "crowd motion, T = 50", "game": "crowd_motion", "options": {"T": 50}, "updates": 5},
    {
        "name": "building evacuation",
        "game": "building_evacuation",
        "options": {"T": 3},
        "updates": 5,
    },
    {
        "name": "building evacuation, T = 50",
        "game": "building_evacuation",
        "options": {"T": 50},
        "updates": 2,
    },
    {
        "name": "susceptible-infected",
        "game": "susceptible_infected",
        "options": {"T": 50},
        "updates": 5,
    },
]
STEP_SIZE = 0.1
RUNS = 5

# OpenSpiel's C++ crowd game on a ring.
RING = {"name": "ring crowd, 100 places", "size": 100, "horizon": 50}
