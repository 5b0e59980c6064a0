"""The attribution contracts on a bare state, with the precompile or with its twin."""

from __future__ import annotations

from eth.vm.forks.prague.computation import PragueComputation

from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.node.evm.precompiles import ETHEREUM_PRAGUE, merged
from byline.node.evm.pyevm_natives import computed
from byline.precompiles import ATTRIBUTION_MATH, PRECOMPILES
from tests.contracts.harness import Contract, Evm

PAYMENTS = addresses.INFERENCE_PAYMENTS
TWIN = addresses.ATTRIBUTION_MATH
MATH_SLOT = 0


def evm_with_precompiles() -> Evm:
    """Return a state whose native functions are the chain's own besides Ethereum's."""
    evm = Evm()
    natives = merged(ETHEREUM_PRAGUE, PRECOMPILES)
    table = {address: computed(native) for address, native in natives.items()}
    evm.state.computation_class = type(
        "WithOwnPrecompiles", (PragueComputation,), {"_precompiles": table}
    )
    return evm


def payments(*, twin: bool) -> Contract:
    """Return InferencePayments as genesis puts it in place, on one of the two back ends."""
    evm = Evm() if twin else evm_with_precompiles()
    artifact = load("InferencePayments")
    if twin:
        evm.set(TWIN, code=load("AttributionMath").runtime)
    storage = {MATH_SLOT: int.from_bytes(TWIN, "big")} if twin else {}
    evm.set(PAYMENTS, code=artifact.runtime, storage=storage)
    return Contract(evm, PAYMENTS, artifact.abi)


def math_of(contract: Contract) -> bytes:
    """Return the address that divides, as the contract says it."""
    return bytes.fromhex(contract.read("math").removeprefix("0x"))


__all__ = ["ATTRIBUTION_MATH", "PAYMENTS", "TWIN", "evm_with_precompiles", "math_of", "payments"]
