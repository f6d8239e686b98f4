"""A TCP connection through the tunnel that always has bytes under way, both
ways, and when each end received the last of them."""

import socket
import threading
import time

from lab.wire import socket_in

_CHUNK = b"x" * 200
_PAUSE = 0.02  # between chunks: 50 a second


class Server:
    """Listens on these ports of a node and takes connections until stop()."""

    def __init__(self, node, *ports):
        self._sockets = {}
        self.connections = []
        for port in ports:
            listening = socket_in(node.name, socket.AF_INET, socket.SOCK_STREAM)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(("0.0.0.0", port))
            listening.listen()
            self._sockets[port] = listening
            threading.Thread(target=self._accept, args=[listening],
                             daemon=True).start()

    def _accept(self, listening):
        while True:
            try:
                taken, client = listening.accept()
            except OSError:
                return
            self.connections.append(End(taken, client))

    def other_end(self, near):
        """Our End of that connection; None until it is taken."""
        return next((far for far in self.connections
                     if far.client == near.client), None)

    def stop(self):
        for listening in self._sockets.values():
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()
        for end in self.connections:
            end.stop()


class End:
    """One end of a connection: sends all the time, and notes what comes."""

    def __init__(self, connected, client):
        self._socket = connected
        self.client = client  # address and port of who began it
        self._running = True
        self.last_heard = 0.0  # time.monotonic()
        for run in (self._send, self._receive):
            threading.Thread(target=run, daemon=True).start()

    def _send(self):
        while self._running:
            try:
                self._socket.send(_CHUNK, socket.MSG_DONTWAIT)
            except BlockingIOError:
                pass  # nobody takes it
            except OSError:
                return
            time.sleep(_PAUSE)

    def _receive(self):
        while self._running:
            try:
                if not self._socket.recv(65536):
                    return
            except OSError:
                return
            self.last_heard = time.monotonic()

    def heard_since(self, at):
        return self.last_heard > at

    def stop(self):
        self._running = False
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it was not connected any more
        self._socket.close()


def connects(node, address, port, seconds=1.0):
    """Whether a connection from node to that port comes about in time."""
    made = connect(node, address, port, seconds)
    if made:
        made.stop()
    return bool(made)


def connect(node, address, port, seconds=1.0):
    """The node's End of a new connection; None when it does not come about."""
    connecting = socket_in(node.name, socket.AF_INET, socket.SOCK_STREAM)
    connecting.settimeout(seconds)
    try:
        connecting.connect((address, port))
    except OSError:
        connecting.close()
        return None
    connecting.settimeout(None)
    return End(connecting, connecting.getsockname())
