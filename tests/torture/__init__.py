"""The proof: after any crash, order or replay the index has each story's newest version.

`python -m tests.torture --seed 1 --seeds 20` runs it; docs/reliability.md has what it found.
"""
