# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title ProxyAdmin
@notice The admin of all proxies of a chain, L1 or L2: whoever owns it may change what stands
        behind them.
@dev Behaviour: ethereum-optimism/optimism, packages/contracts-bedrock, universal/ProxyAdmin.sol,
     with the two older kinds of proxies that it knows.  A genesis writes the owner to slot 0.
     Slot 3 holds the address manager in 160 bits and above it whether an upgrade is going on.
     Slots 1 and 2 are those of the OP Stack but for the hashing of keys.  Names have up to 64
     bytes, calls after an upgrade up to 24,576.
"""

interface Proxy:
    def implementation() -> address: view
    def admin() -> address: view
    def changeAdmin(_admin: address): nonpayable
    def upgradeTo(_implementation: address): nonpayable
    def upgradeToAndCall(_implementation: address, _data: Bytes[MAX_DATA]): payable

interface ChugSplashProxy:
    def getImplementation() -> address: view
    def getOwner() -> address: view
    def setOwner(_owner: address): nonpayable
    def setStorage(_key: bytes32, _value: bytes32): nonpayable

interface AddressManager:
    def getAddress(_name: String[MAX_NAME]) -> address: view
    def owner() -> address: view
    def setAddress(_name: String[MAX_NAME], _address: address): nonpayable
    def transferOwnership(_owner: address): nonpayable

event OwnershipTransferred:
    previousOwner: indexed(address)
    newOwner: indexed(address)

MAX_DATA: constant(uint256) = 24_576
MAX_NAME: constant(uint256) = 64
MAX_160: constant(uint256) = 2**160 - 1
UPGRADING: constant(uint256) = 2**160
# The kinds of proxies.
ERC1967: constant(uint8) = 0
CHUGSPLASH: constant(uint8) = 1
RESOLVED: constant(uint8) = 2
IMPLEMENTATION_SLOT: constant(bytes32) = (
    0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc
)

owner: public(address)
proxyType: public(HashMap[address, uint8])
implementationName: public(HashMap[address, String[MAX_NAME]])
manager_and_upgrading: uint256


@deploy
def __init__(_owner: address):
    self._pass_to(msg.sender)
    self._pass_to(_owner)


@external
@pure
def version() -> String[5]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "1.0.0"


@external
def transferOwnership(newOwner: address):
    """
    @notice Make somebody else the owner.
    """
    self._check_owner()
    assert newOwner != empty(address), "Ownable: new owner is the zero address"
    self._pass_to(newOwner)


@external
def renounceOwnership():
    """
    @notice Leave the proxies as they are for ever.
    """
    self._check_owner()
    self._pass_to(empty(address))


@external
@view
def addressManager() -> address:
    """
    @notice The list of names in which proxies of the resolved kind look for what is behind them.
    """
    return self._manager().address


@external
def setAddressManager(_address: address):
    """
    @notice Name the list.
    """
    self._check_owner()
    upgrading: uint256 = self.manager_and_upgrading & UPGRADING
    self.manager_and_upgrading = upgrading | convert(_address, uint256)


@external
def setAddress(_name: String[MAX_NAME], _address: address):
    """
    @notice Change an entry of the list.
    """
    self._check_owner()
    extcall self._manager().setAddress(_name, _address)


@external
@view
def isUpgrading() -> bool:
    """
    @notice What setUpgrading said last; proxies of the ChugSplash kind ask.
    """
    return self.manager_and_upgrading & UPGRADING != 0


@external
def setUpgrading(_upgrading: bool):
    """
    @notice Say whether an upgrade is going on.
    """
    self._check_owner()
    manager: uint256 = self.manager_and_upgrading & MAX_160
    self.manager_and_upgrading = manager | (UPGRADING if _upgrading else 0)


@external
def setProxyType(_address: address, _type: uint8):
    """
    @notice Say of which kind a proxy is: 0 EIP-1967, which all are at first, 1 ChugSplash, 2
            resolved.
    """
    assert _type <= RESOLVED
    self._check_owner()
    self.proxyType[_address] = _type


@external
def setImplementationName(_address: address, _name: String[MAX_NAME]):
    """
    @notice Say under which name a proxy of the resolved kind is in the list.
    """
    self._check_owner()
    self.implementationName[_address] = _name


@external
@view
def getProxyImplementation(_proxy: address) -> address:
    """
    @notice What stands behind a proxy; fails for a proxy with another admin.
    """
    kind: uint8 = self.proxyType[_proxy]
    if kind == CHUGSPLASH:
        return staticcall ChugSplashProxy(_proxy).getImplementation()
    if kind == RESOLVED:
        return staticcall self._manager().getAddress(self.implementationName[_proxy])
    return staticcall Proxy(_proxy).implementation()


@external
@view
def getProxyAdmin(_proxy: address) -> address:
    """
    @notice The admin of a proxy; fails if that is not this contract.
    """
    kind: uint8 = self.proxyType[_proxy]
    if kind == CHUGSPLASH:
        return staticcall ChugSplashProxy(_proxy).getOwner()
    if kind == RESOLVED:
        return staticcall self._manager().owner()
    return staticcall Proxy(_proxy).admin()


@external
def changeProxyAdmin(_proxy: address, _newAdmin: address):
    """
    @notice Give a proxy to another admin.
    """
    self._check_owner()
    kind: uint8 = self.proxyType[_proxy]
    if kind == CHUGSPLASH:
        extcall ChugSplashProxy(_proxy).setOwner(_newAdmin)
    elif kind == RESOLVED:
        extcall self._manager().transferOwnership(_newAdmin)
    else:
        extcall Proxy(_proxy).changeAdmin(_newAdmin)


@external
def upgrade(_proxy: address, _implementation: address):
    """
    @notice Change what stands behind a proxy.
    """
    self._check_owner()
    self._upgrade(_proxy, _implementation)


@external
@payable
def upgradeAndCall(_proxy: address, _implementation: address, _data: Bytes[MAX_DATA]):
    """
    @notice Change what stands behind a proxy, and call that in the same transaction.
    """
    self._check_owner()
    if self.proxyType[_proxy] == ERC1967:
        extcall Proxy(_proxy).upgradeToAndCall(_implementation, _data, value=msg.value)
        return
    self._upgrade(_proxy, _implementation)
    success: bool = raw_call(_proxy, _data, value=msg.value, revert_on_failure=False)
    assert success, "ProxyAdmin: call to proxy after upgrade failed"


@internal
def _upgrade(proxy: address, implementation: address):
    kind: uint8 = self.proxyType[proxy]
    if kind == CHUGSPLASH:
        behind: bytes32 = convert(convert(implementation, uint256), bytes32)
        extcall ChugSplashProxy(proxy).setStorage(IMPLEMENTATION_SLOT, behind)
    elif kind == RESOLVED:
        name: String[MAX_NAME] = self.implementationName[proxy]
        extcall self._manager().setAddress(name, implementation)
    else:
        extcall Proxy(proxy).upgradeTo(implementation)


@internal
@view
def _manager() -> AddressManager:
    return AddressManager(convert(self.manager_and_upgrading & MAX_160, address))


@internal
@view
def _check_owner():
    assert msg.sender == self.owner, "Ownable: caller is not the owner"


@internal
def _pass_to(new: address):
    previous: address = self.owner
    self.owner = new
    log OwnershipTransferred(previousOwner=previous, newOwner=new)
