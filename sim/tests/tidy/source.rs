//! Rust text with what is not code taken out.

/// `text` with comments and the insides of literals turned into spaces. Lines keep their numbers
/// and code keeps its columns (counted in characters).
pub fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut blanked = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_end(&chars, at).unwrap_or(at);
        if end == at {
            blanked.push(chars[at]);
            at += 1;
        }
        while at < end {
            blanked.push(if chars[at] == '\n' { '\n' } else { ' ' });
            at += 1;
        }
    }
    blanked
}

/// Where the comment or literal that begins at `at` ends; `None` where code is.
fn literal_end(chars: &[char], at: usize) -> Option<usize> {
    let next = chars.get(at + 1).copied();
    match chars[at] {
        '/' if next == Some('/') => Some(find(chars, at, |c| c == '\n')),
        '/' if next == Some('*') => Some(comment_end(chars, at)),
        '"' => Some(string_end(chars, at + 1)),
        'r' if !is_word_before(chars, at) || is_prefix_before(chars, at) => raw_end(chars, at + 1),
        '\'' => character_end(chars, at),
        _ => None,
    }
}

fn find(chars: &[char], from: usize, wanted: impl Fn(char) -> bool) -> usize {
    (from..chars.len()).find(|&at| wanted(chars[at])).unwrap_or(chars.len())
}

fn is_word_before(chars: &[char], at: usize) -> bool {
    at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_')
}

/// Whether the `r` at `at` is that of `br` or `cr`.
fn is_prefix_before(chars: &[char], at: usize) -> bool {
    at > 0 && matches!(chars[at - 1], 'b' | 'c') && !is_word_before(chars, at - 1)
}

fn comment_end(chars: &[char], from: usize) -> usize {
    let mut depth = 0usize;
    let mut at = from;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

fn string_end(chars: &[char], from: usize) -> usize {
    let mut at = from;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// The end of a raw string whose hashes or quote begin at `from`.
fn raw_end(chars: &[char], from: usize) -> Option<usize> {
    let quote = find(chars, from, |c| c != '#');
    if chars.get(quote) != Some(&'"') {
        return None;
    }
    let hashes = quote - from;
    let closes = |at: &usize| {
        chars[*at] == '"'
            && chars[at + 1..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes
    };
    Some((quote + 1..chars.len()).find(closes).map_or(chars.len(), |at| at + 1 + hashes))
}

/// The end of a character; `None` where the quote is a lifetime's or label's.
fn character_end(chars: &[char], at: usize) -> Option<usize> {
    match chars.get(at + 1)? {
        '\\' => Some(find(chars, at + 3, |c| c == '\'') + 1),
        _ => (chars.get(at + 2) == Some(&'\'')).then_some(at + 3),
    }
}

/// The words of one line of code: identifiers and numbers.
pub fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

#[test]
fn comments_and_literals_are_blank_and_code_is_not() {
    let text = "let a = \"{ // \\\" \"; // {\nlet b = '{'; \
                let c: &'static str = r#\"{ \" {\"#; /* { /* */ */ x";
    let blanked = blank(text);
    assert_eq!(blanked.chars().count(), text.chars().count());
    assert!(!blanked.contains(['{', '"', '/']), "{blanked}");
    for code in ["let a =", "let b =", "&'static str =", "; ", " x"] {
        assert!(blanked.contains(code), "{code} is lost in {blanked}");
    }
    assert_eq!(blank("for bar in br\"{\" {"), "for bar in b     {");
    assert_eq!(blank("'\\'' '\\u{7b}' 'a: loop {"), "              'a: loop {");
}
