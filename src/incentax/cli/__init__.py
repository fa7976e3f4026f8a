import gc

# A command loads and traces hundreds of thousands of objects, nearly all of which stay: looking
# through them for garbage as often as Python does by default slows the start.
gc.set_threshold(50_000, 20, 50)

from .main import main as main  # noqa: E402
