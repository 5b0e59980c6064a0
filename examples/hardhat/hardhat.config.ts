import { fileURLToPath } from "node:url";

import toolbox from "@nomicfoundation/hardhat-toolbox-viem";
import { defineConfig } from "hardhat/config";

export default defineConfig({
  plugins: [toolbox],
  solidity: {
    version: "0.8.30",
    // The compiler of the npm package: nothing else is downloaded.
    path: fileURLToPath(new URL("node_modules/solc/soljson.js", import.meta.url)),
  },
  networks: {
    l1: { type: "http", chainType: "l1", url: process.env.L1_URL ?? "http://127.0.0.1:8545" },
    l2: { type: "http", chainType: "op", url: process.env.L2_URL ?? "http://127.0.0.1:9545" },
  },
});
