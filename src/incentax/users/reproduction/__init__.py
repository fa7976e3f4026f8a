"""The published experiments with the embedded people, made once and resumed where they stopped."""

from .make import PARTS as PARTS
from .make import reproduce as reproduce
