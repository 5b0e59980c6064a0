"""A line for each request, at level debug."""

from __future__ import annotations

import json
import logging
from typing import Any, Final

import orjson

LOG: Final = logging.getLogger("byline.rpc.request")

MOST_PARAMS: Final = 300
"""Characters of the parameters that are shown."""
SECRET: Final = ("personal_",)
"""How methods begin whose parameters may be passwords or keys, which are not shown."""


def wanted() -> bool:
    """Tell whether anybody reads such lines."""
    return LOG.isEnabledFor(logging.DEBUG)


def tell(chain: str, item: Any, answer: bytes, seconds: float) -> None:
    """Log a request and how it was answered; never raises."""
    try:
        _tell(chain, item, answer, seconds)
    except Exception:  # a line less is no reason to withhold an answer
        LOG.debug("%s a request that cannot be shown", chain.upper(), exc_info=True)


def _tell(chain: str, item: Any, answer: bytes, seconds: float) -> None:
    request = item if isinstance(item, dict) else {}
    method = _text(request.get("method"))[:MOST_PARAMS].strip('"')
    error = _error(answer)
    fields = {"chain": chain, "method": method, "ms": round(1000 * seconds, 3)}
    if error is not None:
        fields["error"] = error
    LOG.debug(
        "%s %s(%s)  %.1f ms  %s",
        chain.upper(),
        method,
        _params(method, request.get("params")),
        1000 * seconds,
        "ok" if error is None else f"ERROR {error}",
        extra={"fields": fields},
    )


def _params(method: str, params: Any) -> str:
    if method.startswith(SECRET):
        return "..."
    text = _text(params) if params else ""
    text = text.removeprefix("[").removesuffix("]")
    return text if len(text) <= MOST_PARAMS else text[:MOST_PARAMS] + "..."


def _text(value: Any) -> str:
    """Return JSON, whose escapes leave nothing that a terminal would obey."""
    return json.dumps(value, separators=(",", ":")).replace("\x7f", "\\u007f")


def _error(answer: bytes) -> str | None:
    """Return code and words of an answer that is an error."""
    if b'"error"' not in answer[:200]:
        return None
    found = orjson.loads(answer).get("error")
    if not isinstance(found, dict):
        return None
    return f"{found.get('code')} {_text(found.get('message'))}"[:MOST_PARAMS]
