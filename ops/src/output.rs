//! What a command prints: tables for people, JSON lines for pipes, notes on standard error.

use std::io::{IsTerminal, Write};

use serde::Serialize;

use crate::operator::CommandError;

/// Room that the last column keeps on a narrow terminal.
const LAST_COLUMN_MIN: usize = 20;

/// Prints a line on standard output.
///
/// # Errors
/// When nobody reads any more (`| head`), among others.
pub(crate) fn line(text: &str) -> Result<(), CommandError> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.write_all(b"\n")?;
    Ok(())
}

/// Prints an object as one line of JSON.
///
/// # Errors
/// As [`line()`].
pub(crate) fn json(object: &impl Serialize) -> Result<(), CommandError> {
    line(&serde_json::to_string(object).expect("plain structs serialize"))
}

/// Tells the person at the terminal something that is not the command's result.
pub(crate) fn note(text: &str) {
    // Whoever closed standard error does not want to know.
    let _unread: std::io::Result<()> = writeln!(std::io::stderr(), "{text}");
}

/// Control characters as spaces: what a provider answered must not steer a terminal.
pub(crate) fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Rows under headings, aligned. The last column is cut where a terminal ends, and only there.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A heading that starts with `>` stands above numbers, to the right.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self {
            rows: vec![headings.iter().map(|&heading| heading.to_owned()).collect()],
        }
    }

    pub(crate) fn row<const CELLS: usize>(&mut self, cells: &[String; CELLS]) {
        debug_assert_eq!(CELLS, self.rows[0].len(), "a cell per heading");
        self.rows
            .push(cells.iter().map(|cell| harmless(cell)).collect());
    }

    /// # Errors
    /// As [`line()`].
    pub(crate) fn print(&self) -> Result<(), CommandError> {
        line(&self.render(terminal_columns()))
    }

    /// Prints the table without cutting anything.
    ///
    /// # Errors
    /// As [`line()`].
    pub(crate) fn print_whole(&self) -> Result<(), CommandError> {
        line(&self.render(None))
    }

    fn render(&self, columns_max: Option<usize>) -> String {
        let is_number: Vec<_> = self.rows[0]
            .iter()
            .map(|heading| heading.starts_with('>'))
            .collect();
        // The mark of a heading; what a contact wrote may begin with one too.
        let mut rows = self.rows.clone();
        for heading in &mut rows[0] {
            *heading = heading.trim_start_matches('>').to_owned();
        }
        let width = |column: usize| {
            let cells = rows.iter().map(|row| &row[column]);
            cells
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or_default()
        };
        let widths: Vec<_> = (0..is_number.len()).map(width).collect();
        let last = widths.len() - 1;
        let before_last = widths[..last].iter().map(|width| width + 2).sum::<usize>();
        let last_max = columns_max.map_or(usize::MAX, |columns| {
            columns.saturating_sub(before_last).max(LAST_COLUMN_MIN)
        });
        let mut lines = Vec::new();
        for row in &rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let width = widths[column];
                if column == last && !is_number[column] {
                    line.push_str(&cut(cell, last_max));
                } else if is_number[column] {
                    line.push_str(&format!("{cell:>width$}  "));
                } else {
                    line.push_str(&format!("{cell:<width$}  "));
                }
            }
            lines.push(line.trim_end().to_owned());
        }
        lines.join("\n")
    }
}

fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// `None` for a pipe or a file, which have no edge.
fn terminal_columns() -> Option<usize> {
    let stdout = std::io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(stdout).ok()?;
    Some(usize::from(size.ws_col)).filter(|&columns| columns > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["QUEUE", ">JOBS", "ERROR"]);
        table.row(&[
            "inbound".to_owned(),
            "7".to_owned(),
            "a\u{1b}[31m long story".to_owned(),
        ]);
        table.row(&[
            "outbound".to_owned(),
            "1200".to_owned(),
            "> quoted".to_owned(),
        ]);
        table
    }

    #[test]
    fn columns_are_aligned_and_no_cell_steers_the_terminal() {
        insta::assert_snapshot!(table().render(None), @r"
        QUEUE     JOBS  ERROR
        inbound      7  a [31m long story
        outbound  1200  > quoted
        ");
    }

    #[test]
    fn the_last_column_is_cut_only_where_a_terminal_ends() {
        let mut table = table();
        table.row(&[String::new(), String::new(), "x".repeat(60)]);
        let widest = |columns| {
            let text = table.render(columns);
            text.lines().map(|line| line.chars().count()).max().unwrap()
        };
        assert_eq!((widest(Some(50)), widest(None)), (50, 76));
    }
}
