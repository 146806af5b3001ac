"""`newswire search`."""

from newswire.commands import load
from pipeline.search.facets import FACETS


def test_every_facet_is_an_option() -> None:
    """The command line filters by all that the page filters by."""
    options = {
        option: parameter.help for parameter in load("search").params for option in parameter.opts
    }
    assert {f"--{name}": facet.help for name, facet in FACETS.items()}.items() <= options.items()
    assert "query" in options
