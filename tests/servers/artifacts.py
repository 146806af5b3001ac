"""Stands for newswire.servers.artifacts until no test imports it from here."""

from newswire.servers.artifacts import *  # noqa: F403
