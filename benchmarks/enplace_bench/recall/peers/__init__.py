"""Others' stores and rankings, measured on the same turns with the same vectors.

Each is its published package with its own ranking, one item per turn, and nothing from a network.
"""
