from .anneal import Anneal as Anneal
from .base import AbstractRule as AbstractRule
from .base import Exchange as Exchange
from .base import check_access as check_access
from .hypergradient import Hypergradient as Hypergradient
from .zeroth_order import ZerothOrder as ZerothOrder
