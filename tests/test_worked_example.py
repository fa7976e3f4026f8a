"""What a page says an example prints is what it prints."""

import runpy
from pathlib import Path

import jax

ROOT = Path(__file__).parents[1]


def test_the_social_gradient_page_shows_what_its_example_prints(capsys):
    page = (ROOT / "docs" / "social-gradient.md").read_text("utf-8")
    shown = page.split("$ python examples/observed_prices.py\n")[1].split("```")[0]
    with jax.enable_x64(False), jax.numpy_dtype_promotion("standard"):
        with jax.numpy_rank_promotion("allow"):
            runpy.run_path(str(ROOT / "examples" / "observed_prices.py"), run_name="__main__")
    assert capsys.readouterr().out == shown
