"""Stands for newswire.servers.elasticsearch until no test imports it from here."""

from newswire.servers.elasticsearch import *  # noqa: F403
