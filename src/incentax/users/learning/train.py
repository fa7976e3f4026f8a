"""Training one learner on one world, resumable, and using what it learnt as a recommender."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, load_model, save_file, save_model
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import configure

from ..observe import AbstractObservation, Features, item_features
from ..recommenders.base import AbstractRecommender, collect
from ..world import World
from .adapter import PeopleVecEnv
from .algorithms import ALGORITHMS
from .policy import PersonExtractor


@dataclass(frozen=True)
class Curve:
    """Mean undiscounted return and length of the episodes that ended, after so many steps."""

    steps: tuple[int, ...] = ()
    mean_return: tuple[float, ...] = ()
    mean_length: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class Trained(AbstractRecommender):
    """A trained learner as a recommender: its most probable, or most valued, allowed item."""

    model: BaseAlgorithm
    algorithm: str
    seed: int
    seconds: float
    curve: Curve
    name: str
    observation: AbstractObservation = Features(user_id=False)
    settings: dict[str, Any] = field(default_factory=dict)

    def scores(self, observation, session, rows):
        """Logits or action values of every item."""
        seen = self.observation.read(session, rows)
        policy: Any = self.model.policy
        with torch.no_grad():
            tensors, _ = policy.obs_to_tensor(seen)
            if self.algorithm == "dqn":
                table = policy.q_net(tensors)
            else:
                table = policy.get_distribution(tensors).distribution.logits
        return table.cpu().numpy().astype(np.float64)

    def save(self, folder: Path | str) -> None:
        """Write model, settings and curve into a folder, replacing an earlier checkpoint."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        # Weights only: the learner's own archive would hold pickled objects.
        save_file(optimizer_state(self.model), str(folder / "optimizer.part"))
        save_model(self.model.policy, str(folder / "policy.part"))
        for name in ("optimizer", "policy"):
            (folder / f"{name}.part").replace(folder / f"{name}.safetensors")
        about = {
            "algorithm": self.algorithm,
            "seed": self.seed,
            "seconds": self.seconds,
            "num_steps": int(self.model.num_timesteps),
            "settings": self.settings,
            "curve": asdict(self.curve),
        }
        (folder / "train.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")


class _Watch(BaseCallback):
    """Collects finished episodes into a curve and reports progress."""

    def __init__(self, every: int, progress, curve: Curve):
        super().__init__()
        self.rows = [list(column) for column in asdict(curve).values()]
        self._every, self._progress, self._next = every, progress, 0
        self._returns: list[float] = []
        self._lengths: list[int] = []

    def _on_step(self) -> bool:
        for info in self.locals["infos"]:
            if "episode" in info:
                self._returns.append(info["episode"]["r"])
                self._lengths.append(info["episode"]["l"])
        if self.num_timesteps >= self._next:
            self._next = self.num_timesteps + self._every
            if self._returns:
                figures = (float(np.mean(self._returns)), float(np.mean(self._lengths)))
                for column, value in zip(self.rows, (self.num_timesteps, *figures), strict=True):
                    column.append(value)
                self.logger.record("people/mean_return", figures[0])
                self.logger.record("people/mean_length", figures[1])
                self._returns, self._lengths = [], []
            if self._progress is not None:
                self._progress(self.num_timesteps)
        return True


@contextmanager
def _one_thread() -> Iterator[None]:
    """Networks this small lose more to waiting for threads than they win; bits agree everywhere."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _make(world: World, algorithm: str, num_envs: int, seed: int, settings: dict[str, Any]):
    row = ALGORITHMS[algorithm]
    centre = float(collect(world, 3, seed=12_345).rating.mean()) * world.reward.rating
    envs = PeopleVecEnv(world, num_envs, seed=seed * 7_919_017 + 1, centre=centre)
    extractor = {
        "items": item_features(world),
        "middle": 0.5 * (world.rating_scale.low + world.rating_scale.high),
    }
    policy = {
        "features_extractor_class": PersonExtractor,
        "features_extractor_kwargs": extractor,
        "net_arch": [],
    }
    chosen = row.settings | settings
    if "n_steps" in chosen and "batch_size" in chosen:
        # A rollout smaller than a batch is one batch.
        chosen["batch_size"] = min(chosen["batch_size"], chosen["n_steps"] * num_envs)
    return row.make(
        row.policy, envs, policy_kwargs=policy, seed=seed, device="cpu", verbose=0, **chosen
    )


def train(
    world: World,
    algorithm: str = "ppo",
    *,
    num_steps: int = 50_000,
    seed: int = 0,
    num_envs: int = 0,
    folder: Path | str | None = None,
    resume: bool = False,
    tensorboard: bool = False,
    progress=None,
    **settings: Any,
) -> Trained:
    """A learner trained on a world for `num_steps` recommendations.

    **Main arguments:**

    - `algorithm`: `ppo`, `a2c`, `trpo` or `dqn`.
    - `num_steps`, `seed`: how long, and which run; equal seeds give equal weights.

    **Other arguments:**

    - `num_envs`: people served at once, the algorithm's default if 0.
    - `folder`: where a checkpoint is kept; `resume` continues from its weights, optimizer and
      number of steps, with new people and, for `dqn`, an empty memory of what they answered.
    - `tensorboard`: also write event files into the folder.
    - `progress`: called with the number of steps so far.
    - `settings`: passed on to the learner, over the defaults of `ALGORITHMS`.

    **Raises:** `ValueError` for an unknown algorithm, slates, or a folder in use without `resume`.
    """
    if algorithm not in ALGORITHMS:
        raise ValueError(
            f"expected an algorithm among {', '.join(ALGORITHMS)}, got {algorithm!r}; try ppo"
        )
    if world.slate > 1 or world.candidates or world.incentives:
        raise ValueError(
            f"expected a world that shows one item of the catalogue, got a slate of {world.slate}; "
            "try slate=1, candidates=0 and no incentives"
        )
    used = folder is not None and (Path(folder) / "train.json").exists()
    if used and not resume:
        raise ValueError(
            f"expected a new folder, got {folder} which holds a run; try --resume or another --out"
        )
    model = _make(world, algorithm, num_envs or ALGORITHMS[algorithm].num_envs, seed, settings)
    start, curve, before = 0, Curve(), 0.0
    if used and folder is not None:
        start, curve, before = _continue(model, Path(folder), algorithm)
    sinks = ["tensorboard"] if tensorboard and folder is not None else []
    model.set_logger(configure(None if folder is None or not sinks else str(folder), sinks))
    watch = _Watch(max(1000, num_steps // 50), progress, curve)
    clock = time.perf_counter()
    with _one_thread():
        model.learn(
            total_timesteps=max(0, num_steps - start), callback=watch, reset_num_timesteps=False
        )
    columns = [tuple(column) for column in watch.rows]
    trained = Trained(
        model,
        algorithm,
        seed,
        round(before + time.perf_counter() - clock, 2),
        Curve(*columns),
        algorithm.upper(),
        settings=settings,
    )
    if folder is not None:
        trained.save(folder)
    return trained


def load(folder: Path | str, world: World) -> Trained:
    """The learner kept in a folder by `train`, on a world with the same catalogue.

    **Raises:** `ValueError` for a folder without one, or one for another catalogue.
    """
    folder = Path(folder)
    about = _about(folder)
    model = _make(world, about["algorithm"], 1, about["seed"], about["settings"])
    _weights(model, folder)
    model.num_timesteps = about["num_steps"]
    curve = Curve(*(tuple(column) for column in about["curve"].values()))
    return Trained(
        model,
        about["algorithm"],
        about["seed"],
        about["seconds"],
        curve,
        about["algorithm"].upper(),
        settings=about["settings"],
    )


def _about(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / "train.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(
            f"expected a trained learner in {folder}, got {type(error).__name__}; "
            "try `users train --out FOLDER` first"
        ) from error


def _weights(model: BaseAlgorithm, folder: Path) -> None:
    try:
        load_model(model.policy, folder / "policy.safetensors")
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise ValueError(
            f"expected the weights of this world's learner in {folder}, got "
            f"{str(error).splitlines()[0][:100]}; try the world it was trained on"
        ) from error


def optimizer_state(model: BaseAlgorithm) -> dict[str, torch.Tensor]:
    """What a learner's optimizer remembers, as `parameter.name`: moments and numbers of steps."""
    optimizer: Any = model.policy.optimizer
    return {
        f"{index}.{name}": torch.as_tensor(value).clone().contiguous()
        for index, memory in optimizer.state_dict()["state"].items()
        for name, value in memory.items()
    }


def _restore_optimizer(model: BaseAlgorithm, folder: Path) -> None:
    optimizer: Any = model.policy.optimizer
    try:
        memory: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in load_file(folder / "optimizer.safetensors").items():
            index, _, name = key.partition(".")
            memory.setdefault(int(index), {})[name] = value
        optimizer.load_state_dict(optimizer.state_dict() | {"state": memory})
    except (OSError, RuntimeError, ValueError, KeyError, SafetensorError) as error:
        raise ValueError(
            f"expected the optimizer's state beside the weights in {folder}, got "
            f"{str(error).splitlines()[0][:100]}; train anew with another --out"
        ) from error


def _continue(model: BaseAlgorithm, folder: Path, algorithm: str) -> tuple[int, Curve, float]:
    about = _about(folder)
    if about["algorithm"] != algorithm:
        raise ValueError(
            f"expected a run of {algorithm} in {folder}, got one of {about['algorithm']}; "
            "try its own algorithm"
        )
    _weights(model, folder)
    _restore_optimizer(model, folder)
    model.num_timesteps = about["num_steps"]
    curve = Curve(*(tuple(column) for column in about["curve"].values()))
    return about["num_steps"], curve, about["seconds"]
