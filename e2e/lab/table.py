"""A tailnet as people read it."""

_WIDE = 8  # more nodes than this do not fit side by side


def _cell(way):
    if way is None or way.kind == "none" or not way.rtt_ms:
        return "-"
    return f"{way.kind} {way.rtt_ms:.1f} ms"


def _rows(tailnet, ways):
    nodes = list(tailnet.nodes.values())
    by_pair = {(way.source, way.target): way for way in ways}
    wide = len(nodes) <= _WIDE
    header = ["node", "address", "NAT"]
    header += [f"to {n.name}" for n in nodes] if wide else ["direct", "relayed",
                                                           "none", "median ms"]
    yield header
    for node in nodes:
        row = [node.name, node.known_address or "-", node.kind.title]
        if wide:
            row += ["." if peer is node else
                    _cell(by_pair.get((node.name, peer.name))) for peer in nodes]
        else:
            row += _summary([w for w in ways if w.source == node.name])
        yield row


def _summary(ways):
    kinds = [way.kind for way in ways]
    times = sorted(way.rtt_ms for way in ways if way.rtt_ms)
    median = f"{times[len(times) // 2]:.1f}" if times else "-"
    return [str(kinds.count("direct")), str(kinds.count("relayed")),
            str(kinds.count("none")), median]


def render(tailnet, ways):
    """The table as text, columns aligned."""
    rows = list(_rows(tailnet, ways))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width
                               in zip(row, widths)).rstrip() for row in rows)
