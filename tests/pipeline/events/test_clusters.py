"""Clustering of a block of stories."""

from pipeline.events.clusters import cluster
from pipeline.events.terms import terms


def clusters(*texts: str) -> list[list[int]]:
    """Returns the clusters of texts."""
    return cluster([terms(text) for text in texts])


def test_nothing_and_one() -> None:
    """No story gives no cluster, one story gives one."""
    assert clusters() == []
    assert clusters("Zvornikov") == [[0]]


def test_reports_of_one_thing_are_a_cluster() -> None:
    """Reports that share their names are together, others are not."""
    assert clusters(
        "Fire destroys the Kessandra mill in Lower Tarn, owner Piet Hallow says",
        "Chipmaker Ondulex names Sarita Voss chief executive in Bremerton",
        "Lower Tarn: Kessandra mill burns, Piet Hallow vows to rebuild",
        "Ondulex of Bremerton picks Voss to lead chipmaker",
    ) == [[0, 2], [1, 3]]


def test_look_alikes_with_other_names_stay_apart() -> None:
    """Two quakes off one island, each in several reports, share the island and little else.

    Without the check that clusters agree, their mean would make them one event.
    """
    common = "Quake shakes Malakai Island"
    first = [
        f"{common}, Port Denby and Ostra worst hit, says {name}"
        for name in ("Abel Quist", "Quist", "Mayor Quist", "Abel Quist again")
    ]
    second = [
        f"{common}, Nordhaven and Sillery worst hit, says {name}"
        for name in ("Ruta Pell", "Pell", "Mayor Pell", "Ruta Pell again")
    ]
    assert clusters(*first, *second) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_bulletins_of_one_mould_stay_apart() -> None:
    """The same sentences about other ships are other news; a report in other words is not."""
    mould = (
        "The {} was fixed in Ostra to lift crude in 2031, brokers said, and is expected to"
        " load at the weekend behind two other tankers that wait outside the harbour"
    )
    assert clusters(
        mould.format("Kessandra Quist"),
        mould.format("Zvornikov Pell"),
        "Kessandra Quist to carry crude from Ostra",
    ) == [[0, 2], [1]]


def test_a_figure_and_a_month_in_common_are_chance() -> None:
    """Two short notices that share no other name are two events."""
    assert clusters("Ondulex pays 4711 cents in March", "Zvornikov sings 4711 songs in March") == [
        [0],
        [1],
    ]


def test_order_of_unequal_stories_does_not_matter() -> None:
    """The same stories in the reverse order give the same clusters."""
    texts = [
        "Zvornikov meets Kessandra in Ostra",
        "Kessandra leaves Ostra for Nordhaven",
        "Nordhaven greets Kessandra",
        "Pell sues Ondulex in Bremerton",
        "Ondulex of Bremerton answers Pell",
    ]
    forward = {frozenset(texts[n] for n in each) for each in clusters(*texts)}
    backward = {frozenset(texts[-1 - n] for n in each) for each in clusters(*reversed(texts))}
    assert forward == backward
