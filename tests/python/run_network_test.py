"""`run`: wifi, sockets and adafruit_requests over the host's network, and the server of --serve."""

import http.client
import http.server
import threading
import unittest

from run_support import RunTest

CONNECT = """import adafruit_requests, os, socketpool, ssl, wifi
wifi.radio.connect("net", "password")
requests = adafruit_requests.Session(socketpool.SocketPool(wifi.radio), ssl.create_default_context())
"""


class Answers(http.server.BaseHTTPRequestHandler):
    """Each test gives the bytes that come back, whole, and reads what was asked."""

    protocol_version = "HTTP/1.1"
    answers, asked = {}, []

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.command, self.path, dict(self.headers), body))
        self.wfile.write(self.answers[self.path])
        self.close_connection = True

    do_POST = do_HEAD = do_GET

    def log_message(self, *_):
        pass


class Network(RunTest):
    def setUp(self):
        super().setUp()
        Answers.answers, Answers.asked = {}, []
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_port}"

    def ask(self, text, answer, code=0):
        Answers.answers["/x"] = answer
        return self.run_script(CONNECT + text.replace("URL", repr(self.url + "/x")), code=code)

    def test_a_response_has_what_the_library_gives(self):
        ran = self.ask("with requests.get(URL, headers={'X-Mine': 'yes'}) as r:\n"
                       "    print(r.status_code, r.headers['x-theirs'], r.json()['a'])\n",
                       b'HTTP/1.1 200 OK\r\nX-Theirs: 5\r\nContent-Length: 8\r\n\r\n{"a": 3}')  # fmt: skip
        self.assertEqual(ran.said, ["200 5 3"])
        ((method, path, headers, _),) = Answers.asked
        self.assertEqual((method, path, headers["X-Mine"]), ("GET", "/x", "yes"))
        self.assertEqual(headers["User-Agent"], "Adafruit CircuitPython")

    def test_the_first_piece_is_what_came_with_the_header(self):
        ran = self.ask("r = requests.get(URL, stream=True)\nsizes = [len(p) for p in r.iter_content(1024)]\n"
                       "print(sizes[0] < 32, max(sizes), sum(sizes))\n",
                       b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000)  # fmt: skip
        self.assertEqual(ran.said, ["True 1024 5000"])

    def test_a_line_that_is_lost_ends_the_body_without_an_error(self):
        ran = self.ask("r = requests.get(URL)\nprint(len(r.content), r.headers['content-length'])\n",
                       b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 100)  # fmt: skip
        self.assertEqual(ran.said, ["100 5000"])

    def test_chunked_bodies_and_redirects(self):
        Answers.answers["/y"] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n"
        ran = self.ask("print(requests.get(URL).text)\n", b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n")
        self.assertEqual(ran.said, ["abcde"])

    def test_post_sends_json(self):
        self.ask("print(requests.post(URL, json={'a': 1}).status_code)\n", b"HTTP/1.1 204 No\r\n\r\n")
        ((method, _, headers, body),) = Answers.asked
        self.assertEqual((method, headers["Content-Type"], body), ("POST", "application/json", b'{"a": 1}'))

    def test_a_server_that_is_not_there_is_a_runtime_error(self):
        ran = self.run_script(CONNECT + "requests.get('http://127.0.0.1:1/x')\n", code=1)
        self.assertIn("RuntimeError: Error connecting socket", ran.err)

    def test_https_needs_a_context_and_checks_the_certificate(self):
        text = "s = adafruit_requests.Session(socketpool.SocketPool(wifi.radio))\ns.get('https://127.0.0.1:1/')\n"
        self.assertIn("ssl_context must be set", self.run_script(CONNECT + text, code=1).err)

    def test_the_radio_must_be_connected_and_the_name_a_text(self):
        ran = self.run_script("import socketpool, wifi\npool = socketpool.SocketPool(wifi.radio)\n"
                              "print(wifi.radio.ipv4_address)\n"
                              "try:\n    pool.getaddrinfo('127.0.0.1', 80)\nexcept OSError as e:\n    print('refused')\n"
                              "import os\nwifi.radio.connect(os.getenv('CIRCUITPY_WIFI_SSID'))\n", code=1)  # fmt: skip
        self.assertEqual(ran.said[:2], ["None", "refused"])
        self.assertIn("settings.toml", ran.err)

    def test_sockets_carry_bytes(self):
        ran = self.ask("pool = socketpool.SocketPool(wifi.radio)\nwith pool.socket(pool.AF_INET, pool.SOCK_STREAM) as s:\n"
                       "    s.connect(('127.0.0.1', int(URL.split(':')[2].split('/')[0])))\n"
                       "    s.send(b'GET /x HTTP/1.0\\r\\n\\r\\n')\n    b = bytearray(5)\n"
                       "    print(s.recv_into(b), b, hasattr(s, 'recv'))\n",
                       b"hello there")  # fmt: skip
        self.assertEqual(ran.said, ["5 bytearray(b'hello') False"])


class Serve(RunTest):
    def setUp(self):
        super().setUp()
        self.web = self.folder / "web"
        self.web.mkdir()
        (self.web / "f.bin").write_bytes(bytes(range(256)) * 10)
        (self.folder / "outside.txt").write_text("secret")

    def test_files_ranges_and_heads(self):
        ran = self.run_script(CONNECT + """
url = os.getenv("DUALBANK_SERVE_URL") + "/f.bin"
print(requests.get(url).content == bytes(range(256)) * 10)
for span in ("bytes=10-19", "bytes=2550-", "bytes=-6", "bytes=2560-", "bytes=0-99999"):
    r = requests.get(url, headers={"Range": span})
    print(r.status_code, r.headers.get("content-range"), len(r.content))
r = requests.head(url)
print(r.status_code, r.headers["content-length"], r.headers["accept-ranges"], r.content, bool(r.headers["etag"]))
for path in ("/nope", "/../outside.txt", "/%2e%2e/outside.txt", "/"):
    print(requests.get(os.getenv("DUALBANK_SERVE_URL") + path).status_code)
""", "--serve", str(self.web))
        self.assertEqual(ran.said, [
            "True", "206 bytes 10-19/2560 10", "206 bytes 2550-2559/2560 10", "206 bytes 2554-2559/2560 6",
            "416 bytes */2560 0", "206 bytes 0-2559/2560 2560", "200 2560 bytes b'' True", *["404"] * 4])  # fmt: skip
        self.assertEqual(ran.json["serve_url"][:17], "http://127.0.0.1:")

    def test_the_address_can_go_into_any_setting(self):
        ran = self.run_script("import os\nprint(os.getenv('FIRMWARE_URL'))\n", "--serve", str(self.web),
                              "--set", "FIRMWARE_URL={serve}/f.bin")  # fmt: skip
        self.assertEqual(ran.said, [ran.json["serve_url"] + "/f.bin"])

    def test_the_server_alone_answers_a_client_of_pythons(self):
        from dualbank.desk._server import serve

        server, url = serve(self.web)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
        self.addCleanup(connection.close)
        for _ in range(2):  # one line, kept
            connection.request("GET", "/f.bin", headers={"Range": "bytes=256-259"})
            response = connection.getresponse()
            self.assertEqual((response.status, response.read()), (206, bytes(range(4))))


if __name__ == "__main__":
    unittest.main()
