import { testMainPath } from "../people/main-path-table.ts";

testMainPath("B");
