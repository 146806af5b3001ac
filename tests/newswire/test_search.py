"""`newswire search`."""

from typer.main import get_command

from newswire.__main__ import app
from pipeline.search.facets import FACETS


def test_every_facet_is_an_option() -> None:
    """The command line filters by all that the page filters by."""
    options = {
        option: parameter.help
        for parameter in get_command(app).commands["search"].params  # type: ignore[attr-defined]
        for option in parameter.opts
    }
    assert {f"--{name}": facet.help for name, facet in FACETS.items()}.items() <= options.items()
    assert "query" in options
