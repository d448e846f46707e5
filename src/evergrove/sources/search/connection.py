"""Asking a service: one question at a time, as often as it allows, again with back-off where it stumbles."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from evergrove._version import __version__
from evergrove.sources.search.question import AnswerError, RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    import httpx2

    from evergrove.sources.search.question import Page, Question
    from evergrove.sources.search.settings import Settings

#: Bytes of one answer, unpacked.
LARGEST_ANSWER = 256 * 1024 * 1024
#: An answer may trickle in for so many times the timeout.
SLOWEST = 5
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
#: What a service may say of a page to which it no longer knows the way.
_FORGOTTEN = frozenset({400, 404, 410})
_START = 300
#: The retries are told by the errors; a library that logs them would print to the terminal.
logging.getLogger("stamina").addHandler(logging.NullHandler())


class StumbleError(AnswerError):
    """A service that stumbled and said how long to wait."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class Limiter:
    """Keeps a distance between questions to one host.

    Parameters
    ----------
    clock, sleep : callable
        In place of the machine's own.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._free: dict[str, float] = {}

    def wait(self, host: str, interval: float) -> None:
        """Wait until the host may be asked again, and note that it is asked now."""
        now = self._clock()
        start = max(now, self._free.get(host, now))
        if start > now:
            self._sleep(start - now)
        self._free[host] = start + interval


class Connection:
    """A connection to the services, closed at the end of a ``with`` block.

    Parameters
    ----------
    settings : Settings
    limiter : Limiter, optional
    """

    def __init__(self, settings: Settings, limiter: Limiter | None = None) -> None:
        import httpx2  # noqa: PLC0415 - heavy

        self.settings = settings
        self._limiter = limiter or Limiter()
        contact = f" (mailto:{settings.mailto})" if settings.mailto else ""
        self._client = httpx2.Client(
            timeout=settings.timeout,
            headers={"User-Agent": f"evergrove/{__version__}{contact}"},
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(self, question: Question, interval: float, look: Callable[[bytes], Page]) -> tuple[bytes, Page]:
        """Ask until an answer comes that can be read.

        Parameters
        ----------
        question : Question
        interval : float
            Seconds between two questions to this host.
        look : callable
            Looks at the answer; a cut or garbled one is asked for again.

        Returns
        -------
        tuple of bytes and Page

        Raises
        ------
        RefusalError
            Where asking again does not help.
        AnswerError
            Where no attempt brought an answer; the message is that of the last.
        """
        import stamina  # noqa: PLC0415 - heavy

        host = urlsplit(question.address).netloc
        settings = self.settings
        for attempt in stamina.retry_context(
            on=_again,
            attempts=settings.attempts,
            timeout=None,
            wait_initial=settings.first_wait,
            wait_max=settings.longest_wait,
            wait_jitter=settings.first_wait,
        ):
            with attempt:
                self._limiter.wait(host, interval)
                body = self._fetch(question)
                return body, look(body)
        raise AssertionError  # the last attempt returns or raises

    def _fetch(self, question: Question) -> bytes:
        import httpx2  # noqa: PLC0415 - heavy

        try:
            given = question.parameters
            sent = (
                self._client.stream("POST", question.address, data=given)
                if question.as_form
                else self._client.stream("GET", question.address, params=given)
            )
            with sent as response:
                if response.status_code != 200:
                    self._refused(response)
                return self._body(response, LARGEST_ANSWER)
        except httpx2.TimeoutException:
            raise AnswerError(f"no answer within {self.settings.timeout:g} seconds") from None
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise AnswerError(f"the connection failed: {error or type(error).__name__}") from None

    def _body(self, response: httpx2.Response, largest: int) -> bytes:
        end = time.monotonic() + SLOWEST * self.settings.timeout
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > largest:
                raise RefusalError(f"an answer of more than {largest / 1e6:.0f} MB")
            if time.monotonic() > end:
                raise AnswerError(
                    f"the answer was not whole after {SLOWEST * self.settings.timeout:g} seconds"
                )
        return bytes(body)

    def _refused(self, response: httpx2.Response) -> None:
        status = response.status_code
        start = bytearray()
        for chunk in response.iter_bytes():
            start += chunk
            if len(start) >= _START:
                break
        text = " ".join(start[:_START].decode("utf-8", "replace").split())
        said = f"HTTP {status} {response.reason_phrase}" + (f": {text}" if text else "")
        if status not in _AGAIN:
            raise RefusalError(said, forgotten=status in _FORGOTTEN)
        wait = seconds_of(response.headers.get("Retry-After"))
        if wait is None:
            raise AnswerError(said)
        if wait > self.settings.longest_wait:
            raise RefusalError(f"{said}; it asks to wait {wait:.0f} seconds: run again after that")
        raise StumbleError(said, wait)


def _again(error: Exception) -> bool | float:
    """Say whether, or after how many seconds, to ask again."""
    return error.wait if isinstance(error, StumbleError) else isinstance(error, AnswerError)


def seconds_of(retry_after: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for, given as seconds or as a date.

    Examples
    --------
    >>> seconds_of("3"), seconds_of("soon"), seconds_of(None)
    (3.0, None, None)
    """
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - (now or datetime.now(UTC))).total_seconds())
