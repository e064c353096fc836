"""What is told of the router beside the shovel."""

import pytest

from tests.bench.bridge.shovel import ONE_BY_ONE, ROUTER, SHOVEL, Round, document, figures, lines


def one(contender: str, per_s: float) -> Round:
    own_s = 0.5 if contender == ROUTER else None
    return Round(contender, 1_000, 900, 900 / per_s, own_s, node_cpu_s=0.9, lost=0)


ROUNDS = [one(name, per_s) for name, speeds in ((ROUTER, (9, 100, 600)), (SHOVEL, (1_000, 2_000, 9_000)),
          (ONE_BY_ONE, (50, 200, 201))) for per_s in speeds]  # fmt: skip


def test_medians_are_divided() -> None:
    assert figures(ROUNDS) == pytest.approx({"router_vs_shovel": 0.05, "router_vs_shovel_one_by_one": 0.5})


@pytest.mark.parametrize("missing", [ROUTER, SHOVEL, ONE_BY_ONE])
def test_without_one_of_them_there_is_no_ratio(missing: str) -> None:
    assert figures([one for one in ROUNDS if one.contender != missing]) == {}


def test_a_shovel_has_no_cpu_of_its_own() -> None:
    router, *_, shovel = lines([one(ROUTER, 100), one(SHOVEL, 100)])
    assert router.split()[-10:-2] == ["100/s", "556", "us", "CPU,", "the", "node", "1,000", "us"]
    assert shovel.split()[-10:-2] == ["100/s", "-", "us", "CPU,", "the", "node", "1,000", "us"]


def test_raw_rounds_stay_with_the_figure() -> None:
    told = document(ROUNDS)
    assert told["router_vs_shovel"] == pytest.approx(0.05)
    assert [found["contender"] for found in told["shovel_rounds"]] == [found.contender for found in ROUNDS]
