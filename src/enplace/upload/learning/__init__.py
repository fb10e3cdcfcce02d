"""The Learning Centre: what was said becomes proposals, step by step. Pure.

    mask -> sentences -> modality -> extract (people, frames, possessives, rules for the assistant)
    -> ground -> wording -> proposals

Each step is a module; `lesson.py` reads as the list of them. Weighing the proposals against what
is known is the business of `consolidate.py`, writing them that of the engine.
"""
