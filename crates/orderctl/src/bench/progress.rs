//! How far a part has come: a bar on a terminal, a line every few seconds elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// How often a caller should tell.
pub const TELL_EVERY: Duration = Duration::from_millis(200);
const LINE_EVERY: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub struct Progress {
    part: String,
    bar: ProgressBar,
    line_at: Instant,
}

impl Progress {
    pub fn new(part: &str) -> Self {
        let style = ProgressStyle::with_template("{prefix:<12} {bar:32} {percent:>3} %  {elapsed:>4}  {msg}");
        let bar = ProgressBar::new(1).with_prefix(part.to_owned());
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { part: part.to_owned(), bar, line_at: Instant::now() + LINE_EVERY }
    }

    pub fn tell(&mut self, done: u64, of: u64, said: &str) {
        self.bar.set_length(of);
        self.bar.set_position(done.min(of));
        self.bar.set_message(said.to_owned());
        if self.bar.is_hidden() && Instant::now() >= self.line_at {
            self.line_at += LINE_EVERY;
            println!("bench: {:<12} {:>3} %  {said}", self.part, done.min(of) * 100 / of.max(1));
        }
    }

    pub fn end(self, said: &str) {
        self.bar.finish_and_clear();
        println!("bench: {:<12} {said}", self.part);
    }
}
