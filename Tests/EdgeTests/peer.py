"""What the peers of the edge's tests do, each in a network namespace of its own. One JSON value on stdout at the end."""

import json
import os
import random
import select
import socket
import struct
import sys
import threading
import time


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve(port, backlog):
    """Answers each connection's bytes with the same, until it is killed."""
    server = socket.socket(socket.AF_INET6)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("::", int(port)))
    server.listen(int(backlog))

    def echo(one):
        try:
            while data := one.recv(65536):
                if data[:4] == b"sink":
                    sink(one)
                    return
                one.sendall(data)
        except OSError:
            pass
        finally:
            one.close()

    def sink(one):
        """Takes all there is; tells how much came in each second when asked by the end of the stream."""
        begin, total = None, 0
        while data := one.recv(1 << 20):
            begin = begin or time.monotonic()
            total += len(data)
        one.sendall(json.dumps([total, time.monotonic() - (begin or time.monotonic())]).encode())
        one.close()

    while True:
        threading.Thread(target=echo, args=(server.accept()[0],), daemon=True).start()


def connect(address, port, count, seconds, pause="0"):
    """How many of some connections, one after the other, carry a word there and back."""
    good = 0
    for _ in range(int(count)):
        try:
            with socket.create_connection((address, int(port)), timeout=float(seconds)) as one:
                one.sendall(b"hello")
                good += one.recv(16) == b"hello"
        except OSError:
            pass
        time.sleep(float(pause))
    return good


def hold(address, port, seconds):
    """Keeps one connection: the words that went there and back, and the longest wait for one."""
    words, longest, end = 0, 0.0, time.monotonic() + float(seconds)
    with socket.create_connection((address, int(port)), timeout=5) as one:
        print("held", file=sys.stderr, flush=True)
        while time.monotonic() < end:
            begin = time.monotonic()
            one.sendall(b"word")
            if one.recv(16) != b"word":
                raise OSError("the connection was cut")
            longest = max(longest, time.monotonic() - begin)
            words += 1
            time.sleep(0.02)
    return [words, longest]


def crowd(address, port, count):
    """How many connections one source can have at once."""
    held = []
    for _ in range(int(count)):
        one = socket.socket()
        one.settimeout(0.15)
        try:
            one.connect((address, int(port)))
            one.sendall(b"x")
            one.recv(1)
            held.append(one)
        except OSError:
            one.close()
        time.sleep(0.005)
    return len(held)


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(source, target, protocol, body):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0, source, target)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def syn(source, target, port):
    head = struct.pack("!HHIIBBHHH", random.randrange(1024, 65535), port, random.getrandbits(32), 0, 0x50, 2, 65535, 0, 0)
    total = checksum(source + target + struct.pack("!BBH", 0, 6, len(head)) + head)
    return ipv4(source, target, 6, head[:16] + struct.pack("!H", total) + head[18:])


def ethernet(device, router):
    """A socket for raw frames, and their header."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind((device, 0))
    own = wire.getsockname()[4]
    return wire, bytes.fromhex(router.replace(":", "")) + own + b"\x08\x00"


def flood(device, router, target, port, rate, seconds):
    """SYNs of sources that do not exist, so many a second; the bound is rate times seconds."""
    wire, header = ethernet(device, router)
    aim = socket.inet_aton(target)
    frames = [
        header + syn(bytes([10, *random.randbytes(3)]), aim, int(port)) for _ in range(min(20000, int(rate) * int(seconds)))
    ]
    sent, begin = 0, time.monotonic()
    while (passed := time.monotonic() - begin) < float(seconds):
        due = min(int(passed * int(rate)), int(rate) * int(seconds))
        while sent < due:
            wire.send(frames[sent % len(frames)])
            sent += 1
        time.sleep(0.002)
    return sent


def forge(device, router, source, target, count):
    """UDP packets of a source that is not the sender's."""
    wire, header = ethernet(device, router)
    body = struct.pack("!HHHH", 4444, 9, 12, 0) + b"fake"
    for _ in range(int(count)):
        wire.send(header + ipv4(socket.inet_aton(source), socket.inet_aton(target), 17, body))
        time.sleep(0.001)
    return int(count)


def listen(port, seconds):
    """UDP packets that come, by their source."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as ears:
        seen, end = {}, time.monotonic() + float(seconds)
        print("listening", file=sys.stderr, flush=True)
        while (left := end - time.monotonic()) > 0:
            if not select.select([ears], [], [], left)[0]:
                continue
            packet = ears.recv(2048)
            if packet[22:24] == struct.pack("!H", int(port)):
                source = socket.inet_ntoa(packet[12:16])
                seen[source] = seen.get(source, 0) + 1
    return seen


def count(port, seconds):
    """Bits a second of UDP, with headers as they are on the wire, from the first packet on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ears:
        ears.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        ears.bind(("0.0.0.0", int(port)))
        ears.settimeout(5)
        print("listening", file=sys.stderr, flush=True)
        ears.recv(2048)
        total, begin = 0, time.monotonic()
        while (passed := time.monotonic() - begin) < float(seconds):
            total += len(ears.recv(2048)) + 42
    return total * 8 / passed


def blast(address, port, mbits, seconds):
    """UDP of full packets, so many Mbit/s."""
    with socket.socket(family(address), socket.SOCK_DGRAM) as mouth:
        mouth.connect((address, int(port)))
        body, sent, begin = os.urandom(1472), 0, time.monotonic()
        while (passed := time.monotonic() - begin) < float(seconds):
            due = passed * float(mbits) * 1e6 / (1514 * 8)
            while sent < due:
                try:
                    mouth.send(body)
                except OSError:
                    time.sleep(0.001)
                sent += 1
            time.sleep(0.001)
    return sent


def pour(address, port, seconds):
    """Bits a second of one TCP connection's payload, as its receiver counted them."""
    with socket.create_connection((address, int(port)), timeout=10) as one:
        one.sendall(b"sink")
        time.sleep(0.05)
        body, end = bytes(65536), time.monotonic() + float(seconds)
        while time.monotonic() < end:
            one.sendall(body)
        one.shutdown(socket.SHUT_WR)
        one.settimeout(30)
        total, passed = json.loads(one.recv(256))
    return total * 8 / passed


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
