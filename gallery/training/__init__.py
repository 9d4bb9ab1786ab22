"""Training runs: one folder each, which has all there is to know of it. Knows no Django.

`checkpoint`, `decoding`, `devices`, `run` and `samples` use torch; the rest does not, and pages read runs
with it.
"""
