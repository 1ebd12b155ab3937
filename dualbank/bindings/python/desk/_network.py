"""`wifi`, `socketpool` and `ssl` over the host's network."""

import ipaddress
import socket
import ssl

from ._desk import module


def _own_address():
    """The address that the host would use; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"


class Radio:
    """wifi.radio: connected once connect() was called, whatever network was named."""

    def __init__(self):
        self.connected = False
        self.enabled = True
        self.hostname = "dualbank-desk"
        self.mac_address = bytes.fromhex("020000000001")
        self.ap_info = None

    def connect(self, ssid, password=b"", *, channel=0, bssid=None, timeout=None):
        for name, value in (("ssid", ssid), ("password", password)):
            if not isinstance(value, (str, bytes, bytearray)):
                raise TypeError(f"object with buffer protocol required: {name} is {value!r}; is it in settings.toml?")
        if len(password) and not 8 <= len(password) <= 64:
            raise ValueError("password length must be 8-64")
        self.connected = True

    def stop_station(self):
        self.connected = False

    @property
    def ipv4_address(self):
        return ipaddress.IPv4Address(_own_address()) if self.connected else None

    @property
    def ipv4_gateway(self):
        return self.ipv4_address and ipaddress.IPv4Address((int(self.ipv4_address) & ~0xFF) | 1)


def make_wifi(state):
    radio = Radio()
    # With a network named in settings.toml the board is connected before the script starts.
    if "CIRCUITPY_WIFI_SSID" in state["settings"]:
        radio.connect(state["settings"]["CIRCUITPY_WIFI_SSID"], state["settings"].get("CIRCUITPY_WIFI_PASSWORD", ""))
    return module("wifi", radio=radio, Radio=Radio)


class Socket:
    """A socket with the board's methods: recv_into and no recv."""

    def __init__(self, host_socket, radio):
        self._socket = host_socket
        self._radio = radio

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def connect(self, address):
        if not self._radio.connected:
            raise OSError(113, "the radio is not connected: wifi.radio.connect() first")
        self._socket.connect(tuple(address))

    def accept(self):
        host_socket, address = self._socket.accept()
        return Socket(host_socket, self._radio), address

    def send(self, data):
        return self._socket.send(data)

    def sendall(self, data):
        self._socket.sendall(data)

    def recv_into(self, buffer, size=0):
        return self._socket.recv_into(buffer, size)

    def sendto(self, data, address):
        return self._socket.sendto(data, address)

    def recvfrom_into(self, buffer):
        return self._socket.recvfrom_into(buffer)

    def bind(self, address):
        self._socket.bind(tuple(address))

    def listen(self, backlog=1):
        self._socket.listen(backlog)

    def settimeout(self, seconds):
        self._socket.settimeout(seconds)

    def setblocking(self, flag):
        self._socket.setblocking(flag)

    def setsockopt(self, level, name, value):
        self._socket.setsockopt(level, name, value)

    def close(self):
        self._socket.close()

    def fileno(self):
        return self._socket.fileno()


class SocketPool:
    AF_INET, AF_INET6 = socket.AF_INET, socket.AF_INET6
    SOCK_STREAM, SOCK_DGRAM, SOCK_RAW = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW
    IPPROTO_TCP, SOL_SOCKET, SO_REUSEADDR, TCP_NODELAY = (
        socket.IPPROTO_TCP, socket.SOL_SOCKET, socket.SO_REUSEADDR, socket.TCP_NODELAY)
    gaierror = socket.gaierror

    def __init__(self, radio):
        if not isinstance(radio, Radio):
            raise TypeError("SocketPool can only be used with wifi.radio")
        self._radio = radio

    def socket(self, family=socket.AF_INET, type=socket.SOCK_STREAM, proto=0):
        return Socket(socket.socket(family, type, proto), self._radio)

    def getaddrinfo(self, host, port, family=0, type=0, proto=0, flags=0):
        if not self._radio.connected:
            raise socket.gaierror(-2, "Name or service not known: wifi.radio.connect() first")
        return socket.getaddrinfo(host, port, family or socket.AF_INET, type or socket.SOCK_STREAM, proto, flags)


def make_socketpool():
    return module("socketpool", SocketPool=SocketPool, Socket=Socket)


class SSLContext:
    def __init__(self):
        self._context = ssl.create_default_context()

    @property
    def check_hostname(self):
        return self._context.check_hostname

    @check_hostname.setter
    def check_hostname(self, value):
        self._context.check_hostname = value

    def load_verify_locations(self, cadata=None):
        self._context = ssl.create_default_context(cadata=cadata)

    def load_cert_chain(self, certfile, keyfile):
        self._context.load_cert_chain(certfile, keyfile)

    def set_default_verify_paths(self):
        self._context.set_default_verify_paths()

    def wrap_socket(self, sock, *, server_side=False, server_hostname=None):
        # The handshake comes with connect(), as on the board.
        wrapped = self._context.wrap_socket(sock._socket, server_side=server_side, server_hostname=server_hostname)
        return Socket(wrapped, sock._radio)


def make_ssl():
    return module("ssl", create_default_context=SSLContext, SSLContext=SSLContext)
