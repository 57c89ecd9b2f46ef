import type { Profile } from "../metadata.ts";

/**
 * Files of the numeric runtime for a profile, names relative to `runtime/`, in the order in which their text must stand: a file uses
 * only names of itself and of files before it. Where a profile chooses between two files, both define the same names.
 */
export function numericFiles(profile: Profile): readonly string[] {
  return [
    "integers.metal",
    "float_bits.metal",
    profile.f32Subnormals ? "float32_ieee.metal" : "float32_flushing.metal",
    profile.f64 ? "float64_native.metal" : "float64_software.metal",
    "conversion_traps.metal",
    "conversions_float32.metal",
    profile.f64 ? "conversions_float64_native.metal" : "conversions_float64_software.metal",
    // Between the two widths a subnormal f32 becomes a normal f64, so both kinds of hardware have to be there.
    profile.f64 && profile.f32Subnormals ? "conversions_width_native.metal" : "conversions_width_software.metal",
    "conversions_saturating.metal",
  ];
}
