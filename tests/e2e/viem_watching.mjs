// viem's watchers and filters, over HTTP and WebSocket.  See parts.mjs.
import assert from "node:assert/strict";
import { pause, run, untilHeard } from "./parts.mjs";
import {
  coin,
  failsWith,
  live,
  mined,
  other,
  reader,
  tests,
  user,
  viem,
  wanted,
  writer,
} from "./viem_kit.mjs";

const { parseAbiItem, zeroAddress } = viem;

async function logsAndFilters() {
  const filters = {
    event: await reader.createContractEventFilter({ ...coin, eventName: "Transfer" }),
    typed: await reader.createEventFilter({
      address: coin.address,
      event: parseAbiItem(
        "event Transfer(address indexed from, address indexed to, uint256 value)"
      ),
      args: { to: other.address },
    }),
    block: await reader.createBlockFilter(),
    pending: await reader.createPendingTransactionFilter(),
  };
  const hash = await writer.writeContract({
    ...coin,
    functionName: "transfer",
    args: [other.address, 9n],
  });
  const receipt = await mined(hash);
  const changes = {};
  for (const [name, filter] of Object.entries(filters)) {
    changes[name] = await reader.getFilterChanges({ filter });
  }
  assert.deepEqual(
    changes.event.map(({ args }) => args.value),
    [9n]
  );
  assert.deepEqual(
    changes.typed.map(({ args }) => args.to),
    [other.address]
  );
  assert.ok(changes.block.includes(receipt.blockHash));
  assert.ok(changes.pending.includes(hash));
  assert.equal(changes.event[0].transactionHash, hash);
  assert.equal((await reader.getFilterLogs({ filter: filters.event })).at(-1).args.value, 9n);
  assert.deepEqual(await reader.getFilterChanges({ filter: filters.event }), []);
  for (const filter of Object.values(filters))
    assert.equal(await reader.uninstallFilter({ filter }), true);
  await failsWith(reader.getFilterChanges({ filter: filters.event }), "InvalidInputRpcError");
  const logs = await reader.getLogs({ address: coin.address, fromBlock: 0n, toBlock: "latest" });
  assert.equal(logs.at(-1).blockHash, receipt.blockHash);
  const byHash = await reader.getLogs({ address: coin.address, blockHash: receipt.blockHash });
  assert.deepEqual(
    byHash.map(({ transactionHash }) => transactionHash),
    [hash]
  );
  const strict = await reader.getContractEvents({
    ...coin,
    eventName: "Transfer",
    args: { from: [user.address, zeroAddress] },
    fromBlock: 0n,
    strict: true,
  });
  assert.equal(strict[0].args.from, zeroAddress);
}

async function watching() {
  for (const client of [reader, live]) {
    const heard = { numbers: [], blocks: [], hashes: [], logs: [], events: [] };
    const onError = (error) => assert.fail(String(error));
    const stop = [
      client.watchBlockNumber({ onBlockNumber: (number) => heard.numbers.push(number), onError }),
      client.watchBlocks({
        onBlock: ({ hash }) => heard.blocks.push(hash),
        onError,
        emitMissed: true,
      }),
      client.watchPendingTransactions({
        onTransactions: (some) => heard.hashes.push(...some),
        onError,
      }),
      client.watchContractEvent({ ...coin, onLogs: (some) => heard.logs.push(...some), onError }),
      client.watchEvent({
        address: coin.address,
        onLogs: (some) => heard.events.push(...some),
        onError,
        event: parseAbiItem(
          "event Transfer(address indexed from, address indexed to, uint256 value)"
        ),
      }),
    ];
    await pause(200);
    const { hash } = await untilHeard(
      `a transfer: ${client.transport.type}`,
      async () => {
        const made = await writer.writeContract({
          ...coin,
          functionName: "transfer",
          args: [other.address, 1n],
        });
        return { hash: made, ...(await mined(made)) };
      },
      ({ hash: made, blockHash, blockNumber }) =>
        heard.numbers.includes(blockNumber) &&
        heard.blocks.includes(blockHash) &&
        heard.hashes.includes(made) &&
        [heard.logs, heard.events].every((some) =>
          some.some((log) => log.transactionHash === made)
        )
    );
    for (const some of [heard.logs, heard.events]) {
      const [log, ...more] = some.filter(({ transactionHash }) => transactionHash === hash);
      assert.deepEqual([log.args.value, more], [1n, []]);
    }
    stop.forEach((end) => end());
  }
}

async function watchersSurviveARevert() {
  const heard = [];
  const onError = (error) => assert.fail(String(error));
  const stop = reader.watchContractEvent({
    ...coin,
    onLogs: (some) => heard.push(...some),
    onError,
  });
  const send = async () => {
    const hash = await writer.writeContract({
      ...coin,
      functionName: "transfer",
      args: [other.address, 2n],
    });
    return mined(hash);
  };
  const told = ({ blockHash }) => heard.some((log) => !log.removed && log.blockHash === blockHash);
  await untilHeard("the first log", send, told);
  const snapshot = await tests.snapshot();
  await untilHeard("a log that is taken back", send, told);
  await tests.revert({ id: snapshot });
  await untilHeard("a log after the revert", send, told);
  stop();
}

await run({ logsAndFilters, watching, watchersSurviveARevert }, wanted);
