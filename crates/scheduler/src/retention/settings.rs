//! How long rows that nobody needs any more are kept.

use chrono::TimeDelta;
use domain::Timestamp;

/// An order that ended recently may still be returned or charged back, its idempotency keys must be known, and its
/// messages may be delivered again for 14 days.
const ORDERS_DAYS_MIN: u32 = 30;
/// Somebody must have had the time to read it.
const AUDIT_DAYS_MIN: u32 = 30;
/// The message of a replayed job may be dead-lettered again for as long as the inbox remembers messages.
const FAILED_JOBS_DAYS_MIN: u32 = 14;
/// A hundred years.
const DAYS_MAX: u32 = 36_500;

/// Settings of the retention. Without them everything is kept.
#[derive(Debug, Clone, Copy, clap::Args)]
#[expect(clippy::struct_field_names, reason = "the settings have the names of the fields")]
pub struct RetentionArgs {
    /// How many days after their last change ended orders are removed, with everything that belongs to them; at least 30.
    /// Empty: never.
    #[arg(long, env, default_value = "", hide_default_value = true, value_parser = days_of::<ORDERS_DAYS_MIN>)]
    pub retention_orders_days: KeptDays,
    /// How many days the entries of the audit log are kept; at least 30. Empty: for ever.
    #[arg(long, env, default_value = "", hide_default_value = true, value_parser = days_of::<AUDIT_DAYS_MIN>)]
    pub retention_audit_days: KeptDays,
    /// How many days replayed and discarded failed jobs are kept; at least 14. Empty: for ever.
    #[arg(long, env, default_value = "", hide_default_value = true, value_parser = days_of::<FAILED_JOBS_DAYS_MIN>)]
    pub retention_failed_jobs_days: KeptDays,
}

/// A number of days, or for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeptDays(Option<u32>);

impl KeptDays {
    pub const fn days(days: u32) -> Self {
        Self(Some(days))
    }

    /// What is older than the returned time is not kept. `None`: everything is.
    pub fn kept_since(self, now: Timestamp) -> Option<Timestamp> {
        self.0.map(|days| now - TimeDelta::days(days.into()))
    }
}

impl RetentionArgs {
    /// An order must not be removed before its idempotency keys have expired: a repeated request would place it again.
    pub fn problems(&self, keys: orders::KeyLifetime) -> Vec<String> {
        let seconds = i64::from(keys.idempotency_ttl_seconds);
        let too_short = |days: u32| TimeDelta::days(days.into()) < TimeDelta::seconds(seconds);
        let problem = "RETENTION_ORDERS_DAYS: orders must be kept for at least as long as their idempotency keys, \
                       IDEMPOTENCY_TTL_SECONDS";
        self.retention_orders_days
            .0
            .filter(|days| too_short(*days))
            .map(|_days| problem.to_owned())
            .into_iter()
            .collect()
    }
}

fn days_of<const MIN: u32>(text: &str) -> Result<KeptDays, String> {
    if text.trim().is_empty() {
        return Ok(KeptDays(None));
    }
    let days = text.trim().parse().ok().filter(|days| (MIN..=DAYS_MAX).contains(days));
    days.map(KeptDays::days)
        .ok_or_else(|| format!("it must be a number of days from {MIN} to {DAYS_MAX}, or empty to keep everything"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_setting_keeps_everything_and_a_short_time_is_refused() {
        assert_eq!(days_of::<30>(""), Ok(KeptDays(None)));
        assert_eq!(days_of::<30>("30"), Ok(KeptDays::days(30)));
        for refused in ["29", "0", "-1", "36501", "a month"] {
            let error = days_of::<30>(refused).expect_err(refused);
            assert!(error.contains("from 30 to 36500"), "{error}");
        }
    }

    #[test]
    fn orders_are_kept_for_at_least_as_long_as_their_idempotency_keys() {
        let retention = |days| RetentionArgs {
            retention_orders_days: KeptDays::days(days),
            retention_audit_days: KeptDays::default(),
            retention_failed_jobs_days: KeptDays::default(),
        };
        let keys = orders::KeyLifetime { idempotency_ttl_seconds: 40 * 24 * 60 * 60 };

        assert_eq!(retention(40).problems(keys), Vec::<String>::new());
        assert_eq!(retention(39).problems(keys).len(), 1);
    }
}
