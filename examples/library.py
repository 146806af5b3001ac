"""Parse deliveries and enrich their stories: `python examples/library.py FILE…`."""

from __future__ import annotations

import sys
from pathlib import Path

from newswire import enrich, parse


def main(files: list[str]) -> None:
    """Print each story's headline, people and places."""
    stories = []
    for file in files:
        parsed = parse(Path(file).read_bytes(), agency="Example Agency")
        stories += parsed.stories
        for error in parsed.errors:
            print(f"{file}: {error}", file=sys.stderr)
    for record in enrich(stories):
        people = [entity.text for entity in record.entities if entity.label == "PERSON"]
        places = [
            f"{place.name} ({place.latitude:.2f}, {place.longitude:.2f})" for place in record.places
        ]
        print(record.story.headline)
        print("  people:", ", ".join(people) or "none")
        print("  places:", ", ".join(places) or "none")


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit("usage: python examples/library.py FILE…")
    main(sys.argv[1:])
