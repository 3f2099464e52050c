//! What is wrong with a scenario, and where.

use std::ops::Range;

/// What is wrong with a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    span: Range<usize>,
    what: String,
}

impl ScenarioError {
    /// `what` is wrong at these bytes of the text.
    pub(super) fn new(span: Range<usize>, what: impl Into<String>) -> Self {
        Self { span, what: what.into() }
    }

    /// Line and column, both from 1; columns are characters.
    pub fn place(&self, text: &str) -> (usize, usize) {
        let at = self.span.start.min(text.len());
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The error as `file:line:column: what`, with the line and a pointer below it.
    pub fn told(&self, path: &str, text: &str) -> String {
        let (line, column) = self.place(text);
        let source = text.lines().nth(line - 1).unwrap_or_default();
        let marked = text.get(self.span.clone()).unwrap_or_default();
        let width = marked.lines().next().unwrap_or_default().chars().count();
        let width = width.clamp(1, (source.chars().count() + 1).saturating_sub(column).max(1));
        format!(
            "{path}:{line}:{column}: {}\n  | {source}\n  | {}{}",
            self.what.trim_end(),
            " ".repeat(column - 1),
            "^".repeat(width)
        )
    }
}
