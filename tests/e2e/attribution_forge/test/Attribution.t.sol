// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import "../src/Byline.sol";

interface Vm {
    function addr(uint256 key) external pure returns (address);
    function deal(address account, uint256 balance) external;
    function expectRevert(bytes calldata reason) external;
    function prank(address sender) external;
    function rpc(string calldata method, string calldata parameters) external returns (bytes memory);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function startPrank(address sender) external;
    function stopPrank() external;
    function toString(address value) external pure returns (string memory);
    function toString(bytes calldata value) external pure returns (string memory);
    function warp(uint256 time) external;
}

/// Runs on a fork of a devnet whose contracts ask the twins, because forge's own EVM has no
/// precompiles of Byline's; one test is for a fork of a devnet whose contracts ask those.
contract AttributionTest {
    Vm private constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
    uint256 private constant PAYER_KEY = 0xA11CE;
    address private constant BUILDER = address(0xB11D);
    address private constant AUTHOR = address(0xA074);
    uint128 private constant FEE = 1e15 + 7;
    uint64 private constant UNITS = 1e6;

    uint32 private model;

    function setUp() external {
        vm.deal(BUILDER, 1 ether);
        vm.startPrank(BUILDER);
        uint32 policy = Genesis.policies().createPolicy(0, 0, 0, 500, 1500, 0, 8000, BUILDER);
        bytes32 root = keccak256("a root");
        uint32 dataset =
            Genesis.registry().registerDataset(root, root, root, root, 300, 1, "ipfs://x", "MIT");
        uint32[] memory datasets = new uint32[](1);
        datasets[0] = dataset;
        bytes32 engine =
            bytes32(bytes30(keccak256("byline spans v1"))) | bytes32(uint256(5));
        model = Genesis.registry().registerModel(
            datasets, new uint32[](0), new uint16[](0), policy, engine, AUTHOR, 0, 3, ""
        );
        Genesis.bonds().bond{value: 0.1 ether}();
        vm.stopPrank();
    }

    function packed() private pure returns (bytes memory) {
        return abi.encodePacked(AUTHOR, UNITS);
    }

    /// The 253 bytes of a receipt for an answer that no text was found in.
    function receipt(uint64 nonce) private view returns (bytes memory) {
        address payer = vm.addr(PAYER_KEY);
        bytes32 request = keccak256("a question");
        bytes32 output = keccak256("an answer");
        uint64 deadline = type(uint64).max;
        bytes32 kind = keccak256(
            "InferenceReceipt(address payer,uint32 modelId,uint64 nonce,bytes32 reqHash,bytes32 outHash,uint128 fee,uint64 deadline)"
        );
        bytes32 hashed =
            keccak256(abi.encode(kind, payer, model, nonce, request, output, FEE, deadline));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(
            PAYER_KEY,
            keccak256(abi.encodePacked(hex"1901", Genesis.ledger().domainSeparator(), hashed))
        );
        (bytes32 weights,,) = Genesis.math().settleRoot(0, UNITS, packed());
        bytes memory said = abi.encodePacked(payer, nonce, request, output, FEE, deadline);
        bytes32 nothing = keccak256(abi.encodePacked(uint8(2), uint64(0)));
        return abi.encodePacked(said, nothing, weights, uint32(3), uint32(9), r, s, v);
    }

    function recorded() private returns (uint64 batch) {
        address payer = vm.addr(PAYER_KEY);
        Genesis.ledger().depositFor{value: 1 ether}(payer);
        (bytes32 root, uint128 total, uint32 n) = Genesis.math().settleRoot(0, UNITS, packed());
        require(total == UNITS && n == 1);
        bytes memory signed = receipt(1);
        require(signed.length == 253);
        vm.prank(BUILDER);
        batch = Genesis.ledger().recordBatch(model, signed, root, 1);
        vm.expectRevert(abi.encodeWithSelector(IInferenceLedger.NonceUsed.selector, 0));
        vm.prank(BUILDER);
        Genesis.ledger().recordBatch(model, signed, root, 1);
    }

    function test_a_receipt_signed_here_is_recorded_settled_and_claimed() external {
        uint64 batch = recorded();
        (,, uint64 end,) = Genesis.ledger().batchState(batch);
        vm.expectRevert(abi.encodeWithSelector(IInferenceLedger.WindowNotOver.selector, end));
        Genesis.ledger().finalize(batch);
        vm.warp(uint256(end) + 1);
        Genesis.ledger().finalize(batch);
        Genesis.vault().settle(batch, packed());
        (,,, uint128 pot,,,) = Genesis.vault().settlement(batch);
        require(pot >= (FEE * 8) / 10 && pot <= (FEE * 8) / 10 + 1, "not 80 percent");
        uint256 before = AUTHOR.balance;
        vm.prank(AUTHOR);
        uint256 paid = Genesis.vault().claim(batch, 0, pot, abi.encodePacked(uint32(1)));
        require(paid == pot && AUTHOR.balance == before + pot, "not paid");
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.AlreadyClaimed.selector, batch, 0));
        vm.prank(AUTHOR);
        Genesis.vault().claim(batch, 0, pot, abi.encodePacked(uint32(1)));
        Genesis.ledger().release(batch);
    }

    function test_only_the_node_has_the_precompiles() external {
        int64[] memory scores = new int64[](2);
        (scores[0], scores[1]) = (-7, 7);
        bytes memory question = abi.encodeCall(IAttributionMath.relu, (scores));
        (bool ok, bytes memory answer) = address(MATH_PRECOMPILE).staticcall(question);
        require(ok && answer.length == 0, "forge knows them by now: ask them here, too");
        string memory to = vm.toString(address(MATH_PRECOMPILE));
        answer = vm.rpc(
            "eth_call",
            string.concat('[{"to":"', to, '","data":"', vm.toString(question), '"},"latest"]')
        );
        require(keccak256(answer) == keccak256(abi.encode(Genesis.math().relu(scores))));
    }

    function test_where_contracts_ask_precompiles_forge_is_told_who_does_not_answer() external {
        uint64 batch = recorded();
        vm.warp(block.timestamp + 601);
        Genesis.ledger().finalize(batch);
        vm.expectRevert(
            abi.encodeWithSelector(IPayoutVault.NoAnswer.selector, address(MATH_PRECOMPILE))
        );
        Genesis.vault().settle(batch, packed());
    }

    function test_the_twins_answer_and_refuse_by_name() external {
        uint64[] memory weights = new uint64[](3);
        (weights[0], weights[2]) = (1, 2);
        uint128[] memory shares = Genesis.math().apportion(0, 100, weights);
        require(shares[0] == 33 && shares[1] == 0 && shares[2] == 67);
        bytes[] memory documents = new bytes[](1);
        documents[0] = hex"000000070000000200000003";
        bytes memory entries = Genesis.evidence().spans(hex"0000000200000003", documents, 2);
        require(keccak256(entries) == keccak256(hex"0000000000000002000000000001"));
        vm.expectRevert(abi.encodeWithSelector(IAttributionMath.ZeroWeight.selector));
        Genesis.math().apportion(0, 100, new uint64[](2));
        vm.expectRevert(abi.encodeWithSelector(IAttributionEvidence.BadMinimum.selector, 0));
        Genesis.evidence().spans(hex"00000002", documents, 0);
    }

    function test_stakes_and_policies() external {
        Genesis.stakes().stake{value: 3}(model);
        require(Genesis.stakes().stakeOf(model, address(this)) == 3);
        require(Genesis.registry().modelCount() == model);
        vm.expectRevert(abi.encodeWithSelector(IFeePolicy.BadBps.selector, 9999));
        Genesis.policies().createPolicy(0, 0, 0, 0, 0, 0, 9999, BUILDER);
    }
}
