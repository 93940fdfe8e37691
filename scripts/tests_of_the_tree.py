# SPDX-License-Identifier: Apache-2.0
"""The tests that there are, by name: for the checks of pages that name tests."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent


def tests_of_the_tree():
    found = set()
    for pattern, test in (("tests/**/*.c", r"^static void (test_\w+)\("), ("tests/e2e/*.py", r"^def (test_\w+)\(")):
        for path in ROOT.glob(pattern):
            found.update(re.findall(test, path.read_text(errors="replace"), re.MULTILINE))
    return found
