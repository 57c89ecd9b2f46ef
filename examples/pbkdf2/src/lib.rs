//! PBKDF2-HMAC-SHA256 (RFC 8018) of the crates `pbkdf2` and `sha2`, without the standard library.
#![no_std]

use core::panic::PanicInfo;
use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

/// The first 8 bytes, big-endian, of the key that `rounds` rounds derive from the password `seed` (4 bytes, big-endian) and the
/// salt "wasmburst". 0 rounds count as 1.
#[no_mangle]
pub extern "C" fn derive(seed: u32, rounds: u32) -> u64 {
    let mut key = [0; 32];
    pbkdf2_hmac::<Sha256>(&seed.to_be_bytes(), b"wasmburst", rounds, &mut key);
    u64::from_be_bytes(key[..8].try_into().unwrap())
}
