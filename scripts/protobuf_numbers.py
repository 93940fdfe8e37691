# SPDX-License-Identifier: Apache-2.0
"""The field numbers of Kubernetes' protobuf messages, out of the descriptors that every program of Kubernetes carries:
compressed FileDescriptorProtos, which Go's generated code registers at its start."""

import re
import zlib

# How a compressed descriptor begins: gzip without a name or a time.
GZIP = re.compile(rb"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff")
LONGEST = 1 << 20


def fields(message):
    """Of an encoded message: {number: [values]}, integers or bytes."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            value = varint()
        elif key & 7 == 2:
            length = varint()
            value, at = message[at : at + length], at + length
        else:
            raise ValueError(f"wire type {key & 7}")
        found.setdefault(key >> 3, []).append(value)
    return found


def descriptors(program):
    """The files that describe messages, as FileDescriptorProto has them."""
    data = program.read_bytes()
    for place in GZIP.finditer(data):
        try:
            yield fields(zlib.decompressobj(31).decompress(data[place.start() : place.start() + LONGEST]))
        except (zlib.error, ValueError, IndexError):
            continue


def messages_of(program):
    """{"k8s.io.api.core.v1.ConfigMap": {"data": (2, the name of its message or "")}}"""
    found = {}
    for file in descriptors(program):
        package = b"".join(file.get(2, [])).decode()
        for message in map(fields, file.get(4, [])):
            found[f"{package}.{message[1][0].decode()}"] = {
                field[1][0].decode(): (field[3][0], field.get(6, [b""])[0].decode().lstrip("."))
                for field in map(fields, message.get(2, []))
            }
    return found


def field_name(member):
    """x-kubernetes-map-type is xKubernetesMapType, $ref is ref."""
    first, *others = member.lstrip("$").split("-")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def numbers(messages, definition, members):
    """{member: (number, 0)} of a definition of OpenAPI, "io.k8s.api.core.v1.Volume"; what Go embeds, and JSON has on
    one level, is in a message of its own: (number in it, number of that message). kind and apiVersion are in none."""
    message = messages[definition.replace("io.k8s.", "k8s.io.", 1).replace("-", "_")]
    wanted = {field_name(member): member for member in members}
    found = {}
    for name, (number, below) in message.items():
        if name in wanted:
            found[wanted[name]] = (number, 0)
        else:
            for inner, (inner_number, _) in messages[below].items():
                if inner in wanted:
                    found[wanted[inner]] = (inner_number, number)
    lost = set(members) - set(found) - {"kind", "apiVersion"}
    if lost:
        raise SystemExit(f"{definition}: no field number for {', '.join(sorted(lost))}")
    return found
