#!/usr/bin/python3
"""Carries TCP connections from a listening socket to an address, until killed.

  forward.py DESCRIPTOR ADDRESS PORT

The socket may be of another network namespace than the one this runs in: so
does a browser of the machine reach a server that only the lab can see.
"""

import asyncio
import contextlib
import socket
import sys


async def _pump(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


async def _carry(reader, writer, address, port):
    try:
        there = await asyncio.open_connection(address, port)
        await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))
        there[1].close()
    except OSError:
        pass  # the server is away: the browser is told by the end of it
    finally:
        writer.close()


async def _main(descriptor, address, port):
    server = await asyncio.start_server(
        lambda reader, writer: _carry(reader, writer, address, port),
        sock=socket.socket(fileno=descriptor))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
