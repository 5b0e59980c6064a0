"""A method of the RPC as a value: what runs it, and how its parameters are read.

The tables in `namespaces` are made of these; `dispatch` looks a name up, reads the
parameters and awaits the function.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from byline.rpc.backend import Backend
from byline.rpc.errors import InvalidParams
from byline.rpc.feed import Feed
from byline.rpc.filters import Filters
from byline.rpc.limits import Limits
from byline.rpc.senders import Senders
from byline.rpc.subscriptions import Opened


@dataclass(frozen=True, slots=True)
class Parameter:
    """One positional parameter."""

    name: str
    read: Callable[[Any], Any]
    """Turns JSON into the value that the function gets; raises `InvalidParams`."""
    required: bool = True
    default: Any = None
    """What an absent or null optional parameter stands for."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every method may use."""

    backend: Backend
    feed: Feed
    filters: Filters
    limits: Limits
    methods: Mapping[str, Method]
    """The table itself, for `rpc_modules`."""
    senders: Senders
    """Who sends through the node, over whichever connection."""
    opened: Opened | None = None
    """The subscriptions of this WebSocket message; `None` over HTTP."""


Run: TypeAlias = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Method:
    """A function and its parameters; `run` gets the context, then one value for each."""

    run: Run
    parameters: tuple[Parameter, ...] = ()

    def arguments(self, params: Any) -> list[Any]:
        """Read `params` (a list; absent and null mean empty); raises `InvalidParams`."""
        if params is None:
            params = ()
        elif type(params) is not list:
            raise InvalidParams("params: want a list of positional arguments")
        if len(params) > len(self.parameters):
            raise InvalidParams(f"too many arguments, want at most {len(self.parameters)}")
        return [self._argument(index, params) for index in range(len(self.parameters))]

    def _argument(self, index: int, params: Sequence[Any]) -> Any:
        parameter = self.parameters[index]
        value = params[index] if index < len(params) else None
        if value is None:
            if parameter.required:
                raise InvalidParams(
                    f"missing value for required argument {index} ({parameter.name})"
                )
            return parameter.default
        try:
            return parameter.read(value)
        except InvalidParams as exc:
            raise InvalidParams(
                f"invalid argument {index} ({parameter.name}): {exc.message}"
            ) from None
