//! How long something may take, as people write it.

use std::time::Duration;

/// `90s`, `2m`, `8h`: a number and its unit.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let said = || {
        let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let number: u64 = digits.parse().ok()?;
        let seconds = match &text[digits.len()..] {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            _ => return None,
        };
        Some(Duration::from_secs(number.checked_mul(seconds)?))
    };
    said().ok_or_else(|| format!("{text:?} is no time: write 90s, 2m or 8h"))
}
