"""An alert's deliveries as messages for people: headline and link, or what was withdrawn."""

from __future__ import annotations

from typing import Any

import orjson

TEXT_CHARS = 4000
"""Of a story's text, where a feed permits it."""


def subject(body: bytes) -> str:
    """Return the first line of a message."""
    told = orjson.loads(body)
    match told["type"]:
        case "alert.withdrawn":
            return "Withdrawn: do not use a story that was sent"
        case "alert.test":
            return "A test of an alert"
        case "alert.breaking":
            about = told["about"]
            numbers = f"{about['stories']} stories, usually {about['usual']:g}"
            return _line(f"Breaking: {about['name']} ({numbers})")
        case "alert.digest":
            count = len(told["stories"])
            return f"{count} {'story' if count == 1 else 'stories'}: {told['title']}"
    return _line(told["story"].get("headline") or told["story_id"])


def text(body: bytes) -> str:
    """Return a message's text."""
    told = orjson.loads(body)
    if told["type"] == "alert.test":
        return "The alert can reach you."
    if told["type"] == "alert.withdrawn":
        known = told.get("url") or told["story_id"]
        return f"A story that was sent to you may no longer be used. Remove it.\n{known}"
    stories = told["stories"] if told["type"] == "alert.digest" else [told["story"]]
    return "\n\n".join(_story(story) for story in stories)


def _story(story: dict[str, Any]) -> str:
    about = " ".join(str(story[key]) for key in ("source", "published_at") if story.get(key))
    parts = (_line(story.get("headline") or story["id"]), about, story.get("url"))
    body = (story.get("body") or "")[:TEXT_CHARS]
    return "\n".join([str(part) for part in parts if part] + ([f"\n{body}"] if body else []))


def _line(words: str) -> str:
    """Return words on one line: a headline must not add lines of its own to a mail's head."""
    return " ".join(words.split())[:300]
