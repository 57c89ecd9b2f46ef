import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiateExample } from "./example.ts";

const iterations = instantiateExample("mandelbrot").exportedFunction("iterations");

/** The same sum in JavaScript, whose numbers are the same f64: equal to the last iteration. */
function expectedIterations(width: number, height: number, limit: number, instance: number): bigint {
  let scale = 3;
  for (let i = 0; i < instance; i++) scale *= 0.99;
  let sum = 0;
  for (let point = 0; point < width * height; point++) {
    const re = -0.745 + scale * ((point % width) / width - 0.5);
    const im = 0.1 + scale * (Math.floor(point / width) / height - 0.5);
    let [x, y] = [0, 0];
    for (let steps = 0; steps < limit && x * x + y * y <= 4; steps++) {
      [x, y] = [x * x - y * y + re, 2 * x * y + im];
      sum++;
    }
  }
  return BigInt(sum);
}

test("the sum over a grid equals the same arithmetic in JavaScript", () => {
  for (const instance of [0, 1, 100, 1000]) {
    assert.equal(iterations(33, 17, 200, instance), expectedIterations(33, 17, 200, instance), `instance ${instance}`);
  }
});

test("instances see different windows", () => {
  const sums = new Set(Array.from({ length: 64 }, (_, instance) => iterations(16, 16, 200, instance)));
  assert.ok(sums.size > 48, `${sums.size} different sums of 64`);
});
