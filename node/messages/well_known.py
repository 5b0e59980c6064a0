"""Functions and errors that nearly every project has, for contracts whose ABI nobody gave.

Sources: ERC-20, 165, 173, 721, 1155, 1967, 2612, 4626, 6093; WETH9; OpenZeppelin Contracts 5,
`access/`, `proxy/`, `utils/`; Multicall3.
"""

from __future__ import annotations

from typing import Final

WELL_KNOWN: Final[dict[str, tuple[str, ...]]] = {
    "ERC20": (
        "function transfer(address to, uint256 amount)",
        "function approve(address spender, uint256 amount)",
        "function transferFrom(address from, address to, uint256 amount)",
        "function mint(address to, uint256 amount)",
        "function burn(uint256 amount)",
        "function balanceOf(address account) view",
        "function allowance(address owner, address spender) view",
        "function totalSupply() view",
        "function name() view",
        "function symbol() view",
        "function decimals() view",
        "function permit(address owner, address spender, uint256 value, uint256 deadline,"
        " uint8 v, bytes32 r, bytes32 s)",
        "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
        "error ERC20InvalidSender(address sender)",
        "error ERC20InvalidReceiver(address receiver)",
        "error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)",
        "error ERC20InvalidApprover(address approver)",
        "error ERC20InvalidSpender(address spender)",
    ),
    "WETH": ("function deposit() payable", "function withdraw(uint256 amount)"),
    "ERC721": (
        "function safeTransferFrom(address from, address to, uint256 tokenId)",
        "function safeTransferFrom(address from, address to, uint256 tokenId, bytes data)",
        "function setApprovalForAll(address operator, bool approved)",
        "function ownerOf(uint256 tokenId) view",
        "function tokenURI(uint256 tokenId) view",
        "error ERC721InvalidOwner(address owner)",
        "error ERC721NonexistentToken(uint256 tokenId)",
        "error ERC721IncorrectOwner(address sender, uint256 tokenId, address owner)",
        "error ERC721InvalidSender(address sender)",
        "error ERC721InvalidReceiver(address receiver)",
        "error ERC721InsufficientApproval(address operator, uint256 tokenId)",
    ),
    "ERC1155": (
        "function safeTransferFrom(address from, address to, uint256 id, uint256 value,"
        " bytes data)",
        "function safeBatchTransferFrom(address from, address to, uint256[] ids,"
        " uint256[] values, bytes data)",
        "error ERC1155InsufficientBalance(address sender, uint256 balance, uint256 needed,"
        " uint256 tokenId)",
        "error ERC1155MissingApprovalForAll(address operator, address owner)",
    ),
    "ERC4626": (
        "function deposit(uint256 assets, address receiver)",
        "function mint(uint256 shares, address receiver)",
        "function withdraw(uint256 assets, address receiver, address owner)",
        "function redeem(uint256 shares, address receiver, address owner)",
    ),
    "Ownable": (
        "function owner() view",
        "function transferOwnership(address newOwner)",
        "function renounceOwnership()",
        "error OwnableUnauthorizedAccount(address account)",
        "error OwnableInvalidOwner(address owner)",
    ),
    "AccessControl": (
        "function grantRole(bytes32 role, address account)",
        "function revokeRole(bytes32 role, address account)",
        "error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)",
    ),
    "Initializable": (
        "function initialize()",
        "error InvalidInitialization()",
        "error NotInitializing()",
    ),
    "Pausable": ("error EnforcedPause()", "error ExpectedPause()"),
    "ReentrancyGuard": ("error ReentrancyGuardReentrantCall()",),
    "Address": (
        "error AddressEmptyCode(address target)",
        "error FailedCall()",
        "error InsufficientBalance(uint256 balance, uint256 needed)",
        "error SafeERC20FailedOperation(address token)",
    ),
    "ERC1967": (
        "function upgradeTo(address implementation)",
        "function upgradeToAndCall(address implementation, bytes data) payable",
        "error ERC1967InvalidImplementation(address implementation)",
    ),
    "Multicall3": (
        "function aggregate3((address target, bool allowFailure, bytes callData)[] calls) payable",
        "function multicall(bytes[] data)",
    ),
    "ERC165": ("function supportsInterface(bytes4 interfaceId) view",),
}
"""Declarations by where they come from."""
