//! Columns as wide as their widest cell. The last cell of a row may be longer: it is data and never cut.

use crate::style::Line;

/// Columns between two cells.
const GAP: usize = 2;

/// The rows under their head, which may be empty.
pub(crate) fn lines(head: &[&str], rows: Vec<Vec<Line>>) -> Vec<Line> {
    let mut all: Vec<Vec<Line>> = Vec::new();
    if !head.is_empty() {
        let cells = head
            .iter()
            .map(|cell| Line::of(crate::style::Role::Dim, cell));
        all.push(cells.collect());
    }
    all.extend(rows);
    let columns = all.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let inner = all.iter().filter(|row| column + 1 < row.len());
            let cells = inner.filter_map(|row| row.get(column));
            cells.map(Line::width).max().unwrap_or(0)
        })
        .collect();
    all.into_iter().map(|row| line(row, &widths)).collect()
}

fn line(row: Vec<Line>, widths: &[usize]) -> Line {
    let mut column = 0;
    let mut line = Line::new();
    for (cell, width) in row.into_iter().zip(widths) {
        line = line.pad_to(column).append(cell);
        column += width + GAP;
    }
    line
}
