# SPDX-License-Identifier: Apache-2.0
"""All conversations: every function of these modules that has a title. Each can be held alone; what it makes has names
that begin with its own."""

import importlib
import inspect

GROUPS = (
    "discovery",
    "types",
    "bodies",
    "validation",
    "defaults",
    "patches",
    "applying",
    "deletion",
    "lists",
    "watches",
    "shapes",
    "customs",
    "access",
    "simulated",
    "young",
)


def collect():
    found = []
    for group in GROUPS:
        module = importlib.import_module(f"conversations.{group}")
        for name, function in vars(module).items():
            own = inspect.isfunction(function) and getattr(function, "at_home", function.__module__) == module.__name__
            if own and not name.startswith("_") and list(inspect.signature(function).parameters) == ["c"]:
                assert function.__doc__, f"{group}.{name} has no title"
                found.append((name, group, function))
    names = [name for name, _, _ in found]
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)
    return found


ALL = collect()
