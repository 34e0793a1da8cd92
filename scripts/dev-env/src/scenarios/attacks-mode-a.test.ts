import { testAttacks } from "./attack-table.ts";

testAttacks("A");
