"""What physics allows two sites, from the terms of RFC 4787 alone."""

import dataclasses

DIRECT, RELAYED = "direct", "relayed"


def seen_from_outside(kind):
    """The Nat that behaves like all the NATs of a site in a row."""
    if not kind.carrier:
        return kind
    if kind.carrier.mapping in ("adm", "apdm"):
        return dataclasses.replace(kind, mapping=kind.carrier.mapping,
                                   filtering=kind.carrier.filtering,
                                   ports=kind.carrier.ports)
    return kind


def between(kind_a, kind_b):
    """DIRECT or RELAYED."""
    a, b = seen_from_outside(kind_a), seen_from_outside(kind_b)
    if a.blocks_udp or b.blocks_udp:
        return RELAYED
    # Whoever lets everybody in learns from the packet where the other is.
    if "eif" in (a.filtering, b.filtering):
        return DIRECT
    hard = [kind for kind in (a, b) if kind.mapping in ("adm", "apdm")]
    if len(hard) < 2:
        # At least one tells its one port. The other's port is then told too,
        # or seen if the first lets it in, or found by many sockets and probes.
        return DIRECT
    # Neither knows a port of the other, but for ports that follow a pattern.
    return DIRECT if a.ports == b.ports == "sequential" else RELAYED
