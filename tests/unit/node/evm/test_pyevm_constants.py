import pytest
from eth.vm.forks.cancun.constants import BEACON_ROOTS_CONTRACT_CODE
from eth.vm.forks.prague.constants import HISTORY_STORAGE_CONTRACT_CODE

from byline.node.contracts.genesis_accounts import BEACON_ROOTS_CODE, HISTORY_CODE
from byline.node.evm.pyevm_constants import constant_of_pyevm


def test_the_codes_of_the_system_contracts_are_those_that_py_evm_has() -> None:
    assert BEACON_ROOTS_CODE == BEACON_ROOTS_CONTRACT_CODE
    assert HISTORY_CODE == HISTORY_STORAGE_CONTRACT_CODE


@pytest.mark.parametrize("name", ["MISSING", "TLOAD_COST", "BEACON_ROOTS_ADDRESS"])
def test_what_is_no_literal_of_bytes_is_refused(name: str) -> None:
    with pytest.raises(LookupError, match=name):
        constant_of_pyevm("vm.forks.cancun.constants", name)
