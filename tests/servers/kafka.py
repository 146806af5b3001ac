"""Stands for newswire.servers.kafka until no test imports it from here."""

from newswire.servers.kafka import *  # noqa: F403
