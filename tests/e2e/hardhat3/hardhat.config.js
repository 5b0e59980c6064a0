// URL and TOOLBOX come from the test that runs this; the compiler is the npm package `solc`.
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const withViem = process.env.TOOLBOX === "viem";
const { default: toolbox } = withViem
  ? await import("@nomicfoundation/hardhat-toolbox-viem")
  : await import("@nomicfoundation/hardhat-toolbox-mocha-ethers");

export default {
  plugins: [toolbox],
  paths: { tests: withViem ? { nodejs: "./test/viem" } : { mocha: "./test/ethers" } },
  solidity: {
    version: "0.8.30",
    path: here("node_modules/solc/soljson.js"),
    settings: { evmVersion: "prague" },
  },
  networks: {
    devnet: { type: "http", chainType: process.env.CHAIN_TYPE, url: process.env.URL },
  },
};
