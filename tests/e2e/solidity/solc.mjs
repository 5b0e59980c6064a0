#!/usr/bin/env node
// The npm package `solc` behind the words that forge and Hardhat say to a native compiler:
// `--version`, and `--standard-json` with the input on stdin.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const clients =
  process.env.BYLINE_CLIENTS ?? fileURLToPath(new URL("../../../build/clients", import.meta.url));
const solc = createRequire(`${clients}/package.json`)("solc");

if (process.argv.includes("--standard-json")) {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else if (process.argv.includes("--version")) {
  const version = solc.version().replace(".Emscripten.clang", ".Linux.g++");
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${version}`);
} else {
  console.error("want --version or --standard-json");
  process.exit(1);
}
