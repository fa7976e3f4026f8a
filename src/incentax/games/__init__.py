from .beach_bar import BeachBar as BeachBar
from .left_right import LeftRight as LeftRight
from .rock_paper_scissors import RockPaperScissors as RockPaperScissors
from .settings import PricedBeach as PricedBeach
from .settings import PricedChoice as PricedChoice
from .tolled import TolledGame as TolledGame
from .tolled import flow_constraints as flow_constraints
from .tolled_settings import TolledBeach as TolledBeach
