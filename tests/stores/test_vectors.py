"""Comparing codes: the quick way finds what a plain loop finds."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.stores import vectors

np = vectors.numpy()
WIDTH = 384


def floats(seed: int, count: int, dimensions: int) -> "vectors.Floats":
    made = np.random.default_rng(seed).standard_normal((count, dimensions)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def by_hand(query: "vectors.Floats", code: bytes) -> float:
    """The sum of the query's components with the code's signs, scaled."""
    signs = [(code[n // 8] >> (7 - n % 8)) & 1 for n in range(len(query))]
    total = sum(float(x) * (1 if sign else -1) for x, sign in zip(query, signs, strict=True))
    return total / math.sqrt(2 * len(query) / math.pi)


@given(st.integers(0, 1_000), st.sampled_from([8, 64, 384]))
def test_a_similarity_is_the_sum_of_the_query_with_the_signs_of_a_code(
    seed: int, dimensions: int
) -> None:
    query, *others = floats(seed, 4, dimensions)
    codes = b"".join(vectors.code_of(other.tobytes()) for other in others)
    assert codes == vectors.codes_of(np.stack(others).tobytes(), dimensions)
    table = np.frombuffer(codes, np.uint8).reshape(3, -1)
    found = vectors.similarities(query.tobytes(), table)
    assert found.tolist() == pytest.approx(
        [by_hand(query, row.tobytes()) for row in table], abs=1e-5
    )


def test_a_vector_is_about_one_with_its_own_code() -> None:
    query = floats(1, 1, WIDTH)[0]
    code = np.frombuffer(vectors.code_of(query.tobytes()), np.uint8)[None, :]
    (found,) = vectors.similarities(query.tobytes(), code).tolist()
    assert found == pytest.approx(1.0, abs=0.05)


@given(st.integers(0, 1_000), st.integers(1, 300), st.integers(1, 50))
def test_of_few_codes_the_nearest_are_those_of_an_exhaustive_search(
    seed: int, count: int, limit: int
) -> None:
    query, *others = floats(seed, min(count, vectors.SHORTLIST) + 1, 64)
    codes = np.stack([np.frombuffer(vectors.code_of(o.tobytes()), np.uint8) for o in others])
    rows, found = vectors.nearest(query.tobytes(), codes, limit)
    wanted = sorted((-by_hand(query, code.tobytes()), n) for n, code in enumerate(codes))[:limit]
    assert found.tolist() == pytest.approx([-near for near, _ in wanted], abs=1e-5)
    told = [by_hand(query, codes[row].tobytes()) for row in rows.tolist()]
    assert told == pytest.approx([-near for near, _ in wanted], abs=1e-5)
    assert len(set(rows.tolist())) == len(wanted)


@pytest.mark.parametrize("limit", [1, 100])
@pytest.mark.parametrize("seed", range(5))
def test_of_many_codes_the_nearest_are_those_of_the_shortlist_by_bits(
    seed: int, limit: int
) -> None:
    """The rule: the nearest by bits, all that tie with the last of them, are compared exactly."""
    query, *others = floats(seed, 10_001, WIDTH)
    codes = np.stack([np.frombuffer(vectors.code_of(o.tobytes()), np.uint8) for o in others])
    own = np.frombuffer(vectors.code_of(query.tobytes()), np.uint8)
    apart = np.unpackbits(codes ^ own, axis=1).sum(axis=1)
    shortlist = max(vectors.SHORTLIST, 4 * limit)
    chosen = np.flatnonzero(apart <= np.sort(apart)[shortlist - 1])
    exact = vectors.similarities(query.tobytes(), codes[chosen])
    wanted = chosen[np.lexsort((chosen, -exact))[:limit]]
    rows, _ = vectors.nearest(query.tobytes(), codes, limit)
    assert rows.tolist() == wanted.tolist()


def test_what_is_really_near_is_found_among_many() -> None:
    """Vectors with a cosine of 0.5 and more with the query stand out of a hundred thousand."""
    query = floats(7, 1, WIDTH)[0]
    noise = floats(8, 100_000, WIDTH)
    near = 0.6 * query + 0.8 * floats(9, 20, WIDTH)
    everything = np.concatenate([noise, near.astype(np.float32)])
    codes = np.packbits(everything > 0, axis=1)
    rows, _ = vectors.nearest(query.tobytes(), codes, 20)
    assert sorted(rows.tolist()) == list(range(100_000, 100_020))


def test_equal_codes_come_in_order() -> None:
    query, other = floats(3, 2, 64)
    codes = np.frombuffer(vectors.code_of(other.tobytes()) * 400, np.uint8).reshape(400, -1)
    for count in (1, 7, 100, 400):
        rows, _ = vectors.nearest(query.tobytes(), codes[:count], 5)
        assert rows.tolist() == list(range(min(5, count)))


def test_there_may_be_no_codes() -> None:
    query = floats(3, 1, 64)[0].tobytes()
    rows, found = vectors.nearest(query, np.empty((0, 8), np.uint8), 5)
    assert (rows.tolist(), found.tolist()) == ([], [])


@given(st.integers(0, 1_000), st.lists(st.integers(0, 4), max_size=6), st.integers(0, 3))
def test_best_matches_are_those_of_a_plain_loop(seed: int, counts: list[int], asked: int) -> None:
    dimensions = 16
    made = floats(seed, asked + sum(counts), dimensions)
    query, rest = made[:asked], made[asked:]
    tokens: list[bytes] = []
    for count in counts:
        tokens.append(vectors.codes_of(rest[:count].tobytes(), dimensions) if count else b"")
        rest = rest[count:]
    found = vectors.best_matches(query.tobytes(), dimensions, tokens)
    assert found.shape == (len(counts), asked)
    for codes, row in zip(tokens, found.tolist(), strict=True):
        alone = [codes[n : n + 2] for n in range(0, len(codes), 2)]
        wanted = [max((by_hand(one, code) for code in alone), default=0.0) for one in query]
        assert row == pytest.approx(wanted, abs=1e-5)
