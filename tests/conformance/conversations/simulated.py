# SPDX-License-Identifier: Apache-2.0
"""Conversations that the simulation's model of an API server is held to as well: tests/sim/conversations.py."""

import importlib.util
import pathlib

import player

_PATH = pathlib.Path(__file__).resolve().parents[2] / "sim" / "conversations.py"
_SPEC = importlib.util.spec_from_file_location("simulated_conversations", _PATH)
_SIM = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_SIM)

# Here the controllers of namespaces and garbage are at work all the time, and no server starts again in between.
_NOT_HERE = ("namespace", "namespace_end", "history", "deletion", "type_end", "discovery")


class _Old:
    """The verbs that these conversations use, where they differ."""

    def __init__(self, c):
        self.c = c

    def __getattr__(self, name):
        return getattr(self.c, name)

    @staticmethod
    def _shape(more, is_list=False):
        if more.pop("metadata", False):
            more["accept"] = player.PARTIAL_LIST if is_list else player.PARTIAL
        return more

    def get(self, path, **more):
        return self.c.get(path, **self._shape(more, _is_list(path)))

    def post(self, path, body, **more):
        if path == "/api/v1/namespaces":
            self.c.clear(f"{path}/{body['metadata']['name']}")
        return self.c.post(path, body, **self._shape(more))

    def json(self, path, *steps, **more):
        return self.c.json(path, *steps, **self._shape(more))

    def merge(self, path, patch, **more):
        return self.c.merge(path, patch, **self._shape(more))

    def watch(self, path, **more):
        return self.c.watch(path, **self._shape(more))


def _is_list(path):
    pieces = path.split("?")[0].strip("/").split("/")
    pieces = pieces[2:] if pieces[0] == "api" else pieces[3:]
    return len(pieces[2:] if pieces[0] == "namespaces" and len(pieces) > 2 else pieces) == 1


def _define(c):
    """The custom types that they speak of; the first conversation that needs them makes them."""
    for plural, kind, namespaced, status in _SIM.CUSTOM:
        path = f"/apis/example.com/v1/{plural}"
        if c.peek("GET", path)[0] != 200:
            body = {
                "metadata": {"name": f"{plural}.example.com"},
                "spec": {
                    "group": "example.com",
                    "scope": "Namespaced" if namespaced else "Cluster",
                    "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": kind + "List"},
                    "versions": [player.crd_version("v1", status=status)],
                },
            }
            c.peek("POST", player.CRDS, body)
            c.served(path, f"{player.CRDS}/{plural}.example.com")
            del c.steps[-1]


def _make(script):
    def hold(c):
        _define(c)
        script(_Old(c))

    hold.__name__ = f"sim_{script.__name__}"
    hold.__doc__ = script.__doc__
    hold.at_home = __name__
    return hold


globals().update({f"sim_{s.__name__}": _make(s) for s in _SIM.ALL if s.__name__ not in _NOT_HERE})
