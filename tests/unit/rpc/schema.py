"""A checker for the part of JSON Schema that the execution-apis use; it refuses the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tests.vectors_folder import load

Schema = Mapping[str, Any]

TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "null": type(None),
    "boolean": bool,
    "number": int | float,
    "integer": int,
}
KNOWN = {
    "$ref", "additionalProperties", "allOf", "anyOf", "const", "description", "enum", "items",
    "maximum", "minimum", "not", "oneOf", "pattern", "patternProperties", "properties",
    "required", "title", "type",
}  # fmt: skip

QUANTITY = {"$ref": "#/components/schemas/uint"}
DEPOSIT = {
    "type": "object",
    "required": [
        "type",
        "sourceHash",
        "nonce",
        "gas",
        "gasPrice",
        "value",
        "input",
        "v",
        "r",
        "s",
    ],
    "properties": {
        "type": {"const": "0x7e"},
        "sourceHash": {"$ref": "#/components/schemas/hash32"},
        "mint": QUANTITY,
        "isSystemTx": {"const": True},
        "depositReceiptVersion": {"const": "0x1"},
        **dict.fromkeys(("nonce", "gas", "gasPrice", "value", "v", "r", "s"), QUANTITY),
    },
}
OP_RECEIPT = (
    "l1GasPrice", "l1GasUsed", "l1Fee", "l1BaseFeeScalar", "l1BlobBaseFee",
    "l1BlobBaseFeeScalar", "operatorFeeScalar", "operatorFeeConstant", "daFootprintGasScalar",
    "depositNonce", "depositReceiptVersion",
)  # fmt: skip


@cache
def document() -> dict[str, Any]:
    """Return the OpenRPC document, with what OP chains add to transactions and receipts."""
    found: dict[str, Any] = load("rpc/openrpc.json.gz")
    schemas = found["components"]["schemas"]
    schemas["TransactionSigned"]["oneOf"].append(DEPOSIT)
    schemas["ReceiptInfo"]["properties"] |= dict.fromkeys(OP_RECEIPT, QUANTITY)
    return found


def methods() -> dict[str, Any]:
    return {method["name"]: method for method in document()["methods"]}


def check_result(method: str, result: Any) -> None:
    """Fail unless `result` is what the execution-apis let `method` answer."""
    problems = list(violations(methods()[method]["result"]["schema"], result, method))
    assert problems == []


def violations(schema: Schema, value: Any, path: str) -> Iterator[str]:
    """Yield what is wrong with `value`."""
    unknown = schema.keys() - KNOWN
    assert not unknown, f"the checker does not know {unknown}"
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from violations(document()["components"]["schemas"][name], value, path)
        return
    if "type" in schema and not _is(schema["type"], value):
        yield f"{path}: want {schema['type']}, got {value!r}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{path}: want {schema['const']!r}, got {value!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {schema['enum']}"
    if "not" in schema and not list(violations(schema["not"], value, path)):
        yield f"{path}: matches what it must not"
    yield from _combined(schema, value, path)
    yield from _scalar(schema, value, path)
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from violations(schema["items"], item, f"{path}[{index}]")
    if isinstance(value, dict):
        yield from _object(schema, value, path)


def _is(kind: str, value: Any) -> bool:
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _combined(schema: Schema, value: Any, path: str) -> Iterator[str]:
    for part in schema.get("allOf", ()):
        yield from violations(part, value, path)
    # oneOf is read as anyOf: an empty list is both a list of logs and a list of hashes.
    for name in ("anyOf", "oneOf"):
        branches = [list(violations(part, value, path)) for part in schema.get(name, ())]
        if branches and all(branches):
            yield min(branches, key=len)[0]


def _scalar(schema: Schema, value: Any, path: str) -> Iterator[str]:
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{path}: {value!r} does not match {schema['pattern']}"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{path}: {value} is out of bounds"


def _object(schema: Schema, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{path}.{name}: missing"
    for name, item in value.items():
        if name in schema.get("properties", ()):
            yield from violations(schema["properties"][name], item, f"{path}.{name}")
        elif (extra := schema.get("additionalProperties", True)) is False:
            yield f"{path}.{name}: not allowed"
        elif extra is not True:
            yield from violations(extra, item, f"{path}.{name}")
