"""The suite's run-time type checker: beartype with the numeric tower, as pyright has it."""

from beartype import BeartypeConf, beartype

# Without the tower an int where a float is expected would be an error: `supply=1` is fine.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
