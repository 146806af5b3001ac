"""Errors, told apart by what follows from them.

    NewswireError
      StoryError            this story is bad: dead-letter it, go on
        ParseError            a delivery can't be read
        CodecError            a record can't be decoded or encoded
        EnrichmentError       a story crashed or hung its NLP process
        MappingError          the index rejects the document
      TransientError        the world is bad: back off, retry, hold the offset
        SourceUnavailable     a feed can't be reached
        BrokerUnavailable     Kafka can't be reached or does not acknowledge
        IndexUnavailable      Elasticsearch can't be reached or is overloaded
      SetupError            something must be set up first: stop and say what
      ConfigError           the configuration can't be used: stop and name the key and the file

Library exceptions are translated into these once, at the edge.
"""

from __future__ import annotations


class NewswireError(Exception):
    """The root of every error that newswire raises on purpose."""


class StoryError(NewswireError):
    """One story is bad. It goes to the dead-letter topic and the rest goes on."""


class ParseError(StoryError):
    """A delivery, or one item of it, can't be read.

    Args:
        message: what is wrong, in one sentence.
        where: the element, key, line or byte offset, as precise as is known.
    """

    def __init__(self, message: str, where: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where

    def __str__(self) -> str:
        return f"{self.message} (at {self.where})" if self.where else self.message


class CodecError(StoryError):
    """Bytes on a topic are not the record that their schema number promises."""


class EnrichmentError(StoryError):
    """A story crashed or hung its NLP process more often than is allowed."""


class MappingError(StoryError):
    """The index rejects a document for what is in it."""


class TransientError(NewswireError):
    """Something that newswire depends on is ill. Wait and try again."""


class SourceUnavailable(TransientError):
    """A feed's source can't be reached or refuses to answer.

    Args:
        message: what happened, in one sentence, without secrets.
        retry_after_seconds: how long the source asks not to be asked again.
        gone: it says that it will not come back.
    """

    def __init__(self, message: str, retry_after_seconds: float = 0.0, gone: bool = False) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.gone = gone


class BrokerUnavailable(TransientError):
    """Kafka can't be reached or does not acknowledge."""


class IndexUnavailable(TransientError):
    """Elasticsearch can't be reached, or is too busy to take what it is given."""


class SetupError(NewswireError):
    """A topic, template or alias is missing or unfit: a person must act."""


class ConfigError(NewswireError):
    """The configuration can't be used: names the key and the file or variable."""
