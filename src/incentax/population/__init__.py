from .base import AbstractPopulation as AbstractPopulation
from .base import Access as Access
from .equilibrium import EquilibriumPopulation as EquilibriumPopulation
from .equilibrium import SampledPopulation as SampledPopulation
