"""Questions to an OVSDB server (RFC 7047) over its socket, with no program of any version of OVN."""
import json
import socket

ANSWER_SECONDS = 10
ANSWER_BYTES = 1 << 24


def transact(path, database, *operations):
    """The results of the operations, one for each; an operation that fails is an error."""
    request = {"method": "transact", "params": [database, *operations], "id": 1}
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(ANSWER_SECONDS)
        wire.connect(str(path))
        wire.sendall(json.dumps(request).encode())
        answer = _read(wire)
    results = answer["result"]
    failed = [each for each in results or [] if each and "error" in each]
    assert results is not None and not failed, answer
    return results


def _read(wire):
    """The first whole JSON value that comes."""
    text = b""
    while len(text) < ANSWER_BYTES:
        chunk = wire.recv(1 << 16)
        assert chunk, "the database closed the connection"
        text += chunk
        try:
            return json.loads(text)
        except ValueError:
            continue
    raise AssertionError(f"an answer of more than {ANSWER_BYTES} bytes")
