"""Makes an API on this host's loopback reachable at the same address inside a network namespace, until it is ended.

usage: relay.py NAMESPACE PORT...
"""
import asyncio
import ctypes
import os
import pathlib
import socket
import sys

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def enter(descriptor):
    # os.setns comes with Python 3.12.
    if libc.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def listening(namespace, port):
    """A socket that stays where it was made, though this process returns from there."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    away = os.open(pathlib.Path("/run/netns") / namespace, os.O_RDONLY)
    try:
        enter(away)
        made = socket.create_server(("127.0.0.1", port))
        enter(home)
        return made
    finally:
        os.close(home)
        os.close(away)


async def copy(source, sink):
    try:
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()
    except OSError:  # Either end may have gone.
        sink.close()


async def serve(namespace, port):
    async def relay(reader, writer):
        try:
            onward, back = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return writer.close()
        await asyncio.gather(copy(reader, back), copy(onward, writer))
        back.close()
        writer.close()
    server = await asyncio.start_server(relay, sock=listening(namespace, port))
    await server.serve_forever()


async def main(namespace, *ports):
    await asyncio.gather(*(serve(namespace, int(port)) for port in ports))


if len(sys.argv) < 3:
    sys.exit(__doc__)
asyncio.run(main(*sys.argv[1:]))
