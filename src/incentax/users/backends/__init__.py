"""Who answers: tables, fitted surrogates, local and remote language models, recordings."""

from .accounting import Budget as Budget
from .accounting import BudgetExceeded as BudgetExceeded
from .accounting import Prices as Prices
from .accounting import Usage as Usage
from .asking import Desk as Desk
from .cache import Cache as Cache
from .cache import CacheMiss as CacheMiss
from .choosing import LanguageChoice as LanguageChoice
from .fit import distil as distil
from .fit import fit_surrogate as fit_surrogate
from .http import HttpModel as HttpModel
from .huggingface import HuggingFaceModel as HuggingFaceModel
from .language import LanguageUsers as LanguageUsers
from .language import OnInvalid as OnInvalid
from .menu_choosing import LanguageChooser as LanguageChooser
from .model import AbstractModel as AbstractModel
from .model import Answer as Answer
from .patience import Patience as Patience
from .replay import ReplayModel as ReplayModel
from .replay import load_trace as load_trace
from .replay import save_trace as save_trace
from .routes import ChatRoute as ChatRoute
from .routes import CompletionsRoute as CompletionsRoute
from .surrogate import Ensemble as Ensemble
from .surrogate import Surrogate as Surrogate
from .tabular import TabularUsers as TabularUsers
