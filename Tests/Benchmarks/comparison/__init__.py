"""The parts of compare.py: what is measured, of which processes, by which load, and how it is told."""
