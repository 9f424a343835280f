//! What a person sees while work goes on: one line drawn over and over on a terminal, else a line for each phase.

use pybun_model::{Event, Phase, Unit, harmless};
use std::io::Write;
use std::time::{Duration, Instant};

const REDRAW: Duration = Duration::from_millis(50);
const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const BAR_WIDTH: u64 = 20;

pub enum Progress {
    Nothing,
    /// Phases that began. Written with the end: a command that is left to the CLI is told by it from the start.
    Lines(Vec<Phase>),
    Bar {
        started: Instant,
        drawn: Option<Instant>,
        columns: usize,
    },
}

impl Progress {
    pub fn new(wanted: bool) -> Self {
        match (wanted, terminal_columns()) {
            (false, _) => Self::Nothing,
            (true, None) => Self::Lines(Vec::new()),
            (true, Some(columns)) => Self::Bar { started: Instant::now(), drawn: None, columns },
        }
    }

    pub fn show(&mut self, event: &Event) {
        let Event::Progress { phase, .. } = event else { return };
        match self {
            Self::Nothing => {}
            Self::Lines(begun) => {
                if !begun.contains(phase) {
                    begun.push(*phase);
                }
            }
            Self::Bar { started, drawn, columns } => {
                if drawn.is_none_or(|at| at.elapsed() >= REDRAW) {
                    *drawn = Some(Instant::now());
                    write(&format!("\r\x1b[2K{}", line(event, *columns, started.elapsed())));
                }
            }
        }
    }

    /// Takes the drawn line away.
    pub fn clear(&mut self) {
        if let Self::Bar { drawn, .. } = self
            && drawn.take().is_some()
        {
            write("\r\x1b[2K");
        }
    }

    /// The last word.
    pub fn end(&mut self) {
        self.clear();
        if let Self::Lines(begun) = self {
            begun.sort_by_key(|phase| *phase as u8);
            write(&begun.iter().map(|phase| format!("{}...\n", doing(*phase))).collect::<String>());
        }
    }
}

/// Nobody reads a closed stderr.
fn write(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn doing(phase: Phase) -> &'static str {
    match phase {
        Phase::Resolve => "Resolving",
        Phase::Download => "Downloading",
        Phase::Build => "Building",
        Phase::Link => "Installing",
    }
}

/// Done and total are the phase's; the name is what it was busy with last.
fn line(event: &Event, columns: usize, elapsed: Duration) -> String {
    let Event::Progress { phase, name, done, total, unit } = event else { return String::new() };
    let frame = FRAMES[(elapsed.as_millis() / 80) as usize % FRAMES.len()];
    let name = name.as_ref().map(|name| format!("  {}", harmless(name))).unwrap_or_default();
    let text = format!("{frame} {} {}{}{name}", doing(*phase), bar(*done, *total), amount(*done, *total, *unit));
    text.chars().take(columns.saturating_sub(1).max(1)).collect()
}

fn bar(done: u64, total: Option<u64>) -> String {
    let Some(total) = total.filter(|total| *total > 0) else { return String::new() };
    let filled = ((done * BAR_WIDTH + total / 2) / total).min(BAR_WIDTH) as usize;
    format!("{}{} ", "█".repeat(filled), "░".repeat(BAR_WIDTH as usize - filled))
}

fn amount(done: u64, total: Option<u64>, unit: Unit) -> String {
    let total = total.filter(|total| *total > 0);
    let name = match unit {
        Unit::Bytes => {
            return total.map_or_else(|| size(done), |total| format!("{} of {}", size(done), size(total)));
        }
        Unit::Packages => "package",
        Unit::Files => "file",
    };
    let count =
        total.filter(|total| *total != done).map_or_else(|| done.to_string(), |total| format!("{done} of {total}"));
    format!("{count} {name}{}", if total.unwrap_or(done) == 1 { "" } else { "s" })
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// `None` when stderr is no terminal.
#[cfg(unix)]
fn terminal_columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok()?;
    Some(if size.ws_col == 0 { 80 } else { usize::from(size.ws_col) })
}

#[cfg(not(unix))]
fn terminal_columns() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(done: u64, total: Option<u64>, unit: Unit) -> Event {
        Event::Progress { phase: Phase::Download, name: Some("numpy".into()), done, total, unit }
    }

    #[test]
    fn a_line_fits_the_terminal() {
        let event = progress(1_500_000, Some(3_000_000), Unit::Bytes);
        let text = line(&event, 80, Duration::ZERO);
        assert_eq!(text, "⠋ Downloading ██████████░░░░░░░░░░ 1.5 MB of 3.0 MB  numpy");
        assert_eq!(line(&event, 10, Duration::ZERO).chars().count(), 9);
    }

    #[test]
    fn amounts_are_told_in_their_unit() {
        assert_eq!(amount(1, Some(1), Unit::Packages), "1 package");
        assert_eq!(amount(1, Some(3), Unit::Packages), "1 of 3 packages");
        assert_eq!(amount(3, None, Unit::Files), "3 files");
        assert_eq!(amount(12_345, None, Unit::Bytes), "12 kB");
    }

    #[test]
    fn each_phase_is_told_once() {
        let mut told = Progress::Lines(Vec::new());
        told.show(&progress(1, None, Unit::Bytes));
        told.show(&progress(2, None, Unit::Bytes));
        assert!(matches!(&told, Progress::Lines(begun) if begun[..] == [Phase::Download]));
    }
}
