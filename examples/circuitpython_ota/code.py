"""Updates the board over the air: streams a firmware in chunks of 1 KiB into the other slot, then boots it.

For a board with CircuitPython's module `dualbank`, and on the desk with `dualbank run`. settings.toml says where the
firmware is; README.md says what else.
"""

import os
import time

import adafruit_requests
import dualbank
import microcontroller
import socketpool
import ssl
import supervisor
import wifi

CHUNK_BYTES = 1024
TRIES = 3  # in a row without a byte, before a reset
PAUSE_SECONDS = 5

URL = os.getenv("FIRMWARE_URL")
# A .bin as it is published for a board has bootloader and partition table in front: FIRMWARE_OFFSET = 65536 for those.
START = int(os.getenv("FIRMWARE_OFFSET") or 0)


class Anew(Exception):
    """What was written is of no use any more."""


def connect():
    if not wifi.radio.connected:
        wifi.radio.connect(os.getenv("CIRCUITPY_WIFI_SSID"), os.getenv("CIRCUITPY_WIFI_PASSWORD"))
    print("connected as", wifi.radio.ipv4_address)
    return adafruit_requests.Session(socketpool.SocketPool(wifi.radio), ssl.create_default_context())


def look(session):
    """(length, identity) of the firmware on the server."""
    with session.head(URL) as response:
        if response.status_code != 200:
            raise RuntimeError("the server says {} for {}".format(response.status_code, URL))
        return int(response.headers["content-length"]) - START, response.headers.get("etag", "")


def first_missing(length, identity):
    """Where to begin: 0 on the board; a module that remembers an update says what it has."""
    if not hasattr(dualbank, "begin"):
        return 0
    dualbank.begin(identity=identity.encode(), length=length)
    missing = dualbank.missing()
    return missing[0][0] if missing else length


def chunks(response, done, length):
    """Whole chunks of a response whose pieces are of any size. The line may be lost in the middle: then it just ends."""
    held = bytearray()
    for piece in response.iter_content(CHUNK_BYTES):
        held += piece
        while len(held) >= CHUNK_BYTES:
            yield bytes(held[:CHUNK_BYTES])
            held = held[CHUNK_BYTES:]
            done += CHUNK_BYTES
    if held and done + len(held) == length:
        yield bytes(held)


def receive(session, done, length, identity):
    """Goes on from `done` with one request; returns how far it came."""
    headers = {"Range": "bytes={}-".format(START + done)}
    with session.get(URL, headers=headers, stream=True) as response:
        if response.status_code != 206 and (START or done):
            raise Anew("the server sends no ranges")
        if response.headers.get("etag", "") != identity:
            raise Anew("the firmware on the server is another one now")
        for chunk in chunks(response, done, length):
            # By name, and in order: at 0 the board appends, and nothing was written before.
            dualbank.flash(chunk, offset=done)
            done += len(chunk)
    return done


def download(session, length, identity):
    done = first_missing(length, identity)
    print("from byte", done, "of", length)
    tries = 0
    while done < length:
        before = done
        try:
            done = receive(session, done, length, identity)
            why = "the line was lost"
        except (OSError, adafruit_requests.OutOfRetries) as error:
            why = str(error)
        if done < length:
            tries = tries + 1 if done == before else 1
            print(why, "at byte", done)
            if tries == TRIES:
                microcontroller.reset()
            time.sleep(PAUSE_SECONDS)


def update():
    session = connect()
    length, identity = look(session)
    try:
        download(session, length, identity)
    except Anew as why:
        print(why)
        time.sleep(PAUSE_SECONDS)
        supervisor.reload()  # the slot can only begin again in a new start
    dualbank.switch()
    print("the new firmware is complete")
    microcontroller.reset()


try:
    update()
except RuntimeError as error:
    if str(error) == "Firmware is duplicate":
        print("up to date")
    else:
        raise
