//! Reading the tests of curl: what a command asks for, what the server replies, what it is sent.

use http::{Response, Uri, header::CONTENT_LENGTH};
use libtest_mimic::Failed;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

const HOST: &str = "127.0.0.1";
const PORT: &str = "8990";

#[derive(Deserialize)]
pub(crate) struct Row {
    pub(crate) test: String,
    pub(crate) name: String,
    command: String,
    reply: Vec<Part>,
    verify: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    part: String,
    text: String,
}

impl Row {
    /// With the macros of curl's test suite written out, as far as they are known here.
    fn expand(&self, text: &str) -> Vec<u8> {
        let text = text
            .replace("%HOSTIP", HOST)
            .replace("%HTTPPORT", PORT)
            .replace("%TESTNUMBER", &self.test)
            .replace("%SP", " ")
            .replace("%AMP", "&");
        let mut bytes = Vec::new();
        let mut rest = &*text;
        while let Some((before, start)) = rest.split_once("%hex[")
            && let Some((hex, after)) = start.split_once("]hex%")
        {
            bytes.extend(before.as_bytes());
            bytes.extend(percent_decode_str(hex));
            rest = after;
        }
        bytes.extend(rest.as_bytes());
        bytes
    }

    fn expand_text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.expand(text)).into_owned()
    }

    /// Whether curl ends with an error.
    pub(crate) fn fails(&self) -> bool {
        self.verify.iter().any(|part| part.part == "errorcode")
    }

    /// Method and target of each request, and the names of the credentials in it.
    pub(crate) fn sent(&self) -> Vec<String> {
        const METHODS: [&str; 5] = ["GET ", "POST ", "PUT ", "DELETE ", "HEAD "];
        let mut sent: Vec<String> = Vec::new();
        let protocol = self.verify.iter().filter(|part| part.part == "protocol");
        for line in protocol.flat_map(|part| part.text.lines()) {
            if let Some((line, "1" | "0")) = line.rsplit_once(" HTTP/1.")
                && let Some(start) = METHODS.iter().filter_map(|method| line.find(method)).min()
            {
                sent.push(self.expand_text(&line[start..]));
            }
            for name in ["Authorization", "Cookie"] {
                if let Some(last) = sent.last_mut()
                    && line.starts_with(&format!("{name}: "))
                {
                    *last = format!("{last} {}", name.to_lowercase());
                }
            }
        }
        sent
    }
}

/// The replies in the order of their numbers.
pub(crate) fn replies(row: &Row) -> Result<Vec<Response<Vec<u8>>>, Failed> {
    let number = |part: &Part| part.part.strip_prefix("data")?.parse::<u32>().ok();
    let first = row.reply.iter().filter(|part| part.part == "data");
    let mut others: Vec<_> = row.reply.iter().filter(|part| number(part).is_some()).collect();
    others.sort_by_key(|part| number(part));
    first.chain(others).map(|part| reply(&row.expand(&part.text))).collect()
}

/// The body is cut to its `Content-Length`.
fn reply(bytes: &[u8]) -> Result<Response<Vec<u8>>, Failed> {
    let end = bytes.windows(2).position(|end| end == b"\n\n").unwrap_or(bytes.len());
    let (head, body) =
        (String::from_utf8_lossy(&bytes[..end]), bytes.get(end + 2..).unwrap_or(b""));
    if head.starts_with("HTTP/1.1 100") {
        return reply(body);
    }
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split_whitespace().nth(1));
    let mut response = Response::builder().status(status.ok_or("a reply has a status")?);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        response = response.header(name.trim(), value.trim().as_bytes());
    }
    let mut response = response.body(body.to_owned())?;
    let length =
        response.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    response.body_mut().truncate(length.unwrap_or(usize::MAX));
    Ok(response)
}

/// A command of curl: options with their values, and a URL.
pub(crate) struct Command {
    options: Vec<(String, String)>,
    url: String,
}

impl Command {
    /// None when the command has other options than `known`.
    pub(crate) fn of(row: &Row, known: &[&str]) -> Option<Self> {
        const ALONE: [&str; 4] = ["-L", "--location", "--follow", "--compressed"];
        let mut words = words(&row.expand_text(&row.command)).into_iter();
        let mut command = Self { options: Vec::new(), url: String::new() };
        while let Some(word) = words.next() {
            if !word.starts_with('-') {
                command.url = word;
                continue;
            }
            let is_known = known.contains(&&*word);
            if let Some((option, value)) = word.split_once('=').filter(|_| word.starts_with("--")) {
                command.options.push((option.to_owned(), value.to_owned()));
                continue;
            }
            let value = if ALONE.contains(&&*word) { Some(String::new()) } else { words.next() };
            command.options.push((word, value.filter(|_| is_known)?));
        }
        Some(command)
    }

    pub(crate) fn has(&self, option: &str) -> bool {
        self.value(option).is_some()
    }

    pub(crate) fn has_proxy(&self) -> bool {
        self.has("-x") || self.has("--proxy")
    }

    pub(crate) fn value(&self, option: &str) -> Option<&str> {
        self.values(option).next()
    }

    pub(crate) fn values(&self, option: &str) -> impl Iterator<Item = &str> {
        let options = self.options.iter().filter(move |(name, _)| name == option);
        options.map(|(_, value)| value.as_str())
    }

    /// The URL, and the user and password that are written in it.
    pub(crate) fn uri(&self) -> Option<(Uri, Option<String>)> {
        let url = self.url.strip_prefix("http://").unwrap_or(&self.url);
        let url = url.split('#').next()?;
        let (user, url) = match url.split_once('@') {
            Some((user, url)) => (Some(user.to_owned()), url),
            None => (None, url),
        };
        Some((format!("http://{url}").parse().ok()?, user))
    }
}

fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for char in command.chars() {
        match (quote, char) {
            (None, '"' | '\'') => quote = Some(char),
            (None, ' ') => words.push(String::new()),
            (Some(open), char) if open == char => quote = None,
            (_, char) => words.last_mut().expect("there is one").push(char),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
