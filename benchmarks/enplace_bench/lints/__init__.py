"""Lints: labelled set-ups, and what the engine says of them."""
