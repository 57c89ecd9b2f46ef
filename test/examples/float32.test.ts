import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiateExample } from "./example.ts";

const instance = instantiateExample("float32");
const f = Math.fround;

/** Xorshift, and its numbers in [-1, 1). */
function uniforms(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b9) >>> 0 || 1;
  return () => {
    state = (state ^ (state << 13)) >>> 0;
    state = (state ^ (state >>> 17)) >>> 0;
    state = (state ^ (state << 5)) >>> 0;
    return (state >> 8) * 2 ** -23;
  };
}

function escapeTimes(width: number, height: number, limit: number, window: number): number {
  const [left, top] = [-2 + (window % 16) / 16, -1.25 + ((window >> 4) % 16) / 16];
  let sum = 0;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const a = f(left + f(column * f(2.5 / width)));
      const b = f(top + f(row * f(2.5 / height)));
      let [x, y] = [0, 0];
      for (let count = 0; count < limit && f(f(x * x) + f(y * y)) <= 4; count++, sum++)
        [x, y] = [f(f(f(x * x) - f(y * y)) + a), f(f(f(x + x) * y) + b)];
    }
  return sum;
}

function filtered(seed: number, rounds: number): number {
  const next = uniforms(seed);
  const samples = Float32Array.from({ length: 1024 + 32 }, next);
  const coefficients = Float32Array.from({ length: 32 }, () => 0.25 * next());
  let largest = 0;
  for (let round = 0; round < rounds; round++) {
    largest = 0;
    for (let i = 0; i < 1024; i++) {
      const sum = coefficients.reduce((total, factor, tap) => f(total + f(factor * (samples[i + tap] as number))), 0);
      samples[i] = sum;
      largest = Math.max(largest, Math.abs(sum));
    }
  }
  return largest;
}

test("escape times agree with the same arithmetic in JavaScript", () => {
  const mandelbrot = instance.exportedFunction("mandelbrot");
  for (const window of [0, 5, 77, 255]) assert.equal(mandelbrot(16, 16, 256, window), escapeTimes(16, 16, 256, window));
  assert.equal(mandelbrot(0, 0, 256, 0), 0);
});

test("a filter agrees with the same arithmetic in JavaScript, down to subnormals and zero", () => {
  const filter = instance.exportedFunction("filter");
  for (const [seed, rounds] of [
    [0, 0],
    [1, 1],
    [7, 3],
    [2, 40],
  ] as const)
    assert.equal(filter(seed, rounds), filtered(seed, rounds), `seed ${seed}, ${rounds} rounds`);
});

test("bodies keep their energy for few steps, and gain some by attraction", () => {
  const nbody = instance.exportedFunction("nbody");
  for (const seed of [0, 1, 2]) {
    const start = Number(nbody(seed, 0));
    assert.ok(start > 0 && start < 1, `${start}`);
    const energies = [1, 8, 64].map((steps) => Number(nbody(seed, steps)));
    for (const energy of energies) assert.ok(Number.isFinite(energy) && Math.abs(energy - start) < 1000, `${energy}`);
    assert.notEqual(energies[2], start);
  }
});
