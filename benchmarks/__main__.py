"""Run every benchmark, in a few minutes."""

from . import a1, beach, gradient, memory, prior_free, social

for benchmark in (gradient, memory, a1, beach, prior_free, social):
    benchmark.main()
