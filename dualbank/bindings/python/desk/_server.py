"""--serve: the files of a folder over HTTP, ranges of them too, for as long as the run takes."""

import email.utils
import http.server
import os
import re
import threading
import urllib.parse
from pathlib import Path

_PIECE_BYTES = 64 * 1024


class _Files(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    root = Path(".")

    def do_GET(self):
        self._answer(with_body=True)

    def do_HEAD(self):
        self._answer(with_body=False)

    def _answer(self, with_body):
        path = self._path()
        if path is None or not path.is_file():
            self.send_error(404)
            return
        with open(path, "rb") as file:
            facts = os.fstat(file.fileno())
            span = self._range(facts.st_size)
            if span is None:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{facts.st_size}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start, end, partial = span
            self.send_response(206 if partial else 200)
            if partial:
                self.send_header("Content-Range", f"bytes {start}-{end - 1}/{facts.st_size}")
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(end - start))
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("ETag", f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"')
            self.send_header("Last-Modified", email.utils.formatdate(facts.st_mtime, usegmt=True))
            self.end_headers()
            if with_body:
                self._send(file, start, end)

    def _send(self, file, start, end):
        file.seek(start)
        while start < end and (piece := file.read(min(_PIECE_BYTES, end - start))):
            self.wfile.write(piece)
            start += len(piece)

    def _path(self):
        """The file that the request names, if it is within the folder."""
        named = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        path = (self.root / named.lstrip("/")).resolve()
        return path if path.is_relative_to(self.root) else None

    def _range(self, size):
        """(start, end, whether it is a part); None for one that cannot be. Several ranges at once: the whole file."""
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", "").strip())
        if asked is None or asked.groups() == ("", ""):
            return 0, size, False
        first, last = asked.groups()
        if not first:
            return max(0, size - int(last)), size, True
        end = min(size, int(last) + 1) if last else size
        return (int(first), end, True) if int(first) < end else None

    def log_message(self, *_):
        pass  # the script says what it fetches


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a script that closes the line early is no error of the run's


def serve(folder, port=0):
    """Serves in the background, to this host only. Returns (server, url); the server has shutdown()."""
    handler = type("Files", (_Files,), {"root": Path(folder).resolve()})
    server = _Server(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"
