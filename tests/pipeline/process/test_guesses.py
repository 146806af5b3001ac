"""Guessing at a token is slow."""

from pipeline.process.guesses import CLIENTS, MOST, WITHIN_SECONDS, Guesses


def test_who_is_wrong_too_often_waits() -> None:
    """After MOST wrong tokens within a minute a client waits, and no other does."""
    now = 1000.0
    guesses = Guesses(lambda: now)
    for _ in range(MOST - 1):
        guesses.wrong("10.0.0.1")
        now += 1
    assert guesses.wait_seconds("10.0.0.1") == 0
    guesses.wrong("10.0.0.1")
    assert guesses.wait_seconds("10.0.0.1") == WITHIN_SECONDS - (MOST - 1)
    assert guesses.wait_seconds("10.0.0.2") == 0
    now += WITHIN_SECONDS
    assert guesses.wait_seconds("10.0.0.1") == 0


def test_what_is_remembered_is_bounded() -> None:
    """Of too many clients the one that was wrong longest ago is forgotten."""
    guesses = Guesses(lambda: 1000.0)
    for n in range(CLIENTS + 1):
        for _ in range(MOST):
            guesses.wrong(str(n))
    assert guesses.wait_seconds("0") == 0
    assert guesses.wait_seconds("1") > 0
