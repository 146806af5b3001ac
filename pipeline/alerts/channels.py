"""The kinds of destinations that an alert can name."""

from __future__ import annotations

from pipeline.alerts.channel import Channel
from pipeline.alerts.topic import Topic
from pipeline.alerts.webhook import Webhook

CHANNELS: tuple[type[Channel], ...] = (Webhook, Topic)
