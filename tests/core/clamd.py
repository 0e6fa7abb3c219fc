"""A small server in the place of the ClamAV daemon."""

import io
import socket
import struct
import threading
import time

from tests.core.samples import EICAR


class InstreamServer:
    """Speaks INSTREAM as clamd does: knows `signature`, and closes a stream above `limit` bytes with an error."""

    def __init__(self, limit: int = 1 << 20, *, silent: bool = False, signature: bytes = EICAR) -> None:
        self.limit, self.silent, self.signature = limit, silent, signature
        self.received = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                connection, _address = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                stream.write(self.answer(stream) + b"\0")

    def answer(self, stream: io.BufferedRWPair) -> bytes:
        if self.silent:
            time.sleep(1)
        command = b""
        while not command.endswith(b"\0"):
            command += stream.read(1)
        assert command == b"zINSTREAM\0"
        self.received = b""
        while size := struct.unpack(">I", stream.read(4))[0]:
            if len(self.received) + size > self.limit:
                return b"INSTREAM size limit exceeded. ERROR"
            self.received += stream.read(size)
        return b"stream: Eicar-Signature FOUND" if self.signature in self.received else b"stream: OK"
