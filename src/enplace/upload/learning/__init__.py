"""The Learning Centre: what was said becomes proposals, step by step. Pure.

    hearing -> language (mask, sentences, heads, objects) -> phrases -> told, standing, corrections
    -> proposals -> decide

`lesson.py` reads as the list of the steps; `decide.py` weighs what it proposes against what is known.
`asking.py` does the same for what a model finds. Writing is the engine's business.
"""
