"""Stands for newswire.servers.process until no test imports it from here."""

from newswire.servers.process import *  # noqa: F403
