// URL comes from the test that runs this; the compiler is the npm package `solc`.
require("@nomicfoundation/hardhat-ethers");
require("@nomicfoundation/hardhat-chai-matchers");
const { subtask } = require("hardhat/config");
const { TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD } = require("hardhat/builtin-tasks/task-names");

subtask(TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD, async () => {
  const compilerPath = `${process.env.BYLINE_CLIENTS}/node_modules/solc/soljson.js`;
  return {
    compilerPath,
    isSolcJs: true,
    version: "0.8.30",
    longVersion: "0.8.30+commit.73712a01",
  };
});

module.exports = {
  solidity: { version: "0.8.30", settings: { evmVersion: "prague" } },
  networks: { devnet: { url: process.env.URL } },
};
