"""The kinds of destinations that an alert can name."""

from __future__ import annotations

from pipeline.alerts.channel import Channel
from pipeline.alerts.chat import Chat
from pipeline.alerts.mail import Mail
from pipeline.alerts.topic import Topic
from pipeline.alerts.webhook import Webhook


def registry(*channels: type[Channel]) -> tuple[type[Channel], ...]:
    """Return the channels.

    Raises:
        TypeError: a channel lacks a method or a key, or its key is taken.
    """
    keys: set[str] = set()
    for channel in channels:
        lacking = sorted(channel.__abstractmethods__)
        lacking += [] if hasattr(channel, "key") else ["key"]
        if lacking:
            raise TypeError(f"the channel {channel.__name__} lacks {', '.join(lacking)}")
        if channel.key in keys:
            raise TypeError(f"there are two channels of the key {channel.key!r}")
        keys.add(channel.key)
    return channels


CHANNELS = registry(Webhook, Topic, Mail, Chat)
