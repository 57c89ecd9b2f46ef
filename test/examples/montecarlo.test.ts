import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiateExample } from "./example.ts";

const price = instantiateExample("montecarlo").exportedFunction("price");

/** The price at spot 100, strike 100, rate 5 %, volatility 20 %, one year by the Black-Scholes formula (to 1e-6: the
 * normal distribution is integrated by Simpson's rule). */
function blackScholes(): number {
  const normalCdf = (x: number): number => {
    const steps = 2000;
    const h = x / steps;
    let sum = 0;
    for (let i = 0; i <= steps; i++) {
      const weight = i === 0 || i === steps ? 1 : i % 2 === 0 ? 2 : 4;
      sum += weight * Math.exp(-((i * h) ** 2) / 2);
    }
    return 0.5 + (sum * h) / 3 / Math.sqrt(2 * Math.PI);
  };
  const [rate, volatility] = [0.05, 0.2];
  const d1 = (rate + volatility ** 2 / 2) / volatility;
  return 100 * normalCdf(d1) - 100 * Math.exp(-rate) * normalCdf(d1 - volatility);
}

test("a million paths come within five standard errors of Black-Scholes", () => {
  // The discounted payoff's standard deviation is 14.7; 14.7 / sqrt(10^6) * 5 = 0.074.
  const expected = blackScholes();
  assert.ok(Math.abs(expected - 10.4506) < 1e-4, `Black-Scholes itself: ${expected}`);
  for (const seed of [0, 1, 12345]) {
    const estimate = Number(price(seed, 1_000_000));
    assert.ok(Math.abs(estimate - expected) < 0.074, `seed ${seed}: ${estimate}`);
  }
});

test("other seeds give other estimates, the same seed the same", () => {
  const estimates = Array.from({ length: 256 }, (_, seed) => price(seed, 100));
  assert.equal(new Set(estimates).size, 256);
  assert.equal(price(7, 100), estimates[7]);
});

test("no seed gives a number that is not one", () => {
  for (const seed of [-1, -2, 0x7fffffff, -0x80000000]) assert.ok(Number.isFinite(Number(price(seed, 1000))));
  assert.equal(price(1, 0), 0);
});
