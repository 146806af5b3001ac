"""`newswire search`."""

from newswire.commands import load
from pipeline.search.facets import FACETS
from pipeline.search.request import SearchRequest


def test_every_facet_is_an_option() -> None:
    """The command line filters by all that the page filters by."""
    options = {
        option: parameter.help for parameter in load("search").params for option in parameter.opts
    }
    assert {f"--{name}": facet.help for name, facet in FACETS.items()}.items() <= options.items()
    assert "query" in options


def test_every_parameter_of_a_search_is_an_option() -> None:
    """What the page and the API take, the command line takes too."""
    options = {option for parameter in load("search").params for option in parameter.opts}
    wanted = {f"--{name.replace('_', '-')}" for name in SearchRequest.model_fields if name != "q"}
    assert wanted <= options
    assert "--events" in options
