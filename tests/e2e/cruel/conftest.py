# SPDX-License-Identifier: Apache-2.0
"""worlds   worlds(name): what the world of that cruelty says in the end, or its failure. All that were chosen run side by
         side, from the first that is asked for. SEED in the environment repeats a run."""

import concurrent.futures
import os
import pathlib
import random
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# Mostly they wait; more at a time only makes each of them slower.
SIDE_BY_SIDE = int(os.environ.get("SIDE_BY_SIDE", "8"))


@pytest.fixture(scope="session")
def worlds(request, tmp_path_factory):
    import test_cases  # pylint: disable=import-outside-toplevel

    directory = pathlib.Path(tmp_path_factory.mktemp("worlds"))
    seed = int(os.environ.get("SEED") or random.randrange(1 << 31))
    chosen = [item.callspec.params["name"] for item in request.session.items if "worlds" in item.fixturenames]
    pool = concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE)
    futures = {name: pool.submit(test_cases.play, name, directory, seed) for name in chosen}
    yield lambda name: futures[name].result()
    pool.shutdown(cancel_futures=True)
