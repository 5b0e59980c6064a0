# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title The lineages of the registry
@notice Which models each model was made from, and what they get.
@dev A model names parents of lower id alone, so lineages have no cycles, and ascending ids are
     an order in which children come after their parents.
"""

from . import _registry_checks as checks

# error UnknownModel(uint256 id)
# error LengthMismatch(uint256 parents, uint256 bps)
# error BadParent(uint256 id)
# error BadBps(uint256 bps)
# error LineageTooLarge(uint256 models)

event LineageEdge:
    child: indexed(uint32)
    parent: indexed(uint32)
    bps: uint16

MAX_LIST: constant(uint256) = checks.MAX_LIST
MAX_LINEAGE: constant(uint256) = 32
MAX_ANCESTORS: constant(uint256) = 31
MAX_EDGES: constant(uint256) = 496  # 32 models, each made from all before it
WHOLE: constant(uint256) = 10_000  # basis points

modelCount: public(uint32)
_parentsOf: HashMap[uint32, DynArray[uint256, MAX_ANCESTORS]]  # id << 16 | bps
_ancestorsOf: HashMap[uint32, uint256[4]]  # eight ids a word, ascending, the first lowest


@external
@view
def parents(
    _id: uint32,
) -> (DynArray[uint32, MAX_ANCESTORS], DynArray[uint16, MAX_ANCESTORS]):
    """
    @return Ids of the parents, ascending, and the basis points of each.
    """
    ids: DynArray[uint32, MAX_ANCESTORS] = []
    bps: DynArray[uint16, MAX_ANCESTORS] = []
    for parent: uint256 in self._parentsOf[_id]:
        ids.append(convert(parent >> 16, uint32))
        bps.append(convert(parent & checks.U16, uint16))
    return ids, bps


@external
@view
def lineage(
    _id: uint32,
) -> (DynArray[uint32, MAX_LINEAGE], Bytes[2 * MAX_LINEAGE], Bytes[8 * MAX_EDGES]):
    """
    @notice The model and all that it was made from, as `payoutTree` of the attribution math
            takes them: pay in at the last node, and each gets its part.
    @return Ids ascending, the model last; for each what it keeps, u16 basis points; for each
            parent of each: u16 index of the child, u16 index of the parent, u32 basis points.
    """
    ids: DynArray[uint32, MAX_LIST] = self._lineage_ids(_id)
    if len(ids) == 0:
        raw_revert(abi_encode(_id, method_id=method_id("UnknownModel(uint256)")))
    names: DynArray[uint32, MAX_LINEAGE] = []
    # Words filled from their upper end: 16 nodes or 4 edges each.
    nodes: uint256[2] = empty(uint256[2])
    edges: uint256[124] = empty(uint256[124])
    count: uint256 = 0
    for child: uint256 in range(len(ids), bound=MAX_LINEAGE):
        names.append(ids[child])
        kept: uint256 = WHOLE
        place: uint256 = 0
        for parent: uint256 in self._parentsOf[ids[child]]:
            for _: uint256 in range(MAX_LINEAGE):
                if convert(ids[place], uint256) == parent >> 16:
                    break
                place += 1
            bps: uint256 = parent & checks.U16
            kept -= bps
            edge: uint256 = child << 48 | place << 32 | bps
            edges[count // 4] |= edge << (192 - 64 * (count % 4))
            count += 1
        nodes[child // 16] |= kept << (240 - 16 * (child % 16))
    return (
        names,
        slice(abi_encode(nodes), 0, 2 * len(ids)),
        slice(abi_encode(edges), 0, 8 * count),
    )


@internal
@view
def _check_parents(
    _ids: DynArray[uint32, MAX_LIST], _bps: DynArray[uint16, MAX_LIST]
) -> DynArray[uint32, MAX_LIST]:
    """
    @return The parents and all their ancestors, ascending.
    """
    if len(_ids) != len(_bps):
        raw_revert(
            abi_encode(len(_ids), len(_bps), method_id=method_id("LengthMismatch(uint256,uint256)"))
        )
    checks._check_ascending(_ids)
    total: uint256 = 0
    ancestors: DynArray[uint32, MAX_LIST] = []
    for i: uint256 in range(len(_ids), bound=MAX_LIST):
        if _bps[i] == 0:
            raw_revert(abi_encode(_bps[i], method_id=method_id("BadBps(uint256)")))
        total += convert(_bps[i], uint256)
        line: DynArray[uint32, MAX_LIST] = self._lineage_ids(_ids[i])
        if len(line) == 0:
            raw_revert(abi_encode(_ids[i], method_id=method_id("BadParent(uint256)")))
        ancestors = self._union(ancestors, line)
        if len(ancestors) > MAX_ANCESTORS:
            raw_revert(
                abi_encode(len(ancestors) + 1, method_id=method_id("LineageTooLarge(uint256)"))
            )
    if total > WHOLE:
        raw_revert(abi_encode(total, method_id=method_id("BadBps(uint256)")))
    return ancestors


@internal
@view
def _lineage_ids(_id: uint32) -> DynArray[uint32, MAX_LIST]:
    """
    @return The model's ancestors, ascending, and the model; nothing for an unknown model.
    """
    ids: DynArray[uint32, MAX_LIST] = []
    if _id == 0 or _id > self.modelCount:
        return ids
    for place: uint256 in range(4):
        word: uint256 = self._ancestorsOf[_id][place]
        for i: uint256 in range(8):
            id: uint32 = convert((word >> (32 * i)) & checks.U32, uint32)
            if id == 0:
                break
            ids.append(id)
        if len(ids) < 8 * (place + 1):
            break
    ids.append(_id)
    return ids


@internal
def _begin(
    _id: uint32,
    _parentIds: DynArray[uint32, MAX_LIST],
    _bps: DynArray[uint16, MAX_LIST],
    _ancestors: DynArray[uint32, MAX_LIST],
):
    """
    @notice Keep what a new model was made from, checked before, and tell of it.
    """
    self.modelCount = _id
    self._keep_ancestors(_id, _ancestors)
    for i: uint256 in range(len(_parentIds), bound=MAX_LIST):
        self._parentsOf[_id].append(
            convert(_parentIds[i], uint256) << 16 | convert(_bps[i], uint256)
        )
        log LineageEdge(child=_id, parent=_parentIds[i], bps=_bps[i])


@internal
def _keep_ancestors(_id: uint32, _ancestors: DynArray[uint32, MAX_LIST]):
    words: uint256[4] = empty(uint256[4])
    for i: uint256 in range(len(_ancestors), bound=MAX_LINEAGE):
        words[i // 8] |= convert(_ancestors[i], uint256) << (32 * (i % 8))
    for i: uint256 in range(4):
        if words[i] == 0:
            break
        self._ancestorsOf[_id][i] = words[i]


@internal
@pure
def _union(
    _a: DynArray[uint32, MAX_LIST], _b: DynArray[uint32, MAX_LIST]
) -> DynArray[uint32, MAX_LIST]:
    """
    @notice Merge two ascending lists of at most 32 ids each, what is in both once.
    """
    merged: DynArray[uint32, MAX_LIST] = []
    i: uint256 = 0
    j: uint256 = 0
    for _: uint256 in range(MAX_LIST):
        if i == len(_a) and j == len(_b):
            break
        if j == len(_b) or (i < len(_a) and _a[i] < _b[j]):
            merged.append(_a[i])
            i += 1
        else:
            if i < len(_a) and _a[i] == _b[j]:
                i += 1
            merged.append(_b[j])
            j += 1
    return merged
