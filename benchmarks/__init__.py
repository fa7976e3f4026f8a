"""Measurements that anyone can repeat: `python -m benchmarks`, or one file at a time."""
