"""The bugs, by the behaviour that they break."""

from __future__ import annotations

from tests.mutants import Mutant

VERSIONS = ("tests/pipeline/wire/test_versions.py", "tests/pipeline/stream/test_convergence.py")
NEWEST = ("tests/pipeline/stream/test_newest.py", "tests/pipeline/stream/test_enriching.py")
STREAM = ("tests/pipeline/stream",)
WRITER = ("tests/pipeline/index/test_writer.py",)
CURSOR = ("tests/connectors/test_cursor.py", "tests/connectors/feed/test_loop.py")
VISIBILITY = (
    "tests/integration/search/test_search.py",
    "tests/integration/web/test_api.py",
    "-k",
    "embedded",
)
PEOPLE = ("tests/integration/web/test_people.py", "-k", "embedded")
MACHINES = ("tests/integration/mcp/test_mcp.py", "-k", "embedded")
VALUES = ("tests/integration/web/test_values.py",)
QUERIES = ("tests/pipeline/search/test_query.py",)
TOKENS = ("tests/pipeline/web/test_authentication.py",)

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "a kill is an ordinary version",
        "pipeline/wire/versions.py",
        "return _KILL_PLANE + at if _kills_all(story) else",
        "return",
        VERSIONS,
    ),
    Mutant(
        "an equal version counts as newer",
        "pipeline/wire/versions.py",
        "index_version(story, revision, follows) <= held.version",
        "index_version(story, revision, follows) < held.version",
        VERSIONS,
    ),
    Mutant(
        "a date far ahead is believed",
        "pipeline/wire/versions.py",
        "if dated and known and dated - known > AHEAD:",
        "if False:",
        VERSIONS,
    ),
    Mutant(
        "a revision counts more than a version",
        "pipeline/wire/versions.py",
        "return rank(story, follows) * REVISIONS + revision",
        "return rank(story, follows) + revision * 10**16",
        VERSIONS,
    ),
    Mutant(
        "a held delivery of a version outranks a usable one",
        "pipeline/wire/versions.py",
        "_HELD, _USABLE, _WITHDRAWN = range(3)",
        "_USABLE, _HELD, _WITHDRAWN = range(3)",
        VERSIONS,
    ),
    Mutant(
        "a version without a number is older than every numbered one",
        "pipeline/wire/versions.py",
        "return number if since is not None or _is_later(story, held) else None",
        "return None",
        VERSIONS,
    ),
    Mutant(
        "a number is newer than every version without one",
        "pipeline/wire/versions.py",
        "return _seconds(story) >= timed",
        "return True",
        VERSIONS,
    ),
    Mutant(
        "what a version follows is not written to the topic",
        "pipeline/stream/enriching.py",
        "return msgspec.structs.replace(done, follows=follows)",
        "return done",
        VERSIONS,
    ),
    Mutant(
        "a killed story keeps its text",
        "pipeline/wire/versions.py",
        '        body="",\n',
        "",
        VERSIONS,
    ),
    Mutant(
        "what this worker wrote is forgotten at once",
        "pipeline/stream/newest.py",
        "if w.indexed and w.at < oldest]",
        "if w.at < oldest or w.indexed]",
        NEWEST,
    ),
    Mutant(
        "the barrier after an assignment is not waited for",
        "pipeline/stream/newest.py",
        "while await self._committed(partition) < state.barrier:",
        "while False:",
        NEWEST,
    ),
    Mutant(
        "an older version that was written late hides the newer",
        "pipeline/stream/newest.py",
        "if before is None or before.held.version < held.version:",
        "if True:",
        NEWEST,
    ),
    Mutant(
        "partitions stay known after they were revoked",
        "pipeline/stream/newest.py",
        "            self._partitions.pop(partition, None)\n",
        "            pass\n",
        NEWEST,
    ),
    Mutant(
        "offsets are acknowledged before the step ran",
        "pipeline/stream/app.py",
        "            with traced(self._tracer, name, records):\n",
        "            for event in events:\n                event.ack()\n"
        "            with traced(self._tracer, name, records):\n",
        STREAM,
    ),
    Mutant(
        "batches are acknowledged out of order",
        "pipeline/stream/app.py",
        "            await before.wait()\n",
        "",
        STREAM,
    ),
    Mutant(
        "a failed step is acknowledged",
        "pipeline/stream/app.py",
        "            self._fail(error)\n            await asyncio.Event().wait()\n        else:",
        "            self._fail(error)\n        if True:",
        STREAM,
    ),
    Mutant(
        "an equal version is written to the index again",
        "pipeline/index/writer.py",
        '"version_type": "external",',
        '"version_type": "external_gte",',
        (*WRITER, "tests/integration/worker/test_versions.py", "-k", "not real"),
    ),
    Mutant(
        "the cursor moves before the broker has acknowledged",
        "connectors/feed/loop.py",
        "            for batch in self._batches(polled):\n                self._publish(batch)\n",
        "            for batch in self._batches(polled):\n",
        CURSOR,
    ),
    Mutant(
        "an acknowledged offset goes back",
        "connectors/cursor.py",
        "SET offset = max(offset, excluded.offset)",
        "SET offset = excluded.offset",
        CURSOR,
    ),
    Mutant(
        "one feed's loss is not told to the others",
        "connectors/cursor.py",
        "            if self.generation != begun:\n",
        "            if False:\n",
        CURSOR,
    ),
    Mutant(
        "one feed's state is another's",
        "connectors/cursor.py",
        '"SELECT value FROM state WHERE feed = ? AND name = ?"',
        '"SELECT value FROM state WHERE feed <> ? AND name = ?"',
        CURSOR,
    ),
    Mutant(
        "withdrawn stories are found",
        "pipeline/search/visible.py",
        '        {"term": {"status": Status.WITHDRAWN.value}},\n',
        "",
        VISIBILITY,
    ),
    Mutant(
        "embargoed stories with a time are found",
        "pipeline/search/visible.py",
        "        *([] if viewer.sees_embargoed else embargoed),\n",
        "",
        VISIBILITY,
    ),
    Mutant(
        "embargoed stories without a time are found",
        "pipeline/search/visible.py",
        '"filter": [{"term": {"status": Status.EMBARGOED.value}}],',
        '"filter": [{"term": {"status": "none"}}],',
        VISIBILITY,
    ),
    Mutant(
        "a story read by its id is always visible",
        "pipeline/search/visible.py",
        "    if status == Status.WITHDRAWN or not is_licensed(document, viewer):",
        "    if not is_licensed(document, viewer):",
        VISIBILITY,
    ),
    Mutant(
        "any token opens the page",
        "pipeline/web/authentication.py",
        "    return hmac.compare_digest(given.encode(), token.get_secret_value().encode())",
        "    return True",
        TOKENS,
    ),
    Mutant(
        "wrong tokens are not counted",
        "pipeline/web/authentication.py",
        "    guesses.wrong(client(request))\n",
        "",
        TOKENS,
    ),
    Mutant(
        "a request without a token passes",
        "pipeline/web/authentication.py",
        "if not (self._web.token or self._web.user_header or self._users.exist):",
        "if True:",
        TOKENS,
    ),
    Mutant(
        "a reader sees sources beyond his licence",
        "pipeline/search/visible.py",
        'must_not": hidden, "filter": licensed(viewer)',
        'must_not": hidden, "filter": []',
        PEOPLE,
    ),
    Mutant(
        "machines read feeds that forbid it",
        "pipeline/search/visible.py",
        '    if document.get("feed") in viewer.without_feeds:\n        return False\n',
        "",
        MACHINES,
    ),
    Mutant(
        "a story with two forms of a name counts twice",
        "pipeline/search/persons.py",
        "    counts |= {names[0]: total for names, total in zip(several, totals, strict=True)}\n",
        "    counts |= {names[0]: sum(counts[n] for n in names) for names in several}\n",
        VALUES,
    ),
    Mutant(
        "a search is compared with itself",
        "pipeline/search/counts.py",
        "    return since - (end - since), since\n",
        "    return since, end\n",
        QUERIES,
    ),
)
