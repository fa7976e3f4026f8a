"""The errors a user can meet. Their text says what was expected, what came and what to do."""


class IncentaxError(Exception):
    """Base of every error this library raises on purpose, beside `ValueError` at the border."""


class DesignError(IncentaxError):
    """A solve or a design that ran and failed; its text is the sentence of its status."""


class ModelError(IncentaxError):
    """A model that should have answered did not.

    **Arguments:**

    - `message`: what happened, in one sentence.
    - `retryable`: whether asking the same thing again may work.
    - `hint`: what to try next.

    >>> error = ModelError("the server refused the key", hint="set OPENAI_API_KEY")
    >>> str(error), error.retryable
    ('the server refused the key; try: set OPENAI_API_KEY', False)
    """

    def __init__(self, message: str, *, retryable: bool = False, hint: str = ""):
        super().__init__(f"{message}; try: {hint}" if hint else message)
        self.retryable = retryable
        self.hint = hint


class InvalidReaction(IncentaxError):
    """A reply that is not a rating on the scale asked for; it never becomes a number.

    >>> str(InvalidReaction("no label of the scale in the reply", raw_text="as an assistant"))
    "no label of the scale in the reply, got 'as an assistant'"
    """

    def __init__(self, reason: str, *, raw_text: str = ""):
        shown = raw_text if len(raw_text) <= 80 else raw_text[:77] + "..."
        super().__init__(f"{reason}, got {shown!r}" if raw_text else reason)
        self.reason = reason
        self.raw_text = raw_text
