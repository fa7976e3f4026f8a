"""The island needs neither JAX nor any optional package, and touches no network."""

import json
import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from incentax.users import bundled_catalogue, bundled_people, find_scene
from incentax.users.backends import HttpModel
from incentax.users.backends.loopback import LoopbackServer
from incentax.users.cli import run
from incentax.users.prompts import find_template, template_names
from incentax.users.registration import make_world
from incentax.users.scene import scene_names

from .stub import scorer

ROOT = Path(__file__).parents[2]

_STEP = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {refused}:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import gymnasium, incentax.users
env = gymnasium.make("incentax/Movies-v0")
env.reset(seed=0)
env.step(0)
envs = gymnasium.make_vec("incentax/Books-v0", num_envs=2)
envs.reset(seed=0)
envs.step([0, 1])
loaded = {refused} & {{name.split(".")[0] for name in sys.modules}}
print(sorted(loaded))
"""


def test_r28_imports_and_steps_without_jax_or_extras():
    refused = {"jax", "equinox", "torch", "transformers", "httpx", "stable_baselines3", "polars"}
    code = _STEP.format(refused=refused)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", ["incentax.users.cli", "incentax.users.backends"])
def test_r28_no_module_of_the_island_brings_in_jax_or_torch(module):
    code = f"import sys, {module}; print('jax' in sys.modules, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_r28_the_http_back_end_answers_without_torch():
    code = """
import sys
sys.modules["torch"] = sys.modules["httpx"] = None
import numpy as np
from incentax.users import ask, make_world
from incentax.users.backends import HttpModel, LanguageUsers
from incentax.users.backends.loopback import LoopbackServer
with LoopbackServer(lambda bodies: [{"7": 1.0} for _ in bodies]) as server:
    rater = LanguageUsers(HttpModel(server.url, "tiny"), "movies-compact")
    world = make_world("movies", rater=rater)
    print(rater.react(ask(world.people, world.catalogue, 0, 0)).probability.argmax())
    rater.close()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "7"


def test_r14_every_name_resolves_and_an_unknown_one_lists_the_valid_ones():
    for domain in ("movies", "books"):
        assert len(bundled_catalogue(domain)) == 1500 and len(bundled_people(domain)) == 600
        assert make_world(domain).catalogue.domain.name == domain
    assert all(find_template(name).id == name for name in template_names())
    assert all(find_scene(name).id == name for name in scene_names())
    for find, valid in (
        (bundled_catalogue, "movies, books"),
        (bundled_people, "movies, books"),
        (find_template, "books-compact, books-standard, movies-compact, movies-standard"),
        (find_scene, "beach, departure"),
    ):
        with pytest.raises(ValueError, match=valid):
            find("songs")


@pytest.mark.parametrize("name", ["gpt-4", "a-model-of-next-year", "org/Some-Model-7B"])
def test_r14_any_model_that_the_server_knows_is_known(name):
    with LoopbackServer(scorer, model=name) as server:
        model = HttpModel(server.url, name)
        assert model.probe() == (name,)
        model.close()


def test_r29_a_run_needs_no_account_no_logger_no_network_and_writes_where_it_is_told(
    tmp_path, monkeypatch, capsys
):
    import socket

    def refuse(*_):
        raise AssertionError("somebody went to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    told = tmp_path / "told"
    assert run(["run", "--steps", "2", "--out", str(told / "run")]) == 0
    assert run(["evaluate", "random", "--users", "4", "--seeds", "1", "--json"]) == 0
    assert run(["train", "--steps", "64", "--out", str(told / "train"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["folder"] == str(told / "train")
    assert not list(here.iterdir()) and not (tmp_path / "home").exists()


def test_r30_one_licence_statement_and_nobody_elses_text():
    """Wherever a licence is stated it is the same one; the bundle holds generated text alone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    files = sorted(path.name for path in ROOT.glob("LICEN[CS]E*"))
    headings = [line for line in (ROOT / "README.md").read_text("utf-8").splitlines()]
    stated = {
        "pyproject": "license" in project,
        "file": bool(files),
        "readme": any(line.lower().lstrip("# ").startswith("licen") for line in headings),
    }
    assert len(set(stated.values())) == 1, stated
    data = Path(str(resources.files("incentax.users").joinpath("data")))
    names = {path.name for path in data.iterdir() if path.is_file()}
    assert names == {
        *(f"{domain}{end}" for domain in ("movies", "books") for end in (".jsonl.gz", ".npz")),
        *("movies_people.jsonl.gz", "books_people.jsonl.gz", "rule_cuts.json", "vocabulary.toml"),
    }
    for domain in ("movies", "books"):
        assert {user.source for user in bundled_people(domain)} == {"generated"}
        # Titles of real works would carry identifiers of the services they come from.
        items = bundled_catalogue(domain)
        assert not any(getattr(item, "imdb_id", "") for item in items)
