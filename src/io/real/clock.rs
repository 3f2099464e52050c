//! Clocks, the boot's name and randomness, from the kernel.

use rustix::rand::{GetRandomFlags, getrandom};
use rustix::time::{ClockId, Timespec, clock_gettime};

const US_PER_S: i64 = 1_000_000;
const NS_PER_US: i64 = 1_000;

pub(super) fn wall_us() -> i64 {
    us(clock_gettime(ClockId::Realtime))
}

/// `CLOCK_MONOTONIC`: one clock for all processes of a boot, unlike the opaque instants of std.
pub(super) fn monotonic_us() -> u64 {
    u64::try_from(us(clock_gettime(ClockId::Monotonic))).expect("counts from boot, upwards")
}

fn us(time: Timespec) -> i64 {
    time.tv_sec * US_PER_S + time.tv_nsec / NS_PER_US
}

/// The kernel's id of this boot. Where it cannot be read, a random one: that makes the caller
/// treat every other process as one before a reboot, which believes too little but loses nothing.
pub(super) fn boot_id() -> u128 {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    parse_boot_id(&text).unwrap_or_else(|| {
        tracing::warn!("the kernel names no boot: marks of other processes are not believed");
        u128::from(entropy()) << 64 | u128::from(entropy())
    })
}

/// Parses a UUID in its hyphenated form.
pub(super) fn parse_boot_id(text: &str) -> Option<u128> {
    let digits: String = text.trim().chars().filter(|c| *c != '-').collect();
    if digits.len() != 32 {
        return None;
    }
    u128::from_str_radix(&digits, 16).ok()
}

pub(super) fn entropy() -> u64 {
    let mut bytes = [0; 8];
    let length_bytes =
        getrandom(&mut bytes, GetRandomFlags::empty()).expect("the kernel has a random source");
    assert_eq!(length_bytes, bytes.len(), "short random requests are answered whole");
    u64::from_ne_bytes(bytes)
}
