"""`adafruit_requests`: HTTP over the sockets of the board. What scripts meet there they meet here: names of headers in
lower case, pieces shorter than asked for, and a body that ends early without an error when the line is lost."""

import json

from ._desk import module

_PIECE_BYTES = 32  # in which the header is received; what is read beyond it is the body's first piece


class OutOfRetries(Exception):
    pass


class Response:
    def __init__(self, connection):
        self._socket = connection
        self._ahead = b""
        self._left = None  # bytes of the body, or of the chunk, still to come; None: until the line closes
        self._chunked = False
        self._content = None
        self.encoding = "utf-8"
        self.headers = {}
        self._read_head()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _line(self):
        while b"\r\n" not in self._ahead:
            piece = bytearray(_PIECE_BYTES)
            count = self._socket.recv_into(piece)
            if count == 0:
                raise RuntimeError("Unable to read HTTP response.")
            self._ahead += piece[:count]
        line, _, self._ahead = self._ahead.partition(b"\r\n")
        return line.decode()

    def _read_head(self):
        _, code, self.reason = (self._line().split(" ", 2) + ["", ""])[:3]
        self.status_code = int(code)
        while line := self._line():
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        if "content-length" in self.headers:
            self._left = int(self.headers["content-length"])
        self._chunked = self.headers.get("transfer-encoding", "").lower() == "chunked"

    def _piece(self, most):
        if self._chunked and not self._left:
            if self._left == 0:
                self._line()  # the end of the chunk before
            self._left = int(self._line().partition(";")[0], 16)
            if self._left == 0:
                self._chunked = False
        if self._left == 0:
            return b""
        wanted = most if self._left is None else min(most, self._left)
        if self._ahead:
            piece, self._ahead = self._ahead[:wanted], self._ahead[wanted:]
        else:
            buffer = bytearray(wanted)
            piece = bytes(buffer[: self._socket.recv_into(buffer)])
        if self._left is not None:
            self._left -= len(piece)
        return piece

    def iter_content(self, chunk_size=1, decode_unicode=False):
        if decode_unicode:
            raise NotImplementedError("Unicode not supported")
        if self._socket is None:
            raise RuntimeError("Newer Response closed this one. Use Responses immediately.")
        while self._socket is not None and (piece := self._piece(chunk_size)):
            yield piece
        self.close()

    @property
    def content(self):
        if self._content is None:
            self._content = b"".join(self.iter_content(1024))
        return self._content

    @property
    def text(self):
        return self.content.decode(self.encoding)

    def json(self):
        return json.loads(self.content)

    def close(self):
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Session:
    """A line for each request; a new request closes the response before."""

    def __init__(self, socket_pool, ssl_context=None, session_id=None):
        self._pool, self._ssl = socket_pool, ssl_context
        self._last = None

    def request(self, method, url, data=None, json=None, headers=None, stream=False, timeout=60, allow_redirects=True):
        if self._last is not None:
            self._last.close()
        secure, host, port, path = _parts(url)
        head, body = _written(method, host, path, data, json, headers or {})
        connection = self._connect(secure, host, port, timeout)
        try:
            connection.sendall(head + body)
            response = Response(connection)
        except OSError as error:
            connection.close()
            raise OutOfRetries("Repeated socket failures") from error
        if method == "HEAD" or response.status_code in (204, 304):
            response._left = 0
        self._last = response
        if allow_redirects and 300 <= response.status_code <= 399 and "location" in response.headers:
            target = _redirected(url, response.headers["location"])
            return self.request(method, target, data, json, headers, stream, timeout)
        return response

    def _connect(self, secure, host, port, timeout):
        if secure and self._ssl is None:
            raise AttributeError("ssl_context must be set before using adafruit_requests for https")
        family, kind, *_, address = self._pool.getaddrinfo(host, port, 0, self._pool.SOCK_STREAM)[0]
        connection = self._pool.socket(family, kind)
        connection.settimeout(timeout)
        try:
            connection.connect(address)
            if secure:
                connection = self._ssl.wrap_socket(connection, server_hostname=host)
        except OSError as error:
            connection.close()
            raise RuntimeError(f"Error connecting socket: {error}") from error
        return connection

    def options(self, url, **options):
        return self.request("OPTIONS", url, **options)

    def head(self, url, **options):
        return self.request("HEAD", url, **options)

    def get(self, url, **options):
        return self.request("GET", url, **options)

    def post(self, url, **options):
        return self.request("POST", url, **options)

    def put(self, url, **options):
        return self.request("PUT", url, **options)

    def patch(self, url, **options):
        return self.request("PATCH", url, **options)

    def delete(self, url, **options):
        return self.request("DELETE", url, **options)


def _parts(url):
    scheme, _, rest = url.partition("://")
    if scheme not in ("http", "https"):
        raise ValueError(f"Unsupported protocol: {scheme}:")
    host, _, path = rest.partition("/")
    host, _, port = host.partition(":")
    return scheme == "https", host, int(port or (443 if scheme == "https" else 80)), "/" + path.replace(" ", "%20")


def _redirected(url, location):
    if location.startswith("http"):
        return location
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    if location.startswith("/"):
        return f"{scheme}://{host}{location}"
    return f"{scheme}://{host}/{path.rpartition('/')[0]}/{location}".replace(f"{host}//", f"{host}/")


def _written(method, host, path, data, json_data, headers):
    """The bytes of a request: (head, body)."""
    if not isinstance(headers, dict):
        raise AttributeError("headers must be in dict format")
    own = {"Host": host, "User-Agent": "Adafruit CircuitPython"}
    if json_data is not None:
        data, own["Content-Type"] = json.dumps(json_data), "application/json"
    elif isinstance(data, dict):
        data = "&".join(f"{key}={value}" for key, value in data.items())
        own["Content-Type"] = "application/x-www-form-urlencoded"
    body = data.encode() if isinstance(data, str) else bytes(data or b"")
    if body:
        own["Content-Length"] = str(len(body))
    given = {name.lower() for name in headers}
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in own.items() if name.lower() not in given]
    for name, value in headers.items():
        if value is not None:
            lines.append(f"{name}: {value.decode() if isinstance(value, bytes) else value}")
    return "\r\n".join([*lines, "", ""]).encode(), body


def make():
    return module("adafruit_requests", Session=Session, Response=Response, OutOfRetries=OutOfRetries)
