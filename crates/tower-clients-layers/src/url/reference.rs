//! What can be joined to a base URL.

use super::rules::has_dot_segment;
use crate::error::{Reason, UrlError};
use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::{
    borrow::Cow,
    fmt::{self, Display, Write as _},
};

/// Everything but the unreserved characters of RFC 3986 §2.3.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A reference that can be joined to a [`BaseUrl`](super::BaseUrl).
#[derive(Debug, Clone)]
pub struct Reference<'a> {
    pub(super) text: Cow<'a, str>,
}

impl<'a> Reference<'a> {
    /// A reference of RFC 3986.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into() }
    }

    /// A list of segments; each item is encoded as exactly one.
    ///
    /// # Errors
    ///
    /// An item is empty, holds a control character, or is, or hides, a dot segment.
    pub fn from_segments(
        items: impl IntoIterator<Item = impl Display>,
    ) -> Result<Reference<'static>, UrlError> {
        let mut path = Encoded(String::new());
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                path.0.push('/');
            }
            let start = path.0.len();
            write!(path, "{item}").map_err(|_| Reason::Unwritable)?;
            check_segment(&path.0[start..])?;
        }
        Ok(Reference { text: path.0.into() })
    }
}

/// Values that can be joined to a [`BaseUrl`](super::BaseUrl).
///
/// * A string is a reference of RFC 3986: a path that may climb, a query, even a whole URL. It is
///   for what *you* write.
/// * A [`Segment`], a tuple, a slice or an integer is a list of segments. Each item is encoded as
///   exactly one, and is an error if it is empty, holds a control character, or is, or hides, a dot
///   segment. It is for values that come from elsewhere.
///
/// ```
/// use tower_clients_layers::BaseUrl;
///
/// use tower_clients_layers::url::Segment;
///
/// let base = BaseUrl::parse("https://h")?;
/// let (owner, repo) = ("o/o", "r?r");
/// assert_eq!(base.join(Segment(owner))?, "https://h/o%2Fo");
/// assert_eq!(base.join(("repos", owner, repo, 1))?, "https://h/repos/o%2Fo/r%3Fr/1");
/// assert!(base.join(("repos", "..")).is_err());
/// # Ok::<(), tower_clients_layers::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be joined to a base URL",
    label = "neither a reference nor segments",
    note = "a path or URL that you write is a string: `\"users/7\"`",
    note = "a value from elsewhere is one encoded segment, `Segment(value)`, or one of several, `(\"users\", value)`; it implements `Display`"
)]
pub trait ToReference {
    /// The reference.
    ///
    /// # Errors
    ///
    /// A segment that cannot be one.
    fn to_reference(&self) -> Result<Reference<'_>, UrlError>;
}

impl ToReference for str {
    fn to_reference(&self) -> Result<Reference<'_>, UrlError> {
        Ok(Reference::new(self))
    }
}

impl ToReference for Reference<'_> {
    fn to_reference(&self) -> Result<Reference<'_>, UrlError> {
        Ok(Reference::new(&*self.text))
    }
}

impl ToReference for Cow<'_, str> {
    fn to_reference(&self) -> Result<Reference<'_>, UrlError> {
        (**self).to_reference()
    }
}

impl ToReference for String {
    fn to_reference(&self) -> Result<Reference<'_>, UrlError> {
        self.as_str().to_reference()
    }
}

/// A URI that a server gave, say in `Location`. It is checked like any reference.
impl ToReference for Uri {
    fn to_reference(&self) -> Result<Reference<'_>, UrlError> {
        Ok(Reference::new(self.to_string()))
    }
}

/// One segment, encoded: for a value that comes from elsewhere.
///
/// `&api / "users" / Segment(name)` cannot leave `users`, whatever the name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<T>(pub T);

impl<T: Display> ToReference for Segment<T> {
    fn to_reference(&self) -> Result<Reference<'_>, UrlError> {
        Reference::from_segments([&self.0])
    }
}

impl<T: Display> ToReference for [T] {
    fn to_reference(&self) -> Result<Reference<'_>, UrlError> {
        Reference::from_segments(self)
    }
}

impl<T: Display, const N: usize> ToReference for [T; N] {
    fn to_reference(&self) -> Result<Reference<'_>, UrlError> {
        self.as_slice().to_reference()
    }
}

impl<T: Display> ToReference for Vec<T> {
    fn to_reference(&self) -> Result<Reference<'_>, UrlError> {
        self.as_slice().to_reference()
    }
}

impl<T: ToReference + ?Sized> ToReference for &T {
    fn to_reference(&self) -> Result<Reference<'_>, UrlError> {
        (**self).to_reference()
    }
}

macro_rules! segments {
    ($($item:ident)+) => {
        impl<$($item: Display),+> ToReference for ($($item,)+) {
            fn to_reference(&self) -> Result<Reference<'_>, UrlError> {
                #[allow(non_snake_case)]
                let ($($item,)+) = self;
                Reference::from_segments([$($item as &dyn Display),+])
            }
        }
    };
}

segments!(A);
segments!(A B);
segments!(A B C);
segments!(A B C D);
segments!(A B C D E);
segments!(A B C D E F);
segments!(A B C D E F G);
segments!(A B C D E F G H);

macro_rules! integers {
    ($($integer:ty)+) => {$(
        impl ToReference for $integer {
            fn to_reference(&self) -> Result<Reference<'_>, UrlError> {
                Reference::from_segments([self])
            }
        }
    )+};
}

integers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

fn check_segment(encoded: &str) -> Result<(), UrlError> {
    if encoded.is_empty() {
        return Err(Reason::EmptySegment.into());
    }
    let raw = percent_decode_str(encoded).decode_utf8_lossy();
    if let Some(control) = raw.chars().find(char::is_ascii_control) {
        return Err(Reason::Forbidden(control).into());
    }
    if has_dot_segment(&raw) {
        return Err(Reason::Segment.into());
    }
    Ok(())
}

/// Percent-encodes what is written to it.
struct Encoded(String);

impl fmt::Write for Encoded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend(utf8_percent_encode(text, SEGMENT));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::BaseUrl;

    fn join(segment: &str) -> Result<String, crate::Error> {
        BaseUrl::parse("http://h/api")?.join(("x", segment)).map(|uri| uri.to_string())
    }

    #[test]
    fn a3_dot_segments_in_any_disguise_are_refused() {
        for segment in
            ["..", ".", "a/../..", "%2e%2e", ".%2E", "..;/", "a/./b", "..;x=1", "..\\", "%2e%2e%2f"]
        {
            let error = join(segment).unwrap_err();
            assert!(error.find_source::<UrlError>().unwrap().is_path_escape(), "{segment}");
        }
        assert!(join(".\r.").unwrap_err().is_url());
    }

    #[test]
    fn a4_any_other_value_is_one_encoded_segment() {
        for (segment, encoded) in [
            ("a/b", "a%2Fb"),
            ("?#%;", "%3F%23%25%3B"),
            ("é ß", "%C3%A9%20%C3%9F"),
            ("...", "..."),
            ("a..b", "a..b"),
            ("http://evil", "http%3A%2F%2Fevil"),
            ("//evil", "%2F%2Fevil"),
        ] {
            assert_eq!(join(segment).unwrap(), format!("http://h/api/x/{encoded}"));
        }
    }

    #[test]
    fn a4_empty_values_and_control_characters_are_refused() {
        for segment in ["", "\0", "a\tb", "a\nb", "\u{7f}"] {
            assert!(join(segment).unwrap_err().is_url(), "{segment:?}");
        }
    }

    #[test]
    fn integers_are_segments() {
        let base = BaseUrl::parse("http://h").unwrap();
        assert_eq!(base.join(7u8).unwrap(), "http://h/7");
        assert_eq!(base.join((i64::MIN, 'c')).unwrap(), "http://h/-9223372036854775808/c");
    }

    #[test]
    fn slices_are_lists_of_segments() {
        let base = BaseUrl::parse("http://h/v1").unwrap();
        assert_eq!(base.join(vec!["a/b", "c"]).unwrap(), "http://h/v1/a%2Fb/c");
        assert_eq!(base.join([1, 2]).unwrap(), "http://h/v1/1/2");
        assert_eq!(base.join([""; 0]).unwrap(), "http://h/v1");
        assert!(base.join(Segment("../x")).is_err());
    }

    mod properties {
        use super::*;
        use proptest::prelude::*;

        proptest! {
            #[test]
            fn a4_segments_round_trip(value in "[^\\pC]{1,12}") {
                prop_assume!(!has_dot_segment(&value));
                let base = BaseUrl::parse("http://h/api").unwrap();
                let uri = base.join((&value, "end")).unwrap();
                let path: Vec<_> = uri.path().split('/').collect();
                prop_assert_eq!(path.len(), 4);
                prop_assert_eq!(percent_decode_str(path[2]).decode_utf8().unwrap(), value.as_str());
            }
        }
    }
}
