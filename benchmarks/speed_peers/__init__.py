"""The implementations that `benchmarks/speed.py` measures, one a module, and the processes they run in."""
