//! Where a response of HTTP/1 ends (RFC 9112 §6), with as little forbearance as it allows.

use http::Method;

pub(super) enum Response<'a> {
    Complete {
        body: Vec<u8>,
        /// Whether the connection is not to be used again.
        is_last: bool,
        length: usize,
    },
    /// It ends with the connection.
    UntilClose { body: &'a [u8] },
    Incomplete,
    /// Some other reader would find another end.
    Doubtful,
}

/// What a server sent in answer to a request.
pub(super) fn read<'a>(method: &Method, bytes: &'a [u8]) -> Response<'a> {
    // Empty lines before the first one are passed over, as a server does (RFC 9112 §2.2).
    let mut rest = bytes.trim_ascii_start();
    loop {
        let head = match Head::read(&mut rest) {
            Ok(Some(head)) => head,
            Ok(None) => return Response::Incomplete,
            Err(Doubt) => return Response::Doubtful,
        };
        match head.status {
            101 => return Response::Doubtful,
            100..200 => continue,
            _ => {}
        }
        // It has no content (RFC 9110 §15.3.6), but it may have a body.
        let has_content = head.status != 205;
        let complete = |body, rest: &[u8]| Response::Complete {
            body: if has_content { body } else { Vec::new() },
            is_last: head.is_last,
            length: bytes.len() - rest.len(),
        };
        if method == Method::HEAD || matches!(head.status, 204 | 304) {
            return complete(Vec::new(), rest);
        }
        if head.is_doubtful {
            return Response::Doubtful;
        }
        return match (head.is_chunked, head.length) {
            (true, _) => match chunks(&mut rest) {
                Ok(Some(body)) => complete(body, rest),
                Ok(None) => Response::Incomplete,
                Err(Doubt) => Response::Doubtful,
            },
            (false, Some(length)) => match rest.split_at_checked(length) {
                Some((body, rest)) => complete(body.to_vec(), rest),
                None => Response::Incomplete,
            },
            (false, None) => Response::UntilClose { body: if has_content { rest } else { &[] } },
        };
    }
}

struct Doubt;

struct Head {
    status: u16,
    is_last: bool,
    is_chunked: bool,
    length: Option<usize>,
    /// Whether what is said about the body can be read in several ways.
    is_doubtful: bool,
}

impl Head {
    /// `None` where more has to come.
    fn read(bytes: &mut &[u8]) -> Result<Option<Self>, Doubt> {
        let Some(start) = line(bytes)? else { return Ok(None) };
        let (version, rest) = start.split_at_checked(8).ok_or(Doubt)?;
        let is_new = match version {
            b"HTTP/1.1" => true,
            b"HTTP/1.0" => false,
            _ => return Err(Doubt),
        };
        let status = rest.strip_prefix(b" ").and_then(|rest| rest.get(..3)).ok_or(Doubt)?;
        let after = rest.get(4).unwrap_or(&b' ');
        let status = str::from_utf8(status).ok().filter(|_| *after == b' ');
        let status = status.and_then(|status| status.parse().ok()).filter(|status| *status >= 100);
        let mut head =
            Self { status: status.ok_or(Doubt)?, is_last: !is_new, is_chunked: false, length: None, is_doubtful: false };
        loop {
            let Some(line) = line(bytes)? else { return Ok(None) };
            if line.is_empty() {
                break;
            }
            head.field(line)?;
        }
        head.is_doubtful |= head.is_chunked && (head.length.is_some() || !is_new);
        Ok(Some(head))
    }

    fn field(&mut self, line: &[u8]) -> Result<(), Doubt> {
        let colon = line.iter().position(|byte| *byte == b':').ok_or(Doubt)?;
        let (name, value) = (line[..colon].to_ascii_lowercase(), line[colon + 1..].trim_ascii());
        let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
        if name.is_empty() || !name.iter().all(is_token) {
            return Err(Doubt);
        }
        match &name[..] {
            b"connection" => {
                let mut options = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
                self.is_last |= options.any(|option| option.eq_ignore_ascii_case(b"close"));
                if value.eq_ignore_ascii_case(b"keep-alive") {
                    self.is_last = false;
                }
            }
            b"transfer-encoding" => {
                self.is_doubtful |= self.is_chunked || !value.eq_ignore_ascii_case(b"chunked");
                self.is_chunked = true;
            }
            b"content-length" => {
                let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
                let length = str::from_utf8(value).ok().filter(|_| is_number);
                let length = length.and_then(|length| length.parse().ok());
                self.is_doubtful |= length.is_none() || self.length.is_some_and(|other| Some(other) != length);
                self.length = length;
            }
            _ => {}
        }
        Ok(())
    }
}

fn chunks(bytes: &mut &[u8]) -> Result<Option<Vec<u8>>, Doubt> {
    let mut body = Vec::new();
    loop {
        let Some(size) = line(bytes)? else { return Ok(None) };
        let size = size.split(|byte| *byte == b';').next().unwrap_or_default();
        let is_number = !size.is_empty() && size.iter().all(u8::is_ascii_hexdigit);
        let size = str::from_utf8(size).ok().filter(|_| is_number).ok_or(Doubt)?;
        let size = usize::from_str_radix(size, 16).map_err(|_| Doubt)?;
        if size == 0 {
            break;
        }
        let Some((data, rest)) = bytes.split_at_checked(size) else { return Ok(None) };
        body.extend_from_slice(data);
        *bytes = rest;
        match line(bytes)? {
            None => return Ok(None),
            Some(b"") => {}
            Some(_) => return Err(Doubt),
        }
    }
    // Trailers.
    loop {
        match line(bytes)? {
            None => return Ok(None),
            Some(b"") => return Ok(Some(body)),
            Some(_) => {}
        }
    }
}

/// The next line, which ends in CR LF, or in LF alone as RFC 9112 §2.2 lets it, and has no other
/// control character.
fn line<'a>(bytes: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Doubt> {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    if line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        return Err(Doubt);
    }
    *bytes = &bytes[end + 1..];
    Ok(Some(line))
}
