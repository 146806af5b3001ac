"""A dead letter keeps the bytes and everything that is known of the failure."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.kafka.messages import Record, dead_letter_of
from pipeline.wire.deadletter import DeadLetter, dead_letter, read
from pipeline.wire.errors import CodecError, ParseError
from pipeline.wire.topics import Topics, read_headers

maybe_text = st.none() | st.text(max_size=20)
letters = st.builds(
    DeadLetter,
    raw=st.binary(max_size=50),
    stage=st.sampled_from(["parse", "decode", "enrich", "publish", "index"]),
    error=st.just("ParseError"),
    reason=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    where=maybe_text,
    feed=maybe_text,
    format=maybe_text,
    name=maybe_text,
    story_id=maybe_text,
    topic=maybe_text,
    partition=st.none() | st.integers(0, 99),
    offset=st.none() | st.integers(0, 2**62),
    received_at=maybe_text,
    failed_at=maybe_text,
)


@given(dead=letters)
def test_headers_round_trip(dead: DeadLetter) -> None:
    """A letter read from its message equals the one that was sent, bytes and all."""
    assert read(dead.raw, read_headers(dead.headers)) == dead


def test_the_raw_bytes_are_the_value() -> None:
    """The message's value is what failed, unchanged, even what is no text at all."""
    raw = bytes(range(256))
    message = dead_letter_of(
        Topics(), Record("wire.stories", 1, 2, raw), "decode", CodecError("bad")
    )
    assert (message.topic, message.value) == ("wire.deadletter", raw)


def test_the_place_of_a_fault_is_kept_apart() -> None:
    """A parse error's sentence and its place come as two fields, not as one text."""
    dead = dead_letter(b"<x>", "parse", ParseError("no headline", where="line 3"), feed="wire")
    assert (dead.reason, dead.where, dead.error) == ("no headline", "line 3", "ParseError")
    assert dead.failed_at is not None


def test_a_reason_is_bounded_and_never_empty() -> None:
    """A library's endless message is cut, and a silent one is named by its class."""
    assert len(dead_letter(b"", "parse", ValueError("x" * 5000)).reason) == 1000
    assert dead_letter(b"", "parse", ValueError()).reason == "ValueError()"


def test_a_name_that_is_no_text_can_be_sent() -> None:
    """A file's name or a story's id with bytes outside UTF-8 is written so that it can be read."""
    dead = dead_letter(b"x", "parse", ParseError("bad"), name="in/caf\udce9.txt", story_id="\udce9")
    assert read_headers(dead.headers)["name"] == r"in/caf\udce9.txt"
    assert dead.key == rb"\udce9"


def test_a_foreign_message_is_still_shown() -> None:
    """A message without our headers reads as a letter that says so little."""
    dead = read(b"raw", {})
    assert (dead.raw, dead.stage, dead.reason) == (b"raw", "?", "?")
