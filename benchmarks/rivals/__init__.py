"""One mirror-descent step and one exploitability, beside MFGLib and OpenSpiel."""

from .race import main as main
