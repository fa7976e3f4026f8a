"""The errors a user can meet. Their text says what was expected, what came and what to do."""


class IncentaxError(Exception):
    """Base of every error this library raises on purpose, beside `ValueError` at the border."""


class DesignError(IncentaxError):
    """A solve or a design that ran and failed; its text is the sentence of its status."""
