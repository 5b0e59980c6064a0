import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

export default buildModule("Guild", (m) => {
  const guild = m.contract("Guild", [5n]);
  m.call(guild, "join", ["founded"], { value: 6n });
  const coin = m.contract("Coin", [1_000n], { after: [guild] });
  return { guild, coin };
});
