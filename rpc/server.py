"""JSON-RPC on a port: HTTP POST and WebSocket at `/`, side by side.

JSON-RPC errors travel with HTTP 200.  Other statuses are about HTTP itself: 401 for a
missing or bad token where one is asked for, 403 for a foreign Host or Origin, 405, 408 for a
body that does not come, 413 for one over the limit, 415 for one that is not declared as JSON,
503 when all connections are taken by requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from aiohttp import hdrs, web

from byline.rpc.admission import Admission, leave
from byline.rpc.answers import answered, to_program
from byline.rpc.backend import Backend
from byline.rpc.connection import Connection
from byline.rpc.dispatch import Dispatcher
from byline.rpc.http_log import HTTP_LOG
from byline.rpc.limits import Limits, flag
from byline.rpc.method import Method
from byline.rpc.origins import LOCAL_ORIGINS, host_allowed, is_page, origin_allowed
from byline.rpc.websocket import WebSocketWire

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_JSON_TYPES: Final = frozenset(
    {"application/json", "application/json-rpc", "application/jsonrequest"}
)
_LOCAL_NAMES: Final = frozenset({"localhost"})
_USUAL_HEADERS: Final = "Content-Type, Accept"
_ASKED_NEAR: Final = "Access-Control-Request-Private-Network"
_ALLOWED_NEAR: Final = "Access-Control-Allow-Private-Network"
_FAREWELL: Final = 1.0
"""Seconds that open requests get when the server stops."""
_LINGERING: Final = 2.0
"""Seconds that a client gets to read why its body was not taken."""
_BACKLOG: Final = 1024
"""Connections that the system holds ready."""
_SHOWN: Final = 200
"""Characters of a header that are repeated."""


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
        self._limits = self.dispatcher.limits
        self._listener: asyncio.Server | None = None
        self._runner = web.AppRunner(
            self._application(pages or {}),
            access_log=None,
            shutdown_timeout=_FAREWELL,
            keepalive_timeout=self._limits.idle_seconds,
            lingering_time=_LINGERING,
            auto_decompress=False,
            logger=HTTP_LOG,
        )
        self._routed: Handler

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
        server = self._runner.server
        assert server is not None
        # Routes, middlewares and signals cost as much as a short answer: requests come here
        # first, and only what is no plain POST goes on to the application.
        self._routed = server.request_handler
        server.request_handler = self._handle
        self._admission = Admission(server, self._limits.connections)
        try:
            self._listener = await asyncio.get_running_loop().create_server(
                self._admission.protocol, self._host, self._wanted_port, backlog=_BACKLOG
            )
            self._port = int(self._listener.sockets[0].getsockname()[1])
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
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for connection in tuple(self._connections):
            connection.stop()
        if self._feeding is not None:
            self._feeding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._feeding
            self._feeding = None
        await self._runner.cleanup()

    def _application(self, pages: Mapping[str, Handler]) -> web.Application:
        application = web.Application(client_max_size=self._limits.body_bytes)
        application.router.add_post("/", self._post)
        application.router.add_get("/", self._get)
        for path, page in pages.items():
            application.router.add_get(path, page)
        return application

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Check token or Host, answer preflights and POSTs, and pass on the rest."""
        # The application has made it.
        assert isinstance(request, web.Request)
        headers = request.headers
        if self._refusal is not None:
            words = self._refusal(headers.get(hdrs.AUTHORIZATION))
            if words is not None:
                return web.Response(status=401, text=f"{words}\n")
        elif not host_allowed(headers.get(hdrs.HOST), self._names):
            return web.Response(
                status=403, text="invalid host specified: --allow-host NAME allows it\n"
            )
        busy = self._admission.busy
        busy.add(request.protocol)
        try:
            origin = headers.get(hdrs.ORIGIN)
            if origin is None:
                return await self._answer(request)
            return await self._to_page(request, origin)
        finally:
            busy.discard(request.protocol)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if (
            request.method == hdrs.METH_POST
            and request.raw_path == "/"
            and hdrs.EXPECT not in request.headers
        ):
            return await self._post(request)
        return await self._routed(request)

    async def _to_page(self, request: web.Request, origin: str) -> web.StreamResponse:
        """Let allowed pages read the answer, and no other page ask."""
        allowed = origin_allowed(origin, self._cors)
        if request.method == hdrs.METH_OPTIONS:
            response: web.StreamResponse = _preflight(request) if allowed else _foreign(origin)
        elif request.method == hdrs.METH_POST and not allowed and is_page(origin):
            return _foreign(origin)
        else:
            response = await self._answer(request)
        if allowed and not response.prepared:
            everyone = "*" in self._cors
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*" if everyone else origin
            response.headers[hdrs.VARY] = hdrs.ORIGIN
        return response

    async def _post(self, request: web.Request) -> web.StreamResponse:
        if request.content_type not in _JSON_TYPES:
            words = "invalid content type, only application/json is supported\n"
            return web.Response(status=415, text=words)
        if hdrs.CONTENT_ENCODING in request.headers:
            # A small body would unpack to one of any size.
            return web.Response(status=415, text="send the body as it is, not packed\n")
        try:
            body = await self._body(request)
        except web.HTTPRequestEntityTooLarge:
            most, option = self._limits.body_bytes, flag("body_bytes")
            words = f"content length too large (limit {most}, {option})\n"
            return web.Response(status=413, text=words)
        except (web.RequestPayloadError, ConnectionError):
            return web.Response(status=400, text="the body is not what its head says\n")
        except TimeoutError:
            bound = f"{self._limits.body_seconds:g} seconds ({flag('body_seconds')})"
            late = web.Response(status=408, text=f"the request did not come within {bound}\n")
            late.force_close()
            return late
        answer = await self.dispatcher.handle(body)
        respond = answered if hdrs.ORIGIN in request.headers else to_program
        return respond(request, answer, self._limits.body_seconds)

    async def _body(self, request: web.Request) -> bytes:
        """Return the body; raises what aiohttp does, and `TimeoutError`."""
        if request.content.is_eof():
            body = request.content.read_nowait()
            if len(body) > self._limits.body_bytes:
                raise web.HTTPRequestEntityTooLarge(self._limits.body_bytes, len(body))
            return body
        async with asyncio.timeout(self._limits.body_seconds):
            return await request.read()

    async def _get(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get(hdrs.UPGRADE, "").lower() != "websocket":
            return web.Response(text=self._greeting())
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and not origin_allowed(origin, self._cors):
            return _foreign(origin)
        return await self._websocket(request)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        wire = WebSocketWire(self._limits.websocket_message_bytes)
        await wire.open(request)
        connection = Connection(wire, self.dispatcher)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)
            if request.transport is not None:
                leave(request.transport)
        return wire.response

    def _greeting(self) -> str:
        chain = self._backend.chain.chain_id
        return (
            f"{self._backend.client_version}\n"
            f"JSON-RPC of {self._backend.name} (chain id {chain}): POST a request to this "
            "address, or open a WebSocket at it.\n"
        )


def _preflight(request: web.Request) -> web.Response:
    """Let an allowed page send what it wants to, from a public network too."""
    wanted = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS, _USUAL_HEADERS)
    headers: dict[str, str] = {
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: "POST, GET, OPTIONS",
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: wanted,
        hdrs.ACCESS_CONTROL_MAX_AGE: "600",
    }
    if request.headers.get(_ASKED_NEAR) == "true":
        headers[_ALLOWED_NEAR] = "true"
    return web.Response(status=204, headers=headers)


def _foreign(origin: str) -> web.Response:
    words = f"origin {origin[:_SHOWN]} is not allowed: --allow-origin ORIGIN allows it\n"
    return web.Response(status=403, text=words)
