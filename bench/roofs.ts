/** What devices reach at most, from their makers' numbers. */

export interface Roof {
  /** Bytes a second between the chip and its memory. */
  readonly bandwidth: number;
  /** Instructions a second, one for each lane. */
  readonly peaks: { readonly i32: number; readonly i64: number; readonly f32: number; readonly f64: number };
}

/**
 * 132 multiprocessors at 1.98 GHz; lanes of each a clock from the CUDA programming guide, "Throughput of Native Arithmetic Instructions", capability 9.0.
 * The 67 TFLOPS of f32 and 34 of f64 in NVIDIA's data sheet count a fused multiply-add as two; wasm has none, so half of that. An i64 takes two
 * instructions at least (an addition, a comparison, a logical one; a multiplication takes more).
 */
const hopper = (bandwidth: number): Roof => {
  const lanes = (each: number): number => 132 * each * 1.98e9;
  return { bandwidth, peaks: { i32: lanes(64), i64: lanes(64) / 2, f32: lanes(128), f64: lanes(64) } };
};

/** By the device's name; bandwidths from the data sheets of the SXM modules. */
export const roofs: ReadonlyMap<string, Roof> = new Map([
  ["NVIDIA H100 80GB HBM3", hopper(3.35e12)],
  ["NVIDIA H200", hopper(4.8e12)],
]);
