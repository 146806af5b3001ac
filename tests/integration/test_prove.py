"""`newswire prove` on both engines: equal, missing, altered, and not on the topic."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newswire.__main__ import app
from pipeline.index.client import connect_sync
from pipeline.wire.story import Status, Story
from tests.integration.wire import Wire
from tests.servers import Engine


@pytest.fixture
def wire(engine: Engine, prefix: str, tmp_path: Path) -> Wire:
    """An installation of its own on the engine."""
    return Wire(engine, prefix, tmp_path)


def prove(wire: Wire, *arguments: str) -> tuple[int, str]:
    """Runs the command; returns its exit code and output."""
    environ = {"NEWSWIRE_ELASTICSEARCH__REQUEST_TIMEOUT_SECONDS": "20", **wire.environ}
    done = CliRunner().invoke(app, ["prove", *arguments], env=environ, catch_exceptions=False)
    return done.exit_code, done.output


@pytest.mark.timeout(300)
def test_each_document_is_proved_to_be_what_the_topic_says(wire: Wire) -> None:
    """What was changed behind the worker's back is named by id and field, without its text."""
    wire.setup()
    stories = [Story(id=f"TW:{n}", version=1, headline=f"Ferry {n}", body="A text.") for n in "abc"]
    killed = Story(id="TW:k", version=2, status=Status.WITHDRAWN, ednote="Wrong.")
    with wire.worker() as worker:
        wire.publish([*stories, killed])
        worker.until(wire.drained)
        assert prove(wire) == (0, "Proved: all 4 documents are what the topic says.\n")
        with connect_sync(wire.settings.elasticsearch) as client:
            index = wire.settings.elasticsearch.index
            held = client.get(index=index, id="TW:b")
            client.delete(index=f"{index}-write", id="TW:a")
            spoilt: dict[str, dict[str, object]] = {
                "TW:b": {"headline": "Secret"},
                "TW:k": {"folded": {"body": "ensecret"}},
            }
            for name, fields in spoilt.items():
                right = client.get(index=index, id=name)
                client.index(
                    index=f"{index}-write",
                    id=name,
                    document={**right["_source"], **fields},
                    version=right["_version"],
                    version_type="external_gte",
                )
            client.index(
                index=f"{index}-write", id="TW:x", document={**held["_source"], "id": "TW:x"}
            )
            code, told = prove(wire, "--json")
            indices = client.indices.get(index=f"{index}-*")
    assert code == 1
    report = json.loads(told)
    assert (report["proved"], report["equal"], report["behind"]) == (False, 1, 0)
    assert {each["id"]: each["what"] for each in report["differences"]} == {
        "TW:a": "is on the topic and not in the index",
        "TW:b": "differs in headline",
        "TW:k": "differs in folded",
        "TW:x": "is in the index and not on the topic",
    }
    assert "secret" not in told.lower()
    assert f"{index}-scratch" not in indices
