"""Over TLS, SCRAM and API keys each process does its work with the least that it is allowed."""

from __future__ import annotations

import json

import pytest
from elasticsearch import AuthorizationException
from elasticsearch import Elasticsearch as Client

from tests.integration.secured.conftest import Site
from tests.integration.secured.privileges import elasticsearch

pytestmark = pytest.mark.real


def test_from_delivery_to_search(site: Site) -> None:
    """A story goes from its folder to the search, each process with its own user and key.

    So does a kill, for which the worker looks for takes and empties the history.
    """
    kill = "BC-EU--Pier, KILL,12\nKill the story on the pier.\nIt is wrong.\n"
    (site.folder / "in" / "kill.txt").write_text(kill)
    delivered = site.run(site.environ("connectors", "nobody"), "ingest", "--once")
    assert delivered.returncode == 0, delivered.stdout
    worker = site.worker(site.environ("worker", "worker"))
    try:
        worker.until(lambda: site.found() == 2)
        assert worker.terminate() == 0
    finally:
        worker.kill()
    found = site.run(site.environ("nobody", "reader"), "search", "ferry", "--json")
    assert json.loads(found.stdout.splitlines()[0])["headline"] == "Ferry sails"
    site.setup()
    for told in (delivered.stdout, worker.told(), found.stdout):
        assert "canary" not in told
        assert "Traceback" not in told


@pytest.mark.parametrize("role", ["worker", "reader"])
def test_what_a_role_may_not(site: Site, role: str) -> None:
    """Worker and reader reach no index of others and drop none; the reader does not write."""
    key = site.servers.api_key(role, elasticsearch(role, site.prefix))
    with site.servers.client() as administrator:
        administrator.index(index=f"x-{site.prefix}", id="1", document={"text": "of others"})
    with Client(
        site.servers.elasticsearch.address, ca_certs=str(site.servers.authority), api_key=key
    ) as client:
        with pytest.raises(AuthorizationException):
            client.get(index=f"x-{site.prefix}", id="1")
        with pytest.raises(AuthorizationException):
            client.indices.delete(index=f"{site.prefix}-000001")
        with pytest.raises(AuthorizationException):
            client.indices.delete_index_template(name=site.prefix)
        if role == "reader":
            with pytest.raises(AuthorizationException):
                client.index(index=f"{site.prefix}-write", id="1", document={})
