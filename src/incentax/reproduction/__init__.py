from .amid import PARTS as PARTS
from .amid import reproduce as reproduce
