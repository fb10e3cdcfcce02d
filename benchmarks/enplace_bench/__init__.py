"""Benchmarks of enplace, as the command `enplace-bench`."""
