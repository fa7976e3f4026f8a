from .crew import AbstractCrew as AbstractCrew
from .crew import Here as Here
from .crew import RayCluster as RayCluster
from .folder import SweepFolder as SweepFolder
from .gather import gather as gather
from .grid import Cell as Cell
from .grid import read_grid as read_grid
