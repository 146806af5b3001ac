"""All errors that newswire raises on purpose, grouped by what follows from them.

    NewswireError
      StoryError            this story is bad: dead-letter it, continue with the others
        ParseError            a delivery, or an item of it, can't be read
        CodecError            a record can't be decoded or encoded
        RecordsTooLarge       the broker refuses records for their size
        EnrichmentError       a story crashed or hung its NLP process
        MappingError          the index rejects the document
      TransientError        a dependency fails: back off, retry, hold the offset
        SourceUnavailable     a feed's source can't be reached or refuses to answer
          Answered              it answered with a status that is no success
          NotAllowed            it leads to an address that the feed may not use
        CursorForgotten       acknowledged records are lost: all feeds deliver again
        BrokerUnavailable     Kafka can't be reached or does not acknowledge
        IndexUnavailable      Elasticsearch can't be reached or is overloaded
        KibanaUnavailable     Kibana can't be reached or is starting
      RequestError          this request can't be answered: tell the client, continue
        CursorExpired         the next page was requested too late
        TooMany               all places for live listeners are taken
        KeptAll               the person keeps as many things as may be kept
      SetupError            something must be set up first: stop and say what
        RequestRefused        Elasticsearch refuses a request for its content
      ConfigError           the configuration can't be used: stop, name the key and the file

Errors of a library are translated into these once, where the library is called.
"""

from __future__ import annotations


class NewswireError(Exception):
    """The root of all errors that newswire raises on purpose."""


class StoryError(NewswireError):
    """One story is bad. It goes to the dead-letter topic and the others continue."""


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


class RecordsTooLarge(StoryError):
    """Some records of a batch are larger than their topic accepts; the others may be published.

    Args:
        numbers: the positions of these records in the batch.
    """

    def __init__(self, numbers: frozenset[int]) -> None:
        super().__init__(f"{len(numbers)} records are larger than their topic accepts")
        self.numbers = numbers


class EnrichmentError(StoryError):
    """A story crashed or hung its NLP process more often than is allowed."""


class MappingError(StoryError):
    """The index rejects a document for its content."""


class TransientError(NewswireError):
    """A dependency fails. Wait and try again."""


class SourceUnavailable(TransientError):
    """A feed's source can't be reached or refuses to answer.

    Args:
        message: what happened, in one sentence, without secrets.
        retry_after_seconds: how long the source asks clients to wait.
        gone: True when the source says that it is gone permanently.
    """

    def __init__(self, message: str, retry_after_seconds: float = 0.0, gone: bool = False) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.gone = gone


class Answered(SourceUnavailable):
    """A server answered with a status that does not mean success.

    Args:
        url: the address that was requested.
        status: the HTTP status.
        reason: its reason phrase.
        retry_after_seconds: how long the server asks clients to wait.
    """

    def __init__(self, url: str, status: int, reason: str, retry_after_seconds: float) -> None:
        answer = (
            "permanently gone (410): remove the feed" if status == 410 else f"{status} {reason}"
        )
        super().__init__(f"{url}: {answer}", retry_after_seconds, status == 410)
        self.status = status

    @property
    def temporary(self) -> bool:
        """Return True when a later request may succeed."""
        return self.status >= 500 or self.status in (408, 425, 429)


class NotAllowed(SourceUnavailable):
    """A redirect or a link leads to an address that the feed may not use."""


class CursorForgotten(TransientError):
    """All feeds deliver again: what a feed has polled since is not remembered."""


class BrokerUnavailable(TransientError):
    """Kafka can't be reached or does not acknowledge."""


class IndexUnavailable(TransientError):
    """Elasticsearch can't be reached or is overloaded."""


class KibanaUnavailable(TransientError):
    """Kibana can't be reached or is starting."""


class RequestError(NewswireError):
    """A request of a client can't be answered."""


class CursorExpired(RequestError):
    """The next page of a listing was requested too late."""


class TooMany(RequestError):
    """All places for live listeners are taken."""


class KeptAll(RequestError):
    """A person keeps as many things as one may."""


class SetupError(NewswireError):
    """A topic, template or alias is missing or unfit: a person must act."""


class RequestRefused(SetupError):
    """Elasticsearch refuses this request for its content; another may succeed.

    Args:
        message: what it refuses, without a value of the request.
        for_document: it would refuse the same content whenever it is sent.
    """

    def __init__(self, message: str, for_document: bool = False) -> None:
        super().__init__(message)
        self.for_document = for_document


class ConfigError(NewswireError):
    """The configuration can't be used: names the key and the file or variable."""
