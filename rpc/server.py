"""JSON-RPC on a port: HTTP POST and WebSocket at `/`, side by side.

JSON-RPC errors travel with HTTP 200.  Other statuses are about HTTP itself: 401 for a
missing or bad token where one is asked for, 403 for a foreign Host or Origin, 405, 413 for a
body over the limit, 415 for one that is not declared as JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from aiohttp import hdrs, web

from byline.rpc.backend import Backend
from byline.rpc.connection import Connection
from byline.rpc.dispatch import Dispatcher
from byline.rpc.limits import Limits
from byline.rpc.method import Method
from byline.rpc.origins import LOCAL_ORIGINS, host_allowed, origin_allowed

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_JSON_TYPES: Final = frozenset(
    {"application/json", "application/json-rpc", "application/jsonrequest"}
)
_LOCAL_NAMES: Final = frozenset({"localhost"})
_PREFLIGHT: Final = {
    hdrs.ACCESS_CONTROL_ALLOW_METHODS: "POST, GET, OPTIONS",
    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "Content-Type, Accept",
    hdrs.ACCESS_CONTROL_MAX_AGE: "600",
}
_HEARTBEAT: Final = 30.0
"""Seconds between pings."""
_FAREWELL: Final = 1.0
"""Seconds that open requests get when the server stops."""


class RpcServer:
    """Serves one backend while its context is entered.

    `port` 0 lets the system choose; the property `port` tells.  Entering raises `OSError`
    when the port is taken.  `cors` lists the origins whose pages may read answers and open
    WebSockets: exact, with any port as `http://localhost:*`, or `*` for all.  `hosts` are
    names besides localhost and IP literals that the Host header may have.  `pages` are
    further GET handlers by path.  `methods` replaces the table of methods.  `refusal` looks at
    the Authorization header of every request, WebSockets included, and returns why it is
    not let in, or `None`; then Host may be any name, since no foreign page has a token.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        host: str = "127.0.0.1",
        port: int,
        limits: Limits | None = None,
        cors: Sequence[str] = LOCAL_ORIGINS,
        hosts: Sequence[str] = (),
        pages: Mapping[str, Handler] | None = None,
        methods: Mapping[str, Method] | None = None,
        refusal: Callable[[str | None], str | None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.dispatcher = Dispatcher(backend, limits=limits, methods=methods, clock=clock)
        self._backend = backend
        self._host = host
        self._wanted_port = port
        self._port: int | None = None
        self._cors = tuple(cors)
        self._names = _LOCAL_NAMES | {host, *hosts}
        self._refusal = refusal
        self._connections: set[Connection] = set()
        self._feeding: asyncio.Task[None] | None = None
        self._runner = web.AppRunner(
            self._application(pages or {}), access_log=None, shutdown_timeout=_FAREWELL
        )

    @property
    def port(self) -> int:
        """The port that is bound."""
        if self._port is None:
            raise RuntimeError("the RPC server has no port before it is entered")
        return self._port

    @property
    def url(self) -> str:
        """Where HTTP clients connect."""
        return f"http://{self._authority}"

    @property
    def ws_url(self) -> str:
        """Where WebSocket clients connect."""
        return f"ws://{self._authority}"

    @property
    def _authority(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            site = web.TCPSite(self._runner, self._host, self._wanted_port)
            await site.start()
            self._port = int(self._runner.addresses[0][1])
            await self._start_feed()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stop()

    async def _start_feed(self) -> None:
        started = asyncio.Event()
        self._feeding = asyncio.create_task(self.dispatcher.feed.run(started.set))
        waiting = asyncio.create_task(started.wait())
        try:
            await asyncio.wait([self._feeding, waiting], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if self._feeding.done():
            await self._feeding

    async def _stop(self) -> None:
        for connection in tuple(self._connections):
            connection.stop()
        if self._feeding is not None:
            self._feeding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._feeding
            self._feeding = None
        await self._runner.cleanup()

    def _application(self, pages: Mapping[str, Handler]) -> web.Application:
        application = web.Application(
            client_max_size=self.dispatcher.limits.body_bytes, middlewares=[self._guard]
        )
        application.router.add_post("/", self._post)
        application.router.add_get("/", self._get)
        for path, page in pages.items():
            application.router.add_get(path, page)
        return application

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Check token or Host, answer preflights, and let allowed pages read the answer."""
        if self._refusal is not None:
            words = self._refusal(request.headers.get(hdrs.AUTHORIZATION))
            if words is not None:
                return web.Response(status=401, text=f"{words}\n")
        elif not host_allowed(request.headers.get(hdrs.HOST), self._names):
            return web.Response(status=403, text="invalid host specified\n")
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None:
            return await handler(request)
        allowed = origin_allowed(origin, self._cors)
        if request.method == hdrs.METH_OPTIONS:
            response: web.StreamResponse = (
                web.Response(status=204, headers=_PREFLIGHT)
                if allowed
                else web.Response(status=403, text=f"origin {origin} is not allowed\n")
            )
        else:
            response = await handler(request)
        if allowed and not response.prepared:
            everyone = "*" in self._cors
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*" if everyone else origin
            response.headers[hdrs.VARY] = hdrs.ORIGIN
        return response

    async def _post(self, request: web.Request) -> web.Response:
        if request.content_type not in _JSON_TYPES:
            words = "invalid content type, only application/json is supported\n"
            return web.Response(status=415, text=words)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            most = self.dispatcher.limits.body_bytes
            return web.Response(status=413, text=f"content length too large (limit {most})\n")
        answer = await self.dispatcher.handle(body)
        return web.Response(body=answer, content_type="application/json")

    async def _get(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get(hdrs.UPGRADE, "").lower() != "websocket":
            return web.Response(text=self._greeting())
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and not origin_allowed(origin, self._cors):
            return web.Response(status=403, text=f"origin {origin} is not allowed\n")
        return await self._websocket(request)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        stream = web.WebSocketResponse(
            max_msg_size=self.dispatcher.limits.websocket_message_bytes,
            heartbeat=_HEARTBEAT,
            compress=False,
            timeout=_FAREWELL,
        )
        await stream.prepare(request)
        connection = Connection(stream, self.dispatcher)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)
        return stream

    def _greeting(self) -> str:
        chain = self._backend.chain.chain_id
        return (
            f"{self._backend.client_version}\n"
            f"JSON-RPC of {self._backend.name} (chain id {chain}): POST a request to this "
            "address, or open a WebSocket at it.\n"
        )
