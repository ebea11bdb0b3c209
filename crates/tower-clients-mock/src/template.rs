//! Paths with names in place of segments.

use percent_encoding::percent_decode_str;
use std::{cmp::Ordering, fmt};

/// A path such as `/users/{id}`.
#[derive(Debug)]
pub(crate) struct Template {
    text: String,
}

impl Template {
    /// # Panics
    ///
    /// The text does not begin with a slash, or goes on behind a `{*rest}`.
    pub(crate) fn new(text: &str) -> Self {
        assert!(text.starts_with('/'), "the path of a rule begins with a slash: {text}");
        let mut behind = text.split('/').skip_while(|part| rest(part).is_none());
        assert!(behind.nth(1).is_none(), "nothing comes behind the rest of a path: {text}");
        Self { text: text.to_owned() }
    }

    /// What a path has in place of the names, decoded; or how many of its segments are others.
    pub(crate) fn captures(&self, path: &str) -> Result<Vec<(String, String)>, usize> {
        let mut captures = Vec::new();
        let mut others = 0;
        let mut actual = path.split('/');
        for wanted in self.text.split('/') {
            if let Some(name) = rest(wanted) {
                let rest: Vec<_> = actual.by_ref().map(decoded).collect();
                captures.push((name.to_owned(), rest.join("/")));
                others += usize::from(rest.is_empty());
                continue;
            }
            match (actual.next().map(decoded), name(wanted)) {
                (Some(value), Some(name)) if !value.is_empty() => {
                    captures.push((name.to_owned(), value));
                }
                (Some(value), None) if value == wanted => {}
                _ => others += 1,
            }
        }
        others += actual.count();
        match others.cmp(&0) {
            Ordering::Equal => Ok(captures),
            _ => Err(others),
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn name(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

fn rest(part: &str) -> Option<&str> {
    name(part)?.strip_prefix('*')
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captures(template: &str, path: &str) -> Result<Vec<String>, usize> {
        let captures = Template::new(template).captures(path)?;
        Ok(captures.into_iter().map(|(name, value)| format!("{name}={value}")).collect())
    }

    #[test]
    fn names_take_one_decoded_segment_and_a_rest_takes_several() {
        assert_eq!(captures("/", "/"), Ok(vec![]));
        assert_eq!(captures("/a b/{x}", "/a%20b/Ada%2FL"), Ok(vec!["x=Ada/L".into()]));
        assert_eq!(captures("/{x}/{y}", "/1/2"), Ok(vec!["x=1".into(), "y=2".into()]));
        assert_eq!(captures("/a/{*rest}", "/a/b/c"), Ok(vec!["rest=b/c".into()]));
        assert_eq!(captures("/{*rest}", "/"), Ok(vec!["rest=".into()]));
    }

    #[test]
    fn segments_that_differ_are_counted() {
        assert_eq!(captures("/users/{id}", "/user/7"), Err(1));
        assert_eq!(captures("/users/{id}", "/users/"), Err(1));
        assert_eq!(captures("/users/{id}", "/users"), Err(1));
        assert_eq!(captures("/users", "/users/7/a"), Err(2));
        assert_eq!(captures("/a/{*rest}", "/a"), Err(1));
        assert_eq!(captures("/a", "/A"), Err(1));
    }

    #[test]
    #[should_panic(expected = "begins with a slash: users")]
    fn reference_is_no_path() {
        Template::new("users");
    }

    #[test]
    #[should_panic(expected = "nothing comes behind the rest")]
    fn rest_is_last() {
        Template::new("/{*rest}/a");
    }
}
