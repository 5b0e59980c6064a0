import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

export default buildModule("Postbox", (m) => {
  const postbox = m.contract("Postbox");
  m.call(postbox, "post", ["hello from ignition"]);
  return { postbox };
});
