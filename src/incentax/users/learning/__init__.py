"""Reinforcement learning with stable-baselines3: adapter, masked policies, training."""

from .adapter import PeopleVecEnv as PeopleVecEnv
from .algorithms import ALGORITHMS as ALGORITHMS
from .train import Trained as Trained
from .train import load as load
from .train import train as train
