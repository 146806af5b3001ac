"""Upgrades, tried: data that an older commit wrote, and that commit's processes beside ours.

`previous.json` is what an installation of that commit held: topics, offsets, indices, databases.
`python -m tests.integration.upgrade` makes it again, from the commit in git's history.
"""
