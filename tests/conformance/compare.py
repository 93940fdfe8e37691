# SPDX-License-Identifier: Apache-2.0
"""What is different between a conversation as it was held now, and its recording."""

import collections
import json

from names import Names

Difference = collections.namedtuple("Difference", "conversation number ask where recorded answered")
ABSENT = "(absent)"
# What a step was told to send is the same on both sides; only what came of it is compared.
COMPARED = (
    "ask",
    "watch",
    "events",
    "ends",
    "ended",
    "status",
    "headers",
    "answer",
    "are",
    "waited",
    "in vain",
    "forgotten",
)


def without_fields(value):
    """The same without fieldsV1: managedFields by manager and operation."""
    if isinstance(value, dict):
        return {key: without_fields(item) for key, item in value.items() if key != "fieldsV1"}
    return [without_fields(item) for item in value] if isinstance(value, list) else value


def trees(recorded, answered, where):
    """(where, recorded, answered) for all that differs."""
    if isinstance(recorded, dict) and isinstance(answered, dict):
        for key in sorted(recorded.keys() | answered.keys()):
            yield from trees(recorded.get(key, ABSENT), answered.get(key, ABSENT), f"{where}.{key}" if where else key)
    elif isinstance(recorded, list) and isinstance(answered, list):
        for index in range(max(len(recorded), len(answered))):
            one = recorded[index] if index < len(recorded) else ABSENT
            two = answered[index] if index < len(answered) else ABSENT
            yield from trees(one, two, f"{where}[{index}]")
    elif recorded != answered or isinstance(recorded, bool) != isinstance(answered, bool):
        yield where, recorded, answered


def conversation(name, recorded, steps, exact):
    """All differences of one conversation. exact: compare fieldsV1 everywhere."""
    names = Names.adopt(steps, recorded)
    found = []
    for number, old in enumerate(recorded):
        if number >= len(steps):
            found.append(
                Difference(name, number, old.get("ask", ""), "step", "was taken", "the conversation broke off")
            )
            break
        new = names.replace(steps[number])
        fields = exact or old.get("fields")
        one = {key: old[key] for key in COMPARED if key in old}
        two = {key: new[key] for key in COMPARED if key in new}
        if not fields:
            one, two = without_fields(one), without_fields(two)
        ask = old.get("ask") or next((f"{key} {old[key]}" for key in ("events", "ends", "waited") if key in old), "")
        if one.get("status") != two.get("status"):
            # Two answers of different kinds: what either says in short.
            found.append(Difference(name, number, ask, "status", gist(one), gist(two)))
            continue
        for where, was, now in trees(one, two, ""):
            found.append(Difference(name, number, ask, where, was, now))
    if len(steps) > len(recorded):
        found.append(Difference(name, len(recorded), "", "step", "the end", f"{len(steps)} steps"))
    order = names.out_of_order()
    if order:
        found.append(Difference(name, -1, "", "order of versions", "as recorded", order))
    return found


def gist(step):
    """Status and message of an answer, or its kind."""
    answer = step.get("answer")
    if not isinstance(answer, dict):
        return [step.get("status"), answer]
    words = [answer[key] for key in ("reason", "message") if answer.get(key)]
    return [step.get("status"), *(words or [answer.get("kind")])]


def readable(found):
    """Text for people: below each request, what differs."""
    lines, last = [], None
    for difference in found:
        here = (difference.conversation, difference.number)
        if here != last:
            lines.append(f"  {difference.conversation}, step {difference.number}: {difference.ask}")
            last = here
        lines.append(f"      {difference.where}")
        lines.append(f"        real server: {short(difference.recorded)}")
        lines.append(f"        this one:    {short(difference.answered)}")
    return "\n".join(lines)


def short(value, size=700):
    text = value if value == ABSENT else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text if len(text) <= size else text[: size - 3] + "..."
