"""Inputs for hypothesis: any bytes, and texts of the formats with pieces cut out, repeated, exchanged, put in."""

from hypothesis import strategies as st

from tests.fuzz.target import SEEDS, WORDS


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """A seed after some changes."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 12)))
        piece = draw(st.sampled_from(WORDS) | st.binary(max_size=4) | st.sampled_from(SEEDS))
        data = data[:start] + piece + data[end:]
    return data


inputs = mutants() | st.lists(st.sampled_from(WORDS), max_size=30).map(b"".join) | st.binary(max_size=200)
