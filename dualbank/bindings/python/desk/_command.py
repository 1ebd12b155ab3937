"""`dualbank run SCRIPT`: the command line, and what is told at the end."""

import argparse
import json
import os
import sys
from pathlib import Path

import dualbank

from . import _settings
from ._runner import Run, ScriptDied

_CODES = {"done": 0, "starts_used_up": 0, "time_up": 0, "other_platform": 0, "safe_mode": 0, "error": 1, "nothing_boots": 3,
          "interrupted": 130}  # fmt: skip
_DEFAULT_STARTS = 10
_LONGEST_SLEEP = 1.0
_MOST_STARTS = 1000


class Refused(Exception):
    def __init__(self, code, message, cure="", exit_code=1, values=None):
        super().__init__(message)
        self.code, self.cure, self.exit_code, self.values = code, cure, exit_code, values or {}


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Refused("usage", message, "dualbank run --help shows how", 2)


def _parser():
    parser = _Parser(prog="dualbank run", description="Runs a CircuitPython script unchanged, with a board's flash in a file.",
                     epilog="Exit codes: 0 the script ended; 1 it ended with an exception, or was refused; 2 wrong usage; "
                            "3 nothing boots; 130 Ctrl-C.")  # fmt: skip
    add = parser.add_argument
    add("script", metavar="SCRIPT", help="the script; its folder is the CIRCUITPY drive")
    add("--flash", metavar="FLASH", default=os.environ.get("DUALBANK_FLASH"), help="the flash file (or DUALBANK_FLASH)")
    add("--module", metavar="NAME", default="circuitpython",
        help="whose dualbank the script gets: circuitpython (default), the board's own with its 22 points; or dualbank, ours")
    add("--boots", metavar="N", dest="starts", default=str(_DEFAULT_STARTS),
        help="start the script N times at most: after each reset and soft reload (default 10)")
    add("--serve", metavar="DIR", help="serve a folder over HTTP; os.getenv('DUALBANK_SERVE_URL') is its address")
    add("--port", metavar="N", default="0", help="the port of --serve (default: one that is free)")
    add("--settings", metavar="FILE", help="what os.getenv reads (default: settings.toml beside the script)")
    add("--set", metavar="NAME=VALUE", action="append", default=[], dest="extra",
        help="one setting more; {serve} in VALUE is the address of --serve; may be given more than once")
    add("--stub", metavar="NAME", action="append", default=[], dest="stubs",
        help="an imported module that does nothing; may be given more than once")
    add("--sleep", metavar="SECONDS", dest="longest_sleep", default=str(_LONGEST_SLEEP),
        help="the longest that a time.sleep() takes here (default 1); the board's clock goes on by the rest")
    add("--seconds", metavar="N", help="end the run after N seconds of the board's clock since its reset")
    add("--policy", metavar="POLICY", default=os.environ.get("DUALBANK_POLICY") or "stock",
        help="which bootloader is on the device, with --module dualbank (default stock)")
    add("--json", action="store_true", help="print exactly one JSON object; the script's words go to standard error")
    add("-q", "--quiet", action="store_true", help="no notes: only what the script says, and what differs")
    return parser


def _number(text, option, kind, least, most=None):
    try:
        value = kind(text)
    except ValueError:
        raise Refused("bad_number", f"{option} {text} is no number", "write it like 3", 2) from None
    if not value >= least or (most is not None and value > most):
        span = f"{least} to {most}" if most is not None else f"{least} or more"
        raise Refused("bad_number", f"{option} {text} is not possible", f"give {span}", 2)
    return value


def _one_of(value, option, words):
    if value not in words:
        raise Refused("usage", f"{option} {value} is not known", f"use {', '.join(words[:-1])} or {words[-1]}", 2)


def _settings_of(options, url):
    beside = Path(options.script).resolve().parent / "settings.toml"
    settings = {}
    try:
        if options.settings or beside.is_file():
            settings = _settings.read(options.settings or beside)
    except ValueError as error:
        raise Refused("bad_settings", str(error), 'write lines like NAME = "text" or NAME = 3') from None
    for pair in options.extra:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise Refused("usage", f"--set {pair} is no setting", "write --set NAME=VALUE", 2)
        if "{serve}" in value and url is None:
            raise Refused("usage", f"--set {pair} asks for the address of --serve", "give --serve DIR too", 2)
        settings[name] = value.replace("{serve}", url or "")
    if url is not None:
        settings["DUALBANK_SERVE_URL"] = url
    return settings


def _checked(arguments):
    options = _parser().parse_args(arguments)
    if not options.flash:
        raise Refused("no_flash_named", "no flash is named", "give --flash FLASH, or set DUALBANK_FLASH", 2)
    _one_of(options.module, "--module", ("circuitpython", "dualbank"))
    _one_of(options.policy, "--policy", ("stock", "stock-rollback", "dualbank"))
    options.starts = _number(options.starts, "--boots", int, 1, _MOST_STARTS)
    options.longest_sleep = _number(options.longest_sleep, "--sleep", float, 0)
    options.seconds = None if options.seconds is None else _number(options.seconds, "--seconds", float, 0)
    options.port = _number(options.port, "--port", int, 0, 65535)
    with open(options.script, "rb"):
        pass  # OSError's own words for what is not there or not ours
    if options.serve is not None and not Path(options.serve).is_dir():
        raise NotADirectoryError(20, "not a folder", options.serve)
    return options


def _note(text, quiet):
    if not quiet:
        sys.stdout.flush()
        print(f"-- {text}", file=sys.stderr, flush=True)


def _counted(count, word):
    return f"{count:,} {word}{'s' if count != 1 else ''}"


def _report_text(run, ended, quiet):
    if ended == "starts_used_up":
        _note(f"ends after {_counted(len(run.starts), 'start')} (--boots); {run.boot_slot} boots at the next reset", quiet)
    if ended == "safe_mode":
        _note(f"ends: {run.boot_slot} boots in safe mode, which runs no script", quiet)
    if ended == "time_up":
        _note("ends: --seconds is over", quiet)
    if not run.differences:
        _note("the board's module and dualbank's agree in every call", quiet)
        return
    calls = _counted(sum(difference["count"] for difference in run.differences), "call")
    print(f"{calls} on which the board's module and dualbank's differ:")
    for difference in run.differences:
        times = f"   ({_counted(difference['count'], 'call')})" if difference["count"] > 1 else ""
        print(f"{difference['file']}:{difference['line']}: {difference['source']}   [{difference['point']}]{times}")
        print(f"  the board: {difference['board']}")
        print(f"  dualbank:  {difference['ours']}")
        print(f"  cure:      {difference['cure']}")
    if run.uncompared:
        _note(f"not compared: {_counted(run.uncompared, 'call')} after one that only one of the two modules took", quiet)


def _run(options):
    server, url = None, None
    if options.serve is not None:
        from ._server import serve  # only here: most runs need no HTTP server

        server, url = serve(options.serve, options.port)
        _note(f"{options.serve} is served at {url}", options.quiet)
    try:
        options.settings = _settings_of(options, url)
        run = Run(options)
        ended = run.go()
    finally:
        if server is not None:
            server.shutdown()
    if options.json:
        result = {"schema": 1, "module": options.module, "ended": ended, "serve_url": url, "drive": run.drive,
                  "boot_slot": run.boot_slot, "starts": run.starts, "differences": run.differences,
                  "uncompared_calls": run.uncompared}  # fmt: skip
        print(json.dumps(result, indent=2))
    else:
        _report_text(run, ended, options.quiet)
    return _CODES[ended]


def _tell(error, as_json):
    if as_json:
        print(json.dumps({"schema": 1, "error": error}, indent=2))
        return
    print(f"dualbank: {error['message']}", file=sys.stderr)
    if error["cure"]:
        print(f"  {error['cure']}", file=sys.stderr)


def _plain(error):
    """An error as the command's --json has it: (object, exit code)."""
    if isinstance(error, OSError):
        message = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        return {"code": "file_error", "message": message, "cure": "look at the path and its permissions", "values": {}}, 1
    text, cure = str(error), getattr(error, "cure", "")
    if cure and text.endswith(": " + cure):
        text = text[: -len(cure) - 2]
    told = {"code": getattr(error, "code", "failed"), "message": text, "cure": cure, "values": getattr(error, "values", {})}
    return told, getattr(error, "exit_code", 1)


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        code = _run(_checked(arguments))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the answer has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 1
    except (Refused, ScriptDied, dualbank.Error, OSError) as error:
        told, code = _plain(error)
        _tell(told, "--json" in arguments)
    except KeyboardInterrupt:
        code = _CODES["interrupted"]
    sys.exit(code)
