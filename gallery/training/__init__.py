"""Training runs: one folder each, which has all there is to know of it. Knows no Django.

`run` and `checkpoint` and `samples` use torch; the rest does not, and web pages read runs with it.
"""
