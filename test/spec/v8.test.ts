import { testSuite } from "./suiteTests.ts";
import { v8Engine } from "./v8Engine.ts";

testSuite("v8", async () => v8Engine);
