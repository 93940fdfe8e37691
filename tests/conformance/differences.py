# SPDX-License-Identifier: Apache-2.0
"""The differences between the sandbox and the real server that are accepted, each with its reason. One that occurs no
longer fails the comparison, so that this list stays true.

A row: conversation (a shell pattern), what was asked, where in the answer, what the real server answered (regular
expressions, searched), and the reason.
"""

NO_PROTOBUF = "the sandbox answers in no protobuf, and does not offer it"
DECODER = "Go's JSON decoder words it so; here another one says what is wrong"

# (conversation, asked, where, answered by the real server, reason)
ACCEPTED = [
    (
        "*",
        "",
        r"(columnDefinitions|columns)\[\d+\]\.description",
        "",
        "the sandbox does not repeat the sentences of the Kubernetes reference; kubectl shows none of them in a table",
    ),
    ("media_types_asked", "", "message", "accepted: .*vnd.kubernetes.protobuf", NO_PROTOBUF),
    ("media_types_asked", "/configmaps/a", r"^answer$|content-type", "binary|protobuf", NO_PROTOBUF),
    ("malformed_bodies", "", "message", "json parse error: ", DECODER),
    ("deletions", "", "message", "json parse error: ", DECODER),
    (
        "watches_of_one",
        "/api/v1/watch/|events 1",
        "",
        "",
        "the paths /api/v1/watch/... are deprecated since 1.11, and no client here uses them",
    ),
    (
        "apply_conflicts",
        "fieldManager=four",
        "",
        "",
        "the real server forgets, in answers to dry runs that follow each other, that a forced apply took places from "
        "their manager: what it then tells differs from what it has stored",
    ),
    (
        "apply_of_customs_with_schema",
        "status.fieldManager=statuser",
        "managedFields",
        "",
        "an empty spec that is applied to the subresource status counts as the applier's here",
    ),
    (
        "apply_requests",
        "PATCH",
        "message",
        "",
        "of a YAML text that cannot be read the place is told as libyaml counts it",
    ),
    (
        "malformed_bodies",
        "POST",
        "status",
        "201",
        "JSON is UTF-8 (RFC 8259): a body that is not is refused, where Go puts other letters in the place of its bytes",
    ),
    (
        "numbers",
        "",
        "",
        "Thing|invalid number",
        "whole numbers have 64 bits here; larger ones are refused, where Go makes them floating-point numbers",
    ),
    (
        "warnings",
        "apiextensions.k8s.io/v1beta1",
        "status",
        "",
        "of apiextensions.k8s.io only v1 is served",
    ),
    (
        "definitions_refused",
        "",
        "",
        "Webhook|conversionReviewVersions|webhookClientConfig|Required",
        "there are no webhooks, so conversion by them is not supported",
    ),
    (
        "finalizers",
        "POST",
        "managedFields",
        "",
        "of a list with doubled finalizers the real server cannot tell who manages it, and leaves that out",
    ),
    (
        "partial_objects",
        "PATCH|GET",
        "status",
        "PartialObjectMetadataList",
        "PartialObjectMetadata of meta.k8s.io/v1beta1 is not made: v1 has been there since 1.15",
    ),
    ("deletions", "with-15", "message", "Preconditions", "Go's name of the member is guessed from its JSON name"),
    ("media_types_sent", "", "message", "illegal wireType", DECODER),
    ("media_types_asked", "", "^answer$", "^.apiVersion: v1", "YAML of the same content, quoted and folded in another way"),
]
