"""Feeds: each is a table in a TOML file that names a source and a format."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from config.settings import DEFAULT_FILE, PREFIX, Words, explain, read_toml
from pipeline.wire.errors import ConfigError
from pipeline.wire.retention import Retention
from pipeline.wire.story import Status

SHIPPED = DEFAULT_FILE.with_name("feeds.toml")
DEMO = "demo"
"""The feed that the shipped file declares."""
ENVIRONMENT = f"{PREFIX}FEED__"
"""A feed's keys in the environment: NEWSWIRE_FEED__<NAME>__<KEY>, "-" in the name as "_"."""


ANY_AGENCY = "*"
"""In `agencies`: the feed may bring stories of every agency."""


NOWHERE = "none"
"""As a home region: there is none."""


class Feed(BaseModel):
    """The keys of every feed. The keys of its source are in `options`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    source: str
    """Where its bytes come from: `directory`, `rss`, `http`, `webhook`, `imap` or `kafka`."""
    format: str = "auto"
    """How its bytes are parsed: the name of a format, or `auto` to recognise it by content."""
    agency: str | None = None
    """The source of stories that do not name one."""
    agencies: Words = ()
    """The agencies that the feed speaks for, by default its `agency`; `["*"]` for an aggregator
    that may bring any. Without both it may bring any agency that no other feed names."""
    timezone: str = "UTC"
    """The IANA time zone of times without one."""
    language: str | None = None
    """The language of stories that do not name one."""
    home: str | None = Field(default=None, pattern=r"^([A-Z]{2}(-.+)?|none)$")
    """The region that its stories are about without saying so: `US-TX`, `US-Texas` or `GB`; `none`
    for no such region. Without it the learned one counts."""
    learned_home: dict[int, str] = {}
    """What `newswire feeds home` has learned: the region by the enrichment revision from which on
    it counts."""
    backfill: bool = False
    """True for a feed of past stories: they are processed after live ones."""
    charset: str | None = None
    """The character set of deliveries that are not UTF-8, whatever they declare: `koi8-r`."""
    status_words: dict[str, Status] = {}
    """The sender's own status words: `{ ok = "usable" }`. A word that is not known holds its
    story until a person releases it."""
    empty_embargo: bool = True
    """False for a sender that writes an empty embargo element into every story: it restricts
    nothing then."""
    map: dict[str, tuple[str, ...]] | None = None
    """For the format `mapped`: an XPath, JSON path or column for each field, or a list of them of
    which the first that leads to something counts; `item` leads to the items."""
    captions: bool = False
    """True to read the caption of a picture or video as a story."""
    full_text: bool = False
    """True to fetch the page that each item links to, and to take its text as the story's."""
    enabled: bool = True
    """False to keep the table without running the feed."""
    machine_use: bool = True
    """False to keep the feed's stories from machines (`newswire mcp`), as many licences demand."""
    retain_days: int | None = Field(default=None, ge=1)
    """Days after its own date for which a story may be kept; None: without limit. `newswire
    retain` purges older ones, and the worker refuses them."""
    silent_after_seconds: float | None = Field(default=None, gt=0)
    """Seconds without a new story after which the feed is reported as silent; None: never."""
    dead_after_failures: int = Field(default=5, ge=1)
    """Failures of the source in a row after which the feed is reported as dead and tried rarely."""
    dead_retry_seconds: float = Field(default=300.0, gt=0)
    """The seconds between two tries of a dead feed."""
    reserved: frozenset[str] = frozenset()
    """The names and agencies of the other feeds of the file."""
    options: dict[str, Any] = {}
    from_environment: frozenset[str] = frozenset()
    """Which of the options came from the environment; secrets must come from there."""

    @model_validator(mode="before")
    @classmethod
    def _agencies(cls, values: Any) -> Any:
        """Add the feed's own agency to `agencies`; a single one there is the feed's own."""
        agency, agencies = values.get("agency"), values.get("agencies") or ()
        if isinstance(agencies, str):
            agencies = [name.strip() for name in agencies.split(",")]
        if not isinstance(agencies, list | tuple):
            return values  # its own validation names the error
        if isinstance(agency, str) and agency not in agencies:
            agencies = [*agencies, agency]
        elif agency is None and len(agencies) == 1 and agencies[0] != ANY_AGENCY:
            agency = agencies[0]
        return {**values, "agency": agency, **({"agencies": agencies} if agencies else {})}

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"not an IANA time zone: {value!r}") from error
        return value

    @field_validator("map", mode="before")
    @classmethod
    def _lists(cls, value: Any) -> Any:
        """Return a path alone as a list of one."""
        if not isinstance(value, dict):
            return value
        return {name: (path,) if isinstance(path, str) else path for name, path in value.items()}

    @field_validator("charset")
    @classmethod
    def _known_charset(cls, value: str | None) -> str | None:
        try:
            "".encode(value or "utf-8")
        except LookupError as error:
            raise ValueError(f"not a character set: {value!r}") from error
        return value

    def home_at(self, revision: int) -> str | None:
        """Return the home region at an enrichment revision: set by hand, or learned up to then."""
        if self.home:
            return self.home if self.home != NOWHERE else None
        return self.learned_at(revision)

    def learned_at(self, revision: int) -> str | None:
        """Return the region that was learned up to an enrichment revision."""
        learned = [at for at in self.learned_home if at <= revision]
        region = self.learned_home[max(learned)] if learned else None
        return region if region != NOWHERE else None


COMMON = frozenset(Feed.model_fields) - {"name", "reserved", "options", "from_environment"}
"""The keys that a feed of every source may have."""


def load_feeds(path: Path, environ: Mapping[str, str] = os.environ) -> dict[str, Feed]:
    """Return the feeds that a file declares, by name, with their keys from the environment.

    Keys that are not common to every feed are options of its source, which checks them.

    Raises:
        ConfigError: names the key and the file or variable.
    """
    table = read_toml(path)
    for key in table:
        if key != "feeds":
            raise ConfigError(f"{key} in {path}: unknown key (a feed is a table [feeds.NAME])")
    declared = table.get("feeds", {})
    if not isinstance(declared, dict):
        raise ConfigError(f"feeds in {path}: must be a table of feeds, [feeds.NAME]")
    for name, keys in declared.items():
        if not isinstance(keys, dict):
            raise ConfigError(f"feeds.{name} in {path}: must be a table")
    given = _from_environment(list(declared), environ, path)
    feeds = {name: _feed(name, keys, given.get(name, {}), path) for name, keys in declared.items()}
    if path == SHIPPED and any(feed.enabled for name, feed in feeds.items() if name != DEMO):
        # The demo gives way to the first feed of one's own.
        feeds |= {DEMO: feeds[DEMO].model_copy(update={"enabled": False})} if DEMO in feeds else {}
    return {name: _beside(feed, feeds.values()) for name, feed in feeds.items()}


def homes(path: Path, revision: int) -> dict[str, str | None]:
    """Return the home region at an enrichment revision of each feed that has or denies one.

    Raises:
        ConfigError: see `load_feeds`; a file that is missing declares no feeds.
    """
    feeds = load_feeds(path) if path.exists() else {}
    return {
        name: feed.home_at(revision)
        for name, feed in feeds.items()
        if feed.home or feed.learned_home
    }


def retention(path: Path) -> Retention:
    """Return how long the stories of each feed may be kept; of a disabled feed too.

    Raises:
        ConfigError: see `load_feeds`; a file that is missing declares no feeds.
    """
    feeds = load_feeds(path) if path.exists() else {}
    return Retention({name: feed.retain_days for name, feed in feeds.items() if feed.retain_days})


def state_homes(path: Path, revision: int, learned: Mapping[str, str | None]) -> None:
    """Write learned home regions into the tables of their feeds.

    Args:
        path: the feeds file; nothing else in it changes.
        revision: the enrichment revision from which on they count.
        learned: the region by feed; None for no region.

    Raises:
        ConfigError: the file can't be read or written.
    """
    feeds = load_feeds(path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for name, region in learned.items():
        stated = {**feeds[name].learned_home, revision: region or NOWHERE}
        pairs = ", ".join(f"{at} = {_quoted(stated[at])}" for at in sorted(stated))
        _state(lines, name, f"learned_home = {{ {pairs} }}\n")
    part = path.with_name(path.name + ".part")
    try:
        part.write_text("".join(lines), encoding="utf-8")
        load_feeds(part)
        part.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: can't be written: {error.strerror}") from error
    except ConfigError as error:
        raise ConfigError(str(error).replace(str(part), str(path))) from error
    finally:
        part.unlink(missing_ok=True)


def _state(lines: list[str], name: str, line: str) -> None:
    """Replace the learned home in a feed's table, or add it below the table's heading."""
    own = re.compile(rf"\s*\[\s*feeds\s*\.\s*[\"']?{re.escape(name)}[\"']?\s*\]")
    begin = next((i for i, text in enumerate(lines) if own.match(text)), None)
    if begin is None:
        raise ConfigError(f"feeds.{name} has no table of its own: write its home by hand")
    for i in range(begin + 1, len(lines)):
        if lines[i].lstrip().startswith("["):
            break
        if lines[i].startswith("learned_home"):
            lines[i] = line
            return
    if not lines[begin].endswith("\n"):
        lines[begin] += "\n"
    lines.insert(begin + 1, line)


def _quoted(text: str) -> str:
    """Return a text as a string of TOML."""
    return json.dumps(text, ensure_ascii=False)


def _beside(feed: Feed, feeds: Iterable[Feed]) -> Feed:
    """Return a feed that knows which names the other feeds have reserved."""
    others = [other for other in feeds if other.name != feed.name]
    reserved = {name for other in others for name in (other.name, *other.agencies)}
    return feed.model_copy(update={"reserved": frozenset(reserved - {ANY_AGENCY})})


def feed_variable(feed: str, key: str) -> str:
    """Return the environment variable of a feed's key: NEWSWIRE_FEED__AP_NEWS__API_KEY."""
    return f"{ENVIRONMENT}{_variable_name(feed)}__{key.upper()}"


def _variable_name(feed: str) -> str:
    return feed.upper().replace("-", "_")  # no shell can set a variable with "-" in it


def _from_environment(
    feeds: list[str], environ: Mapping[str, str], path: Path
) -> dict[str, dict[str, str]]:
    names: dict[str, str] = {}
    for feed in feeds:
        if (other := names.setdefault(_variable_name(feed), feed)) != feed:
            raise ConfigError(
                f"feeds.{feed} in {path}: its environment variables are also those of "
                f"feeds.{other}; rename one"
            )
    given: dict[str, dict[str, str]] = {}
    for variable, value in environ.items():
        if not variable.startswith(ENVIRONMENT):
            continue
        name, parted, key = variable.removeprefix(ENVIRONMENT).partition("__")
        if name not in names or not parted or not key:
            known = ", ".join(feeds) or "none"
            raise ConfigError(
                f"{variable} in the environment: no such feed in {path} (declared: {known}); "
                f"write {ENVIRONMENT}<NAME>__<KEY>"
            )
        given.setdefault(names[name], {})[key.lower()] = value
    return given


def _from_installation(keys: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """Return a feed's keys; the shipped file's paths are in the folder of the installation.

    So the demo feed is found wherever newswire is started; other files' paths begin there.
    """
    if path != SHIPPED or not isinstance(keys.get("path"), str):
        return keys
    return {**keys, "path": str(SHIPPED.parents[1] / keys["path"])}


def _feed(name: str, keys: Mapping[str, Any], given: Mapping[str, str], path: Path) -> Feed:
    origin: dict[tuple[str, ...], str] = {(key,): str(path) for key in (*keys, "name", "source")}
    origin |= {(key,): f"the environment ({feed_variable(name, key)})" for key in given}
    values = {**_from_installation(keys, path), **given}
    try:
        return Feed(
            name=name,
            options={key: value for key, value in values.items() if key not in COMMON},
            from_environment=frozenset(given) - COMMON,
            **{key: value for key, value in values.items() if key in COMMON},
        )
    except ValidationError as error:
        raise ConfigError(explain(error, origin, under=f"feeds.{name}")) from None
