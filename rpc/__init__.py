"""JSON-RPC over HTTP, WebSocket and Unix sockets.

`protocol` (JSON-RPC values) -> `dispatch` (bytes in, bytes out) -> `namespaces` (the
methods) -> `backend` (the Protocols that a node implements); `server` puts it on a port.

method.py         a method as a value, one line of a namespace's table
quantities.py     hex, both ways
parameters.py     JSON objects that several methods take
simulation.py     blocks of calls that are tried out
conditions.py     what must hold for a transaction to get into a block
inspecting.py     what debuggers ask of the state and its tries
attribution.py    whose words an answer is made of, and who is paid for them
searching.py      finding by halving: which block something happened in
sequencing.py     what an operator asks of an L2's sequencer
steering.py       what a test decides about the making of blocks
editing.py        what a test does to accounts
senders.py        who sends through the node, one transaction after the other
unsigned.py       transactions before they are signed
views.py          values as the JSON objects of the execution-apis
errors.py         codes, and the one conversion from what a node raises
limits.py         how much a client may ask for
origins.py        which web pages may speak to the node
answers.py        short and long HTTP responses
admission.py      which connections a port takes when there are many
http_log.py       what is logged of bytes that are no HTTP
connection.py     one lasting connection, over any wire.py: websocket.py, ipc.py with
                  framing.py; outbox.py is what it has still to send
forked.py         what goes on to the node of a chain that was forked
turns.py          long work in turns with everybody else's
nearest.py        which method somebody meant
request_log.py    a line for each request, for those who want to see them
refused.py        methods that other nodes have, and why they are absent here
feed.py           the chain's events, for whoever listens: filters.py (polled),
                  subscriptions.py (pushed)
"""
