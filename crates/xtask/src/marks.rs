//! Parts of documents that a step writes, between `<!-- name -->` and `<!-- /name -->`.

use crate::Result;

/// The text with other content between the marks of that name.
pub(crate) fn replace(text: &str, name: &str, content: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->\n"));
    let missing = |mark: &str| format!("the document has no line {}", mark.trim_end());
    let (before, rest) = text.split_once(&begin).ok_or_else(|| missing(&begin))?;
    let (_, after) = rest.split_once(&end).ok_or_else(|| missing(&end))?;
    Ok(format!("{before}{begin}{content}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_written_anew() {
        let text = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n";
        let new = "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n";
        assert_eq!(replace(text, "x", "new\n").unwrap(), new);
        assert!(replace("a\n", "x", "new\n").is_err());
    }
}
