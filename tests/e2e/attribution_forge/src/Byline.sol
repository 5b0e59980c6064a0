// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IAttributionEvidence} from "byline/IAttributionEvidence.sol";
import {IAttributionMath} from "byline/IAttributionMath.sol";
import {IAttributionRegistry} from "byline/IAttributionRegistry.sol";
import {IContributorBond} from "byline/IContributorBond.sol";
import {IFeePolicy} from "byline/IFeePolicy.sol";
import {IInferenceLedger} from "byline/IInferenceLedger.sol";
import {IPayoutVault} from "byline/IPayoutVault.sol";
import {IStakePool} from "byline/IStakePool.sol";

IAttributionMath constant MATH_PRECOMPILE = IAttributionMath(address(0xA770));
IAttributionEvidence constant EVIDENCE_PRECOMPILE = IAttributionEvidence(address(0xA771));

/// The contracts of genesis: "open" in ASCII, and a number.
library Genesis {
    function at(uint160 number) internal pure returns (address) {
        return address((uint160(uint32(bytes4("open"))) << 128) | number);
    }

    function math() internal pure returns (IAttributionMath) {
        return IAttributionMath(at(1));
    }

    function evidence() internal pure returns (IAttributionEvidence) {
        return IAttributionEvidence(at(3));
    }

    function registry() internal pure returns (IAttributionRegistry) {
        return IAttributionRegistry(at(4));
    }

    function policies() internal pure returns (IFeePolicy) {
        return IFeePolicy(at(5));
    }

    function bonds() internal pure returns (IContributorBond) {
        return IContributorBond(at(6));
    }

    function stakes() internal pure returns (IStakePool) {
        return IStakePool(at(7));
    }

    function ledger() internal pure returns (IInferenceLedger) {
        return IInferenceLedger(at(8));
    }

    function vault() internal pure returns (IPayoutVault) {
        return IPayoutVault(at(10));
    }
}

/// A contract of a user that pays for others, and asks precompiles on the chain itself.
contract Till {
    function pay(address payer) external payable {
        Genesis.ledger().depositFor{value: msg.value}(payer);
    }

    function shares(uint128 amount, uint64[] calldata weights)
        external
        pure
        returns (uint128[] memory byPrecompile, uint128[] memory byTwin)
    {
        byPrecompile = MATH_PRECOMPILE.apportion(0, amount, weights);
        byTwin = Genesis.math().apportion(0, amount, weights);
    }

    function reason(uint64[] calldata weights) external pure returns (bytes4) {
        try MATH_PRECOMPILE.apportion(0, 1, weights) returns (uint128[] memory) {
            return 0;
        } catch (bytes memory data) {
            return bytes4(data);
        }
    }
}
