"""The module `time`. A sleep takes no longer here than `longest_sleep`; the board's clock goes on by the rest."""

import signal
import time

from ._desk import module


class Clock:
    def __init__(self, longest_sleep, skipped=0.0, now=0.0):
        self._longest = longest_sleep
        self._start = time.monotonic() - now
        self.skipped = skipped  # of the wall clock, over all starts
        self._alarms = {}  # name: (at, call)
        signal.signal(signal.SIGALRM, lambda *_: self._ring())

    def monotonic(self):
        """Seconds since the reset, as the board counts them."""
        return time.monotonic() - self._start

    def time(self):
        return time.time() + self.skipped

    def sleep(self, seconds):
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        end = self.monotonic() + seconds
        while self._alarms:
            at, call = min(self._alarms.values(), key=lambda alarm: alarm[0])
            if at > end:
                break
            self._pass(max(0.0, at - self.monotonic()))
            self._ring()
        self._pass(max(0.0, end - self.monotonic()))

    def _pass(self, seconds):
        real = min(seconds, self._longest)
        time.sleep(real)
        self._start -= seconds - real
        self.skipped += seconds - real
        self._arm()

    def set_alarm(self, name, seconds, call):
        """Calls after so many seconds, also in the middle of a busy loop; None takes it back."""
        self._alarms.pop(name, None)
        if seconds is not None:
            self._alarms[name] = (self.monotonic() + seconds, call)
        self._arm()

    def _arm(self):
        soonest = min((at for at, _ in self._alarms.values()), default=None)
        signal.setitimer(signal.ITIMER_REAL, 0 if soonest is None else max(0.001, soonest - self.monotonic()))

    def _ring(self):
        now = self.monotonic()
        for name, (at, call) in list(self._alarms.items()):
            if at <= now:
                del self._alarms[name]
                call()
        self._arm()


def make(desk):
    clock = desk.clock
    return module(
        "time",
        sleep=clock.sleep,
        monotonic=clock.monotonic,
        monotonic_ns=lambda: int(clock.monotonic() * 1e9),
        time=lambda: int(clock.time()),
        localtime=lambda seconds=None: time.localtime(clock.time() if seconds is None else seconds),
        mktime=time.mktime,
        struct_time=time.struct_time,
    )
