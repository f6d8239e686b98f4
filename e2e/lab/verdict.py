"""What physics allows two sites, from the terms of RFC 4787 alone."""

import dataclasses

DIRECT, PUNCHED, RELAYED = "direct", "punched", "relayed"


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
    """DIRECT: by pings to the addresses that STUN and pings tell. PUNCHED:
    directly as well, but one port must be guessed. RELAYED: by the relay."""
    a, b = seen_from_outside(kind_a), seen_from_outside(kind_b)
    if a.blocks_udp or b.blocks_udp:
        return RELAYED
    # Whoever lets everybody in learns from the packet where the other is.
    if "eif" in (a.filtering, b.filtering):
        return DIRECT
    hard = [kind for kind in (a, b) if kind.mapping in ("adm", "apdm")]
    if not hard:
        return DIRECT  # both tell their one port, and both open their filter
    if len(hard) == 2:
        return RELAYED  # neither knows a port of the other
    easy = b if hard[0] is a else a
    # The hard side's port is news to the easy side: its filter decides.
    return DIRECT if easy.filtering == "adf" else PUNCHED
