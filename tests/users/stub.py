"""A stand-in model for servers: the answer is a known function of the prompt."""

import random
import zlib


def question(body):
    """The user's turn without reminders, by which a prompt is recognised."""
    turns = [m["content"] for m in body["messages"] if m["role"] == "user"]
    return turns[-1].split("\nReply with exactly one of")[0]


def truth(text, levels=10):
    """Probabilities of the labels 0..9 and 5 % elsewhere."""
    rng = random.Random(zlib.crc32(text.encode()))
    weights = [rng.random() for _ in range(levels)]
    total = sum(weights) / 0.95
    return {str(k): w / total for k, w in enumerate(weights)} | {"x": 0.05}


def scorer(bodies):
    """Answers for a batch of requests."""
    return [truth(question(body)) for body in bodies]
