"""How others build contexts: as they are where they install, else from their documented defaults.

A peer whose model would write a summary is there twice: with sentences of the original in its
place, and as `NAME, corrected` with as much as recorded summaries of models were seen to keep. The
two are the edges of a band.
"""
