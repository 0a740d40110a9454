"""A WebSocket client of few words (RFC 6455), and the beginning of RFB (RFC 6143) over it."""
import base64
import os
import socket
import ssl
import struct
import urllib.parse


class Refused(Exception):
    """The server did not upgrade; `status` is what it answered."""

    def __init__(self, status, text):
        super().__init__(f"{status}: {text}")
        self.status = status


class WebSocket:
    """An open WebSocket; raises `Refused` where there is none to be had. `origin=None` sends no Origin."""

    def __init__(self, address, cafile, origin, protocol="binary", seconds=20):
        parts = urllib.parse.urlsplit(address)
        raw = socket.create_connection((parts.hostname, parts.port), timeout=seconds)
        self.socket = ssl.create_default_context(cafile=cafile).wrap_socket(raw, server_hostname=parts.hostname)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}", "Upgrade: websocket",
                 "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        lines += [f"Sec-WebSocket-Protocol: {protocol}"] if protocol else []
        lines += [f"Origin: {origin}"] if origin else []
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.stream = self.socket.makefile("rb")
        status = self.stream.readline().decode()
        while self.stream.readline() not in (b"\r\n", b""):
            pass
        if " 101 " not in status:
            text = self.stream.read(500).decode(errors="replace")
            self.close()
            raise Refused(int(status.split(" ")[1]), text)
        self.bytes = b""

    def close(self):
        self.socket.close()

    def send(self, data, opcode=2):
        """One masked frame of less than 126 bytes."""
        mask = os.urandom(4)
        body = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
        self.socket.sendall(bytes([0x80 | opcode, 0x80 | len(data)]) + mask + body)

    def frame(self):
        """The next frame's opcode and bytes; (8, b"") where the connection has ended."""
        head = self.stream.read(2)
        if len(head) < 2:
            return 8, b""
        length = head[1] & 127
        if length > 125:
            size = 2 if length == 126 else 8
            length = int.from_bytes(self.stream.read(size), "big")
        return head[0] & 15, self.stream.read(length)

    def take(self, count):
        """So many bytes of the stream that binary frames carry; pings are answered."""
        while len(self.bytes) < count:
            opcode, data = self.frame()
            assert opcode != 8, f"closed: {data}"
            if opcode == 9:
                self.send(data, opcode=10)
            elif opcode in (0, 2):
                self.bytes += data
        taken, self.bytes = self.bytes[:count], self.bytes[count:]
        return taken

    def ended(self):
        """Reads on until the server closes; the reason it gave."""
        while True:
            opcode, data = self.frame()
            if opcode == 8:
                return data[2:].decode()


class Screen(WebSocket):
    """A guest's screen, after RFB's handshake; in 32 bits a pixel, red, green, blue from the lowest byte on."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.version = self.take(12)
        self.send(b"RFB 003.008\n")
        kinds = self.take(self.take(1)[0])
        assert 1 in kinds, f"no security type None among {kinds}"
        self.send(b"\x01")
        assert self.take(4) == bytes(4)
        self.send(b"\x01")  # others may look too
        self.width, self.height, _, length = struct.unpack(">HH16sI", self.take(24))
        self.name = self.take(length).decode()
        self.send(bytes([0, 0, 0, 0, 32, 24, 0, 1]) + struct.pack(">HHHBBB", 255, 255, 255, 0, 8, 16) + bytes(3))
        self.send(bytes([2, 0]) + struct.pack(">Hii", 2, 0, -223))  # raw, and the screen may change its size

    def pixels(self):
        """All of the screen, asked for anew: rows of pixels, a pixel's bytes each. None where its size changed."""
        self.send(bytes([3, 0]) + struct.pack(">HHHH", 0, 0, self.width, self.height))
        picture = [[b"\0\0\0\0"] * self.width for _ in range(self.height)]
        while self.take(1) != b"\0":
            raise AssertionError("not an update of the screen")
        _, count = struct.unpack(">BH", self.take(3))
        for _ in range(count):
            x, y, width, height, encoding = struct.unpack(">HHHHi", self.take(12))
            if encoding == -223:
                self.width, self.height = width, height
                return None
            assert encoding == 0, encoding
            data = self.take(width * height * 4)
            for row in range(height):
                line = data[row * width * 4:(row + 1) * width * 4]
                picture[y + row][x:x + width] = [line[at:at + 4] for at in range(0, len(line), 4)]
        return picture

    def type(self, text):
        """Presses and releases the key of each character; a newline is Enter."""
        for character in text:
            key = 0xff0d if character == "\n" else ord(character)
            for isDown in (1, 0):
                self.send(bytes([4, isDown, 0, 0]) + struct.pack(">I", key))
