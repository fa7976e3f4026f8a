from .base import CALMER as CALMER
from .base import AbstractSolver as AbstractSolver
from .base import Equilibrium as Equilibrium
from .mirror_descent import MirrorDescent as MirrorDescent
from .mirror_descent import RegularisedReply as RegularisedReply
from .solve import describe as describe
from .solve import solve as solve
