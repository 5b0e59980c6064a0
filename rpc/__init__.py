"""JSON-RPC over HTTP and WebSocket.

`protocol` (JSON-RPC values) -> `dispatch` (bytes in, bytes out) -> `namespaces` (the
methods) -> `backend` (the Protocols that a node implements); `server` puts it on a port.
"""
