import type { Profile } from "../metadata.ts";

const float64Software = [
  "float64_software.metal",
  "float64_software_division.metal",
  "float64_software_rounding.metal",
  "float64_software_comparison.metal",
];

/** Built on what is above them alone, so the same for every profile. */
const simd = [
  "simd_lanes.metal",
  "simd_packed.metal",
  "simd_i8x16.metal",
  "simd_i16x8.metal",
  "simd_integers.metal",
  "simd_widths.metal",
  "simd_float32.metal",
  "simd_float64.metal",
  "simd_conversions.metal",
];

/**
 * Files of the numeric runtime for a profile, names relative to `runtime/`, in the order in which their text must stand: a file uses
 * only names of itself and of files before it. Where a profile chooses between files, both choices define the same instructions.
 */
export function numericFiles(profile: Profile): readonly string[] {
  return [
    "integers.metal",
    "float_bits.metal",
    profile.f32Subnormals ? "float32_ieee.metal" : "float32_flushing.metal",
    ...(profile.f64 ? ["float64_native.metal"] : float64Software),
    "conversion_traps.metal",
    "conversions_float32.metal",
    profile.f64 ? "conversions_float64_native.metal" : "conversions_float64_software.metal",
    // Between the two widths a subnormal f32 becomes a normal f64, so both kinds of hardware have to be there.
    profile.f64 && profile.f32Subnormals ? "conversions_width_native.metal" : "conversions_width_software.metal",
    "conversions_saturating.metal",
    ...simd,
  ];
}
