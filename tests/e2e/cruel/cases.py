# SPDX-License-Identifier: Apache-2.0
"""What fedcopy does, in a dozen cases that all play in one world, each in a namespace of its own. `begin` makes what is
in sync before the cruelty; `act` is called in rounds 0, 1 and 2 while it lasts; `change` once when all is well again."""

import json

from world import Source

ROUNDS = 3


class Case:
    """What a case expects: targets are in sync with the last of their values, where it does not say something else."""

    name = None

    def __init__(self, world):
        self.world = world
        self.expected = {}

    def act(self, number):
        pass

    def change(self):
        pass

    def rule(self, source, path="data.a", resource=None):
        """{path: (annotation, values)} for a target."""
        text = f"{(resource or source.resource).removesuffix('s')}:{source.name}:data.{source.key}"
        return {path: (text, source.values)}


class FirstCopy(Case):
    name = "first"

    def begin(self):
        self.source = Source(self.world, "configmaps", self.name, "source", "one")

    def act(self, number):
        if number == 0:
            for cluster in (self.world.hub, self.world.edge1):
                self.world.target(cluster, "configmaps", self.name, "copy", self.rule(self.source))

    def change(self):
        self.source.change("two")


class ChangeOfSource(Case):
    name = "change"

    def begin(self):
        self.source = Source(self.world, "configmaps", self.name, "source", "0")
        self.world.target(self.world.edge1, "configmaps", self.name, "copy", self.rule(self.source))

    def act(self, number):
        for step in range(2):
            self.source.change(f"{number}.{step}")

    def change(self):
        self.source.change("last")


class Drift(Case):
    name = "drift"

    def begin(self):
        self.source = Source(self.world, "configmaps", self.name, "source", "right")
        (self.target,) = self.world.target(self.world.edge1, "configmaps", self.name, "copy", self.rule(self.source))

    def act(self, number):
        self.world.meddle(self.target, f"meddled {number}")

    def change(self):
        self.world.meddle(self.target, "meddled at last")


class SourceGoesAndReturns(Case):
    name = "back"

    def begin(self):
        self.source = Source(self.world, "configmaps", self.name, "source", "before")
        self.world.target(self.world.edge1, "configmaps", self.name, "copy", self.rule(self.source))

    def act(self, number):
        if number == 0:
            self.source.delete()
        elif number == 1:
            self.source.create("returned")


class ManyTargets(Case):
    name = "many"

    def begin(self):
        self.source = Source(self.world, "configmaps", self.name, "source", "0")
        for number in range(15):
            self.world.target(self.world.edge1, "configmaps", self.name, f"copy-{number:02}", self.rule(self.source))

    def act(self, number):
        self.source.change(f"round {number}")

    def change(self):
        self.source.change("last")


class Literal(Case):
    name = "literal"

    def begin(self):
        (self.target,) = self.world.target(
            self.world.edge1, "configmaps", self.name, "copy", {"data.a": ('json:"fixed"', ["fixed"])}
        )

    def act(self, number):
        if number != 1:
            self.world.meddle(self.target, f"meddled {number}")


class TwoRules(Case):
    """Two Secrets into one."""

    name = "two"

    def begin(self):
        self.sources = [Source(self.world, "secrets", self.name, f"source-{key}", f"{key} 0", key) for key in "ab"]
        rules = {}
        for source in self.sources:
            rules.update(self.rule(source, f"data.{source.key}"))
        self.world.target(self.world.edge1, "secrets", self.name, "copy", rules)

    def act(self, number):
        self.sources[number % 2].change(f"value {number}")
        if number == 2:
            self.sources[1].change("both")

    def change(self):
        for source in self.sources:
            source.change("last")


class ConsentWithdrawn(Case):
    """What the source holds after its consent is withdrawn never gets to the target."""

    name = "lender"
    consent = {"fedcopy.dev/allow-namespaces": "borrower", "fedcopy.dev/allow-clusters": "*"}

    def begin(self):
        self.world.namespace("borrower")
        self.source = Source(self.world, "configmaps", self.name, "source", "lent", annotations=dict(self.consent))
        self.lent = [*self.source.values]
        rules = {"data.a": ("configmap:lender/source:data.a", self.lent)}
        (self.target,) = self.world.target(self.world.edge1, "configmaps", "borrower", "copy", rules)

    def act(self, number):
        if number == 0:
            self.lent.append("lent again")
            self.source.change("lent again")
        elif number == 1:
            self.source.change("for nobody", annotations=dict.fromkeys(self.consent))
            # The first may still be on its way then: either is right.
            self.expected[self.target] = ("NotAllowed", ("lent", "lent again"))
        else:
            self.source.change("for nobody else")


class NamespaceGoes(Case):
    name = "gone"

    def begin(self):
        self.source = Source(self.world, "configmaps", self.name, "source", "0")
        self.world.target(self.world.edge1, "configmaps", self.name, "copy", self.rule(self.source))

    def act(self, number):
        api = self.world.edge1.api
        if number == 0:
            api.delete("namespaces", None, self.name)
        elif number == 1:
            self.source.change("1")
        elif api.find("namespaces", None, self.name) is None:
            self.world.namespace(self.name, [self.world.edge1])
            rules = self.rule(self.source)
            self.world.target(self.world.edge1, "configmaps", self.name, "copy", rules, known=False)
        else:
            raise AssertionError("the namespace did not end")


class Chain(Case):
    """A copy on the master is the source of another."""

    name = "chain"

    def begin(self):
        self.source = Source(self.world, "configmaps", self.name, "first", "0")
        self.world.target(self.world.hub, "configmaps", self.name, "second", self.rule(self.source))
        rules = {"data.a": ("configmap:second:data.a", self.source.values)}
        self.world.target(self.world.edge1, "configmaps", self.name, "third", rules)

    def act(self, number):
        self.source.change(f"{number}")

    def change(self):
        self.source.change("last")


class TargetAnew(Case):
    """A target that is deleted and made again has everything again."""

    name = "anew"

    def begin(self):
        self.source = Source(self.world, "configmaps", self.name, "source", "0")
        self.world.target(self.world.edge1, "configmaps", self.name, "copy", self.rule(self.source))

    def act(self, number):
        if number == 1:
            self.world.delete(self.world.edge1, "configmaps", self.name, "copy")
            self.source.change("1")
            rules = self.rule(self.source)
            self.world.target(self.world.edge1, "configmaps", self.name, "copy", rules, known=False)


class LateMember(Case):
    """edge-2 joins while the cruelty lasts; one of its targets is as it should be already."""

    name = "late"

    def begin(self):
        self.source = Source(self.world, "configmaps", self.name, "source", "0")

    def act(self, number):
        if number == 1:
            self.world.target(self.world.edge2, "configmaps", self.name, "copy", self.rule(self.source))
            right = {"data.a": ('json:"right"', ["right"])}
            self.world.target(self.world.edge2, "configmaps", self.name, "right", right, {"a": "right"})
            self.world.join_edge2()
        elif number == 2:
            self.source.change("1")

    def change(self):
        self.source.change("last")


class WholeMap(Case):
    """A map with all its members, which servers that default and prune have their way with."""

    name = "map"
    pruned, defaulted = "pruned", "defaulted"

    def begin(self):
        self.values = []
        body = {"metadata": {"name": "source"}, "data": self._next(0)}
        self.world.create(self.world.hub, "configmaps", self.name, body)
        rules = {"data": ("configmap:source:data", self.values)}
        self.world.target(self.world.edge1, "configmaps", self.name, "copy", rules)

    def _next(self, number):
        self.values.append({"a": f"{number}", self.pruned: f"{number}"})
        return self.values[-1]

    def act(self, number):
        self.world.patch(self.world.hub, "configmaps", self.name, "source", {"data": self._next(number + 1)})

    def change(self):
        self.world.patch(self.world.hub, "configmaps", self.name, "source", {"data": self._next("last")})


CASES = (
    FirstCopy,
    ChangeOfSource,
    Drift,
    SourceGoesAndReturns,
    ManyTargets,
    Literal,
    TwoRules,
    ConsentWithdrawn,
    NamespaceGoes,
    Chain,
    TargetAnew,
    LateMember,
    WholeMap,
)


def fits(have, want):
    """Is that the value; of several, one of them."""
    if isinstance(want, tuple):
        return have in want
    return have == want


def fits_mutated(have, want):
    """The same where a server has defaulted and pruned."""
    if isinstance(want, dict):
        want = {key: value for key, value in want.items() if key != WholeMap.pruned}
        have = {key: value for key, value in (have or {}).items() if key not in (WholeMap.pruned, WholeMap.defaulted)}
    return fits(have, want)


def show(value):
    return json.dumps(value, sort_keys=True)
