# SPDX-License-Identifier: Apache-2.0
"""Names for what is different each time a conversation is held: ${uid:1}, ${rv:1}, ${time}, ${age}, ${long_age},
${ip:1}, ${port:1}, ${generated:1}, ${continue:1}.

Versions of objects are numbered in their order, so a recording says which are equal and which come first. The version of
a list or bookmark is named after the newest version of an object that it covers: a server may write things of its own.

The names of a recording are found from itself (record). An answer that is compared with a recording takes the
recording's names, by the places where both have one (adopt): one wrong answer does not rename all that follow."""

import calendar
import json
import re
import time

UID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
TIME = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?Z")
AGE = re.compile(r"\d+s|[1-9]\d?m(\d+s)?|<invalid>")
# Since a day that a conversation has named: another one each day.
LONG_AGE = re.compile(r"[1-9]\d*(y(\d+d)?|d(\d+h)?|h(\d+m)?)")
GENERATED = re.compile(r"[bcdfghjklmnpqrstvwxz2456789]{5}")
IP = re.compile(r"\b10(\.\d{1,3}){3}\b")
DAY = 86400


def is_object(metadata):
    """Whether this metadata is an object's: that of a list or bookmark has no name."""
    return isinstance(metadata, dict) and "name" in metadata


def pairs_of(ours, theirs):
    """Every two values at the same place of two trees, with the place's last key and the value around it."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key in theirs:
                yield key, value, theirs[key], ours
                yield from pairs_of(value, theirs[key])
    elif isinstance(ours, list) and isinstance(theirs, list):
        for one, two in zip(ours, theirs):
            yield from pairs_of(one, two)


class Names:
    """Puts names in the place of values."""

    def __init__(self):
        self.uids = {}
        self.versions = {}
        self.ips = {}
        self.ports = {}
        self.generated = {}
        self.tokens = {}

    @classmethod
    def record(cls, steps):
        """The names of a conversation by itself."""
        names = cls()
        versions = set()
        for step in steps:
            for key, value, _, around in pairs_of(step, step):
                if key == "uid" and isinstance(value, str) and names.is_uid(value):
                    names.uids.setdefault(value, f"${{uid:{len(names.uids) + 1}}}")
                elif key == "resourceVersion" and is_object(around) and str(value).isdigit():
                    versions.add(int(value))
                names._small(key, value)
            names._generated(step, lambda name: f"${{generated:{len(names.generated) + 1}}}")
        versions.discard(0)
        names.versions = {number: f"${{rv:{n}}}" for n, number in enumerate(sorted(versions), 1)}
        return names

    @classmethod
    def adopt(cls, steps, recorded):
        """The names of a recording, for another run of the same conversation."""
        names = cls()
        for step, old in zip(steps, recorded):
            for key, value, name, around in pairs_of(step, old):
                if not isinstance(value, (str, int)) or not isinstance(name, str) or not name.startswith("${"):
                    continue
                if key == "uid":
                    names.uids.setdefault(value, name)
                elif key == "resourceVersion" and is_object(around) and str(value).isdigit():
                    names.versions.setdefault(int(value), name)
                elif name.startswith("${ip:"):
                    names.ips.setdefault(value, name)
                elif name.startswith("${port:"):
                    names.ports.setdefault(value, name)
                elif name.startswith("${continue:"):
                    names.tokens.setdefault(value, name)
            names._generated(step, lambda _, old=old: _name_in(old.get("answer")))
        return names

    def out_of_order(self):
        """Two versions whose order is not that of the recording, or None."""
        last = (0, 0)
        for number, name in sorted(self.versions.items()):
            place = int(name[len("${rv:") : -1])
            if place < last[1]:
                return f"{name} is version {number}, and ${{rv:{last[1]}}} is {last[0]}"
            last = (number, place)
        return None

    @staticmethod
    def is_uid(value):
        # Zeros at its head: a conversation's own, nobody's.
        return bool(UID.fullmatch(value)) and not value.startswith("00000000")

    def _small(self, key, value):
        if key == "clusterIP" and re.fullmatch(r"10\.\d+\.\d+\.\d+", str(value)):
            self.ips.setdefault(value, f"${{ip:{len(self.ips) + 1}}}")
        elif key in ("nodePort", "healthCheckNodePort") and isinstance(value, int) and value:
            self.ports.setdefault(value, f"${{port:{len(self.ports) + 1}}}")
        elif key == "continue" and isinstance(value, str) and len(value) > 20:
            self.tokens.setdefault(value, f"${{continue:{len(self.tokens) + 1}}}")

    def _generated(self, step, new_name):
        """A name that the server has made: told by the request's body."""
        asked = step.get("body")
        asked = asked.get("metadata") if isinstance(asked, dict) else None
        answer = step.get("answer")
        answer = (answer.get("details") or answer.get("metadata")) if isinstance(answer, dict) else None
        if not isinstance(asked, dict) or not isinstance(answer, dict) or not asked.get("generateName"):
            return
        name = answer.get("name", "")
        if not asked.get("name") and name not in self.generated and GENERATED.fullmatch(name[-5:]):
            self.generated[name] = new_name(name)

    # --- putting them in ---

    def replace(self, value, key=None, around=None):
        if isinstance(value, dict):
            changed = {name: self.replace(item, name, value) for name, item in value.items()}
            if "managedFields" in changed and isinstance(changed["managedFields"], list):
                changed["managedFields"] = sorted(changed["managedFields"], key=_manager)
            return changed
        if isinstance(value, list):
            items = [self.replace(item, key if isinstance(item, str) else None) for item in value]
            # They come in the order of a map; and on update some come several times.
            return (
                [json.loads(text) for text in sorted({json.dumps(i, sort_keys=True) for i in items})]
                if key == "causes"
                else items
            )
        if key in ("nodePort", "healthCheckNodePort") and value in self.ports:
            return self.ports[value]
        return self._text(key, value, around) if isinstance(value, str) else value

    def _text(self, key, text, around):
        if key == "resourceVersion" and text.isdigit():
            return self._version(int(text), is_object(around))
        if text in self.tokens:
            return self.tokens[text]
        text = TIME.sub(_time, UID.sub(self._uid, text))
        for name, replaced in self.generated.items():
            text = text.replace(name, replaced)
        if "10." in text:
            text = IP.sub(lambda match: self.ips.get(match.group(), match.group()), text)
        if "resourceVersion: " in text:
            text = re.sub(r'(resourceVersion: ")(\d+)', self._asked_version, text)
        if key == "cells" and AGE.fullmatch(text):
            return "${age}"
        if key == "cells" and LONG_AGE.fullmatch(text):
            return "${long_age}"
        if key == "ask":
            text = re.sub(r"(resourceVersion=)(\d+)", self._asked_version, text)
            for token, replaced in self.tokens.items():
                text = text.replace(token, replaced)
        if "ResourceVersion in the precondition" in text:
            text = re.sub(r"(\()(\d+)", self._asked_version, text)
        return _message(text) if key == "message" else text

    def _version(self, number, exactly):
        if number in self.versions or exactly:
            return self.versions.get(number, str(number) if number == 0 else "${rv:?}")
        older = [version for version in self.versions if version <= number]
        if number == 0:
            return "0"
        return self.versions[max(older)] if older else "${rv:0}"

    def _asked_version(self, match):
        number = int(match.group(2))
        # Below and far above all that the conversation has seen: its own.
        literal = not self.versions or number < min(self.versions) or number > 10**8
        return match.group() if literal else match.group(1) + self._version(number, False)

    def _uid(self, match):
        return self.uids.get(match.group(), "${uid:?}") if self.is_uid(match.group()) else match.group()


def _name_in(answer):
    """The name that an answer is about."""
    answer = answer if isinstance(answer, dict) else {}
    return (answer.get("details") or answer.get("metadata") or {}).get("name", "?")


def _time(match):
    """Times of these days are the server's; others are those that a conversation gave."""
    when = calendar.timegm(tuple(int(match.group(n)) for n in range(1, 7)))
    if abs(when - time.time()) > 2 * DAY:
        return match.group()
    return "${micros}" if match.group(7) else "${time}"


def _manager(entry):
    return [str(entry.get(key)) for key in ("manager", "operation", "apiVersion", "subresource")]


# How Go's decoder speaks of the place of an error: by fields that it has passed, in an order that means nothing.
_DECODER = re.compile(
    r'((?:cannot be handled as an? \w+|Invalid value: "\$\{object\}"): )(?:[\w.\[\]]+: )*?(?:[\w\[\]]+\.)*([\w\[\]]+: )'
    r"(?=[Rr]ead|decode|expect|assert|base64|unmarshalerDecoder)"
)


def _message(text):
    """Without what is of no use to a client: the order of maps, the version of just now, places in memory or in bytes."""
    text = re.sub(r"([cC]urrent: )\d+", r"\1${n}", text)
    text = re.sub(r"(too old resource version: )\d+ \(\d+\)", r"\1${n} (${n})", text)
    # The object as a patch left it; its bytes around an error.
    text = re.sub(r'Invalid value: "\{.*\}"(?=:|$)', 'Invalid value: "${object}"', text, flags=re.DOTALL)
    text = re.sub(r"is missing in '.*'", "is missing in '${object}'", text, flags=re.DOTALL)
    text = re.sub(r", error found in #\d+ byte.*", "", text, flags=re.DOTALL)
    text = _DECODER.sub(r"\1\2", text)
    # A structure as Go prints it.
    if text.startswith("Invalid value: "):
        text = re.sub(
            r"^Invalid value: (?:\[\])?[a-z]\w+\.\w+[{(].*[})]: ", "Invalid value: ${dump}: ", text, flags=re.DOTALL
        )
    elif re.search(r"Invalid value: (?:\[\])?[a-z]\w+\.[A-Z]\w+[{(]", text):
        text = text[: text.index(" is invalid: ")] + " is invalid: ${dump}"
    text = re.sub(r"0xc[0-9a-f]{9}", "${address}", text)
    text = text.replace("Key: /real/", "Key: /registry/")
    match = re.search(r" is invalid: \[(.*)\]$", text, re.DOTALL)
    if match:
        parts = sorted(set(match.group(1).split(", ")))
        text = text[: match.start(1)] + ", ".join(parts) + "]"
    return text
