"""Where the branches of a sparse game lead: how mass and values travel along them."""

from .base import AbstractTopology as AbstractTopology
from .choice import topology as topology
from .lists import Gathered as Gathered
from .lists import Listed as Listed
from .shifted import Shifted as Shifted
