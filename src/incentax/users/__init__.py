"""Simulated people in a Gymnasium world for recommenders; an island that imports no JAX.

Importing this registers the environments. Back ends, learning, fidelity and loaders are
sub-packages of their own, so that what is not used is not loaded.
"""

from .array import PopulationResponse as PopulationResponse
from .array import population_response as population_response
from .bundled import bundled_catalogue as bundled_catalogue
from .bundled import bundled_people as bundled_people
from .catalogue import Catalogue as Catalogue
from .catalogue import load_catalogue as load_catalogue
from .crowd import AbstractChooser as AbstractChooser
from .crowd import Crowd as Crowd
from .crowd import RuleChooser as RuleChooser
from .dynamics import Dynamics as Dynamics
from .envs import RecommenderEnv as RecommenderEnv
from .memory import Memory as Memory
from .memory import MemoryScope as MemoryScope
from .menu import Menu as Menu
from .observe import Features as Features
from .observe import SuberNumbers as SuberNumbers
from .observe import SuberRaw as SuberRaw
from .people import People as People
from .people import load_people as load_people
from .query import AbstractFormula as AbstractFormula
from .query import AbstractRater as AbstractRater
from .query import Queries as Queries
from .query import Reactions as Reactions
from .query import ask as ask
from .ratings import Ratings as Ratings
from .records import Actor as Actor
from .records import Book as Book
from .records import Interaction as Interaction
from .records import Movie as Movie
from .records import User as User
from .registration import make_world as make_world
from .registration import register
from .rule import RuleUsers as RuleUsers
from .scales import SCALES as SCALES
from .scales import Scale as Scale
from .scene import Scene as Scene
from .scene import find_scene as find_scene
from .vector import RecommenderVectorEnv as RecommenderVectorEnv
from .world import Reward as Reward
from .world import World as World

register()
