"""Simulated people in a Gymnasium world for recommenders; an island that imports no JAX."""

from .registration import register

register()
