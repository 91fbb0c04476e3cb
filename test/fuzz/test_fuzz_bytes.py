# SPDX-License-Identifier: Apache-2.0
"""Hostile bytes are read or refused in words: the corpus of the fuzzer, and variations of it."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from simulation.fuzz_targets import CORPUS, TARGETS

SEEDS = {name: sorted((CORPUS / name).iterdir()) for name in TARGETS}


@st.composite
def varied(draw: st.DrawFn, name: str) -> bytes:
    """Return a file of the corpus with some bytes changed, cut out or put in."""
    data = bytearray(draw(st.sampled_from(SEEDS[name])).read_bytes())
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        end = at + draw(st.integers(0, 8))
        data[at:end] = draw(st.binary(max_size=8))
    return bytes(data)


@pytest.mark.parametrize(
    ('name', 'path'), [(name, path) for name, paths in SEEDS.items() for path in paths]
)
def test_the_corpus(name: str, path: Path) -> None:
    TARGETS[name](path.read_bytes())


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(data=varied('pictures'))
def test_compressed_pictures(data: bytes) -> None:
    TARGETS['pictures'](data)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(data=varied('images'))
def test_serialized_images(data: bytes) -> None:
    TARGETS['images'](data)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(data=varied('bundles'))
def test_bundles(data: bytes) -> None:
    TARGETS['bundles'](data)
