"""Benchmarks are code like any other: they import, say what they do, and notice stale figures."""
