from .amid import AMID as AMID
from .frame import reproduce as reproduce
from .social import SOCIAL as SOCIAL
