"""Whether simulated people react as people do: the five published tests, corrected, and more."""

from .against import AgainstLog as AgainstLog
from .against import against_log as against_log
from .beyond import Beyond as Beyond
from .beyond import beyond as beyond
from .further import anchoring as anchoring
from .further import calibration as calibration
from .further import held_out as held_out
from .further import ranking_agreement as ranking_agreement
from .further import retest as retest
from .further import variance_split as variance_split
from .sensitivity import prompt_sensitivity as prompt_sensitivity
from .suite import FidelityReport as FidelityReport
from .suite import run as run
from .trials import Rate as Rate
