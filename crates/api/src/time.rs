//! Parses timestamps in queries and bodies. Only RFC 3339 is accepted, within a range that every part of the system can
//! represent.

use chrono::{DateTime, Utc};
use domain::Timestamp;

const EARLIEST: &str = "2000-01-01T00:00:00Z";
const LATEST: &str = "2100-01-01T00:00:00Z";
const EXAMPLE: &str = "2026-01-15T09:30:00Z";

/// The time truncated to microseconds, as the database stores it. The error names the bounds and an example.
pub fn parse(text: &str) -> Result<Timestamp, String> {
    let time = DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&Utc));
    let legal = time.filter(|time| (bound(EARLIEST)..=bound(LATEST)).contains(time));
    // Within the bounds microseconds always fit; a leap second becomes the second after it.
    let rule = || format!("must be a time of RFC 3339 from 2000-01-01 to 2100-01-01, such as {EXAMPLE}");
    legal.and_then(|time| DateTime::from_timestamp_micros(time.timestamp_micros())).ok_or_else(rule)
}

fn bound(text: &str) -> Timestamp {
    text.parse().expect("the bounds are times")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> Option<i64> {
        parse(text).ok().map(|time| time.timestamp_micros())
    }

    #[test]
    fn a_time_is_truncated_to_microseconds_and_converted_to_utc() {
        assert_eq!(micros("2026-01-15T09:30:00Z"), Some(1_768_469_400_000_000));
        assert_eq!(micros("2026-01-15T10:30:00+01:00"), micros("2026-01-15T09:30:00Z"));
        assert_eq!(micros("2026-01-15T09:30:00.123456789Z"), Some(1_768_469_400_123_456));
        assert_eq!(micros("2016-12-31T23:59:60Z"), micros("2017-01-01T00:00:00Z"));
        assert!(micros(EARLIEST).is_some() && micros(LATEST).is_some());
    }

    #[test]
    fn a_time_that_the_database_can_not_store_is_refused_with_an_example() {
        for bad in [
            "-262143-01-01T00:00:00Z",
            "+262142-12-31T23:59:59Z",
            "-9999-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "1999-12-31T23:59:59.999999Z",
            "2100-01-01T00:00:00.000001Z",
            "9999-12-31T23:59:59Z",
            "2026-01-15",
            "2026-01-15T09:30:00",
            "2026-02-30T09:30:00Z",
            "1768469400",
            "yesterday",
            "",
        ] {
            let detail = parse(bad).expect_err(bad);
            assert!(detail.contains(EXAMPLE), "{detail}");
        }
    }
}
