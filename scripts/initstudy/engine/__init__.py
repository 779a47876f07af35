"""The training engine: all that decides the numbers of a run, and nothing else.

Nothing else of the library is imported here. The sources in this folder have one code id, which is
a part of every run's digest: see `initstudy.code`.
"""
