"""A model's answers, each in a thread of its own, bounded in number, time and length.

A thread cannot be ended from outside: a call that has had its time is left alone, and what it
answers later is dropped.  The threads are daemons, so the process ends without them, and they
are no executor's, so that the journal's writes never wait behind a model.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from typing import Final

from byline.node.attribution.serving.models import Model
from byline.node.attribution.serving.payments import PaymentRefused

LOG: Final = logging.getLogger("byline.attribution")
MOST_LEFT: Final = 8
"""Calls that hang at the same time, before no more are begun."""


class ModelRunner:
    """Calls one model; all methods belong to one event loop."""

    def __init__(self, model: Model, at_once: int, seconds: float, most_bytes: int) -> None:
        """`at_once`: answers computed at the same time; `seconds` and `most_bytes`: of each."""
        self._model = model
        self._slots = asyncio.Semaphore(at_once)
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._left = 0

    async def answer(self, prompt: str) -> str:
        """Return the model's answer; raises `PaymentRefused`.

        ModelBusy: no slot was free in the time that an answer may take.  ModelTimedOut: it has
        not answered in that time, or too many calls before hang.  ModelFailed: it raised, or
        answered what is no text, or a longer one than is served.
        """
        try:
            async with asyncio.timeout(self._seconds):
                await self._slots.acquire()
        except TimeoutError as error:
            raise PaymentRefused(
                "ModelBusy",
                f"no answer could be begun within {self._seconds:g} s: try again later",
            ) from error
        try:
            answer = await self._in_time(prompt)
        finally:
            self._slots.release()
        return self._checked(answer)

    async def _in_time(self, prompt: str) -> object:
        if self._left >= MOST_LEFT:
            raise PaymentRefused(
                "ModelTimedOut", f"{self._left} calls of the model hang: its operator must restart"
            )
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[object] = loop.create_future()
        late = False

        def settle(value: object, error: BaseException | None) -> None:
            if late:
                self._left -= 1
            elif error is not None:
                answered.set_exception(_Raised(error))
            else:
                answered.set_result(value)

        def work() -> None:
            value, raised = None, None
            try:
                value = self._model.answer(prompt)
            except BaseException as error:  # even one that calls sys.exit
                raised = error
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(settle, value, raised)

        threading.Thread(target=work, name="byline-model", daemon=True).start()
        done, _ = await asyncio.wait([answered], timeout=self._seconds)
        if not done:
            late = True
            self._left += 1
            LOG.error("the model has not answered within %g s; its call goes on", self._seconds)
            raise PaymentRefused(
                "ModelTimedOut", f"the model has not answered within {self._seconds:g} s"
            )
        try:
            return answered.result()
        except _Raised as raised:
            # Whatever a model does wrong, the endpoint goes on.
            LOG.error("the model failed", exc_info=raised.error)
            raise PaymentRefused(
                "ModelFailed", f"it raised {type(raised.error).__name__}; see its operator's log"
            ) from raised.error

    def _checked(self, answer: object) -> str:
        if not isinstance(answer, str):
            raise PaymentRefused(
                "ModelFailed", f"it answered {type(answer).__name__}, want a string"
            )
        # No character is less than a byte: what is far too long is not encoded to be measured.
        size = len(answer)
        if size <= self._most_bytes:
            try:
                size = len(answer.encode())
            except UnicodeEncodeError as error:
                raise PaymentRefused("ModelFailed", "its answer is no Unicode text") from error
        if size > self._most_bytes:
            raise PaymentRefused(
                "AnswerUnusable", f"an answer of over {self._most_bytes} bytes is not served"
            )
        return answer


class _Raised(Exception):  # carries an exception, is none by itself
    """What a model raised; asyncio treats some of those in a way of its own."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error
