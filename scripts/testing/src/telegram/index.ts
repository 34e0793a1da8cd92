export { ContractServer, contractServerPresent, type Accepted } from "./contract-server.ts";
export { TestApi, testApiPresent, type KeptMessage } from "./test-api.ts";
