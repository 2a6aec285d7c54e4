//! Progress of a part of the benchmark: a bar on a terminal, else a line every few seconds.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// How often callers should call [`Progress::update`].
pub const UPDATE_INTERVAL: Duration = Duration::from_millis(200);
const LINE_INTERVAL: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub struct Progress {
    part: String,
    bar: ProgressBar,
    next_line_at: Instant,
}

impl Progress {
    pub fn new(part: &str) -> Self {
        let style = ProgressStyle::with_template("{prefix:<12} {bar:32} {percent:>3} %  {elapsed:>4}  {msg}");
        let bar = ProgressBar::new(1).with_prefix(part.to_owned());
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { part: part.to_owned(), bar, next_line_at: Instant::now() + LINE_INTERVAL }
    }

    pub fn update(&mut self, done: u64, total: u64, message: &str) {
        self.bar.set_length(total);
        self.bar.set_position(done.min(total));
        self.bar.set_message(message.to_owned());
        if self.bar.is_hidden() && Instant::now() >= self.next_line_at {
            self.next_line_at += LINE_INTERVAL;
            println!("bench: {:<12} {:>3} %  {message}", self.part, done.min(total) * 100 / total.max(1));
        }
    }

    pub fn end(self, message: &str) {
        self.bar.finish_and_clear();
        println!("bench: {:<12} {message}", self.part);
    }
}
