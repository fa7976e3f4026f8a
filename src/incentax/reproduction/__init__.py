from .amid import AMID as AMID
from .frame import reproduce as reproduce
from .frame import words as words
from .social import SOCIAL as SOCIAL
