//! Reading the tests of curl: what a command asks for, what the server replies, what it is sent.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{Method, Uri};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use url::Url;

pub(crate) const FILE: &str = "curl/http-cases.json";

#[derive(Deserialize)]
pub(crate) struct Row {
    pub(crate) test: String,
    name: String,
    keywords: Vec<String>,
    command: String,
    files: Vec<Part>,
    reply: Vec<Part>,
    verify: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    part: String,
    attrs: Attributes,
    text: String,
}

#[derive(Deserialize)]
struct Attributes {
    name: Option<String>,
    /// Which lines end in CRLF: `headers`, or `yes` for all.
    crlf: Option<String>,
    /// The last line does not end.
    nonewline: Option<String>,
}

impl Row {
    /// The suite that the test belongs to.
    pub(crate) fn topic(&self) -> &'static str {
        let is_about = |words: &[&str]| {
            self.keywords.iter().any(|keyword| words.iter().any(|word| keyword.contains(word)))
        };
        if is_about(&["cookie", "PSL"]) {
            "cookies"
        } else if self.asks_for(&["-L", "--location", "--follow", "--location-trusted"]) {
            "redirects"
        } else if self.asks_for(&["--compressed", "--tr-encoding"]) {
            "compression"
        } else if is_about(&["Basic auth", "Digest auth", "BEARER"])
            || self.asks_for(&["-u", "--user", "--anyauth"])
        {
            "auth"
        } else if is_about(&["Range", "Resume"]) {
            "ranges"
        } else if is_about(&["If-Modified-Since", "etag"])
            || self.asks_for(&["-z", "--etag-compare"])
        {
            "conditional"
        } else if is_about(&["retry"]) {
            "retry"
        } else if self.is_chunked() || self.fails() || self.name.contains("Content-Length") {
            "replies"
        } else {
            "requests"
        }
    }

    pub(crate) fn label(&self) -> String {
        format!("{} {} {}", self.topic(), self.test, self.name)
    }

    fn is_chunked(&self) -> bool {
        self.keywords.iter().any(|keyword| keyword.contains("chunked"))
    }

    pub(crate) fn asks_for(&self, options: &[&str]) -> bool {
        self.commands().iter().any(|command| command.has(options))
    }

    pub(crate) fn asks_for_url(&self, start: &str) -> bool {
        self.commands().iter().any(|command| command.urls.iter().any(|url| url.starts_with(start)))
    }

    /// What is between `--next` and `--next`.
    pub(crate) fn commands(&self) -> Vec<Command> {
        let words = words(&self.expand(&self.command));
        words.split(|word| word == "--next").map(Command::new).collect()
    }

    /// Whether curl ends with an error.
    pub(crate) fn fails(&self) -> bool {
        self.verify.iter().any(|part| part.part == "errorcode" && part.text.trim() != "0")
    }

    /// What the server gets.
    pub(crate) fn sent(&self) -> String {
        let protocol = self.verify.iter().filter(|part| part.part == "protocol");
        protocol.map(|part| self.expand(&part.text)).collect()
    }

    /// The cookies that are kept at the end, when the test is about that.
    pub(crate) fn kept_cookies(&self) -> Option<Vec<CookieLine>> {
        let mut texts = self.verify.iter().map(|part| self.expand(&part.text));
        let jar = texts.find(|text| text.starts_with("# Netscape"))?;
        Some(CookieLine::read(&jar))
    }

    /// What a file holds before curl starts.
    pub(crate) fn file(&self, name: &str) -> Option<String> {
        let is_named =
            |part: &&Part| part.attrs.name.as_ref().is_some_and(|own| self.expand(own) == name);
        self.files.iter().find(is_named).map(|part| self.expand(&part.text))
    }

    /// The bytes of a reply, such as `data2`.
    pub(crate) fn reply(&self, number: u32) -> Option<Vec<u8>> {
        let name = if number == 0 { "data".to_owned() } else { format!("data{number}") };
        self.bytes(&name)
    }

    /// Whether `body` is in what curl shows, where the test is about how it is framed or coded.
    pub(crate) fn shows(&self, body: &[u8]) -> bool {
        let is_meant = self.is_chunked() || self.topic() == "compression";
        let (true, Some(shown)) = (is_meant, self.bytes("datacheck")) else { return true };
        let is_in = |text: &[u8]| body.is_empty() || text.windows(body.len()).any(|at| at == body);
        match shown.windows(12).any(|at| at == b"%includetext") {
            // The text is not here, but it is another one than what was sent.
            true => !self.bytes("data").is_some_and(|sent| is_in(&sent)),
            false => self.fails() || is_in(&shown),
        }
    }

    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let part = self.reply.iter().find(|part| part.part == name)?;
        let ends = part.attrs.nonewline.as_ref().and_then(|_| part.text.strip_suffix('\n'));
        let mut text = self.expand_most(ends.unwrap_or(&part.text));
        text = match part.attrs.crlf.as_deref() {
            Some("headers") => {
                // An interim response is followed by another head.
                let ends = text.match_indices("\n\n").map(|(at, _)| at + 2);
                let mut ends = ends.skip_while(|end| text[*end..].starts_with("HTTP/1."));
                let (head, body) = text.split_at(ends.next().unwrap_or(text.len()));
                head.replace('\n', "\r\n") + body
            }
            Some(_) => text.replace('\n', "\r\n"),
            None => text,
        };
        Some(with_bytes(&text))
    }

    fn expand(&self, text: &str) -> String {
        String::from_utf8_lossy(&with_bytes(&self.expand_most(text))).into_owned()
    }

    /// With the macros of curl's test suite written out, but for those that may be no text.
    fn expand_most(&self, text: &str) -> String {
        let mut text = text.to_owned();
        while let Some((before, rest)) = text.split_once("%if ")
            && let Some((_, rest)) = rest.split_once('\n')
            && let Some((yes, rest)) = rest.split_once("%else\n")
            && let Some((_, after)) = rest.split_once("%endif\n")
        {
            text = [before, yes, after].concat();
        }
        for (name, value) in [
            ("%HOSTIP", "127.0.0.1"),
            ("%HTTPPORT", "8990"),
            ("%LOGDIR", "log"),
            ("%TESTNUMBER", &self.test),
            ("%SP", " "),
            ("%AMP", "&"),
            ("%TAB", "\t"),
            ("%CR", "\r"),
        ] {
            text = text.replace(name, value);
        }
        text = replace_calls(&text, "%repeat[", "]%", |arguments| {
            let (times, what) = arguments.split_once(" x ").unwrap_or_default();
            let what = percent_decode_str(what).decode_utf8_lossy();
            what.repeat(times.parse().unwrap_or_default())
        });
        replace_calls(&text, "%b64[", "]b64%", |plain| BASE64_STANDARD.encode(with_bytes(plain)))
    }
}

fn replace_calls(text: &str, start: &str, end: &str, value: impl Fn(&str) -> String) -> String {
    let mut text = text.to_owned();
    while let Some((before, rest)) = text.split_once(start)
        && let Some((arguments, after)) = rest.split_once(end)
    {
        text = [before, &value(arguments), after].concat();
    }
    text
}

fn with_bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
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

/// A line of a file of cookies.
pub(crate) struct CookieLine {
    pub(crate) domain: String,
    pub(crate) has_subdomains: bool,
    pub(crate) path: String,
    pub(crate) is_secure: bool,
    pub(crate) ends: bool,
    pub(crate) name: String,
    pub(crate) value: String,
}

impl CookieLine {
    pub(crate) fn read(text: &str) -> Vec<Self> {
        let lines = text.lines().map(|line| line.strip_prefix("#HttpOnly_").unwrap_or(line));
        lines.filter_map(Self::of).collect()
    }

    fn of(line: &str) -> Option<Self> {
        let fields: Vec<_> = line.split('\t').collect();
        let [domain, has_subdomains, path, is_secure, ends, name, value] = fields[..] else {
            return None;
        };
        Some(Self {
            domain: domain.trim_start_matches('.').to_owned(),
            has_subdomains: has_subdomains == "TRUE",
            path: path.to_owned(),
            is_secure: is_secure == "TRUE",
            ends: ends != "0",
            name: name.to_owned(),
            value: value.to_owned(),
        })
    }
}

/// Options with their values, and URLs.
pub(crate) struct Command {
    options: Vec<(String, String)>,
    urls: Vec<String>,
}

impl Command {
    fn new(words: &[String]) -> Self {
        const ALONE: &str = "-# -0 -L -f -i -s -sS --anyauth --compressed --digest --fail \
            --fail-with-body --follow --http1.0 --include --location --location-trusted --post301 \
            --post302 --post303 --raw --tr-encoding";
        let mut words = words.iter();
        let mut command = Self { options: Vec::new(), urls: Vec::new() };
        while let Some(word) = words.next() {
            let (option, value) = if ALONE.split(' ').any(|alone| alone == word) {
                (word.as_str(), Some(""))
            } else if word.starts_with("--") {
                word.split_once('=')
                    .map_or((word.as_str(), None), |(option, value)| (option, Some(value)))
            } else if word.starts_with('-') {
                let (option, value) = word.split_at(2);
                (option, Some(value).filter(|value| !value.is_empty()))
            } else {
                command.urls.push(word.clone());
                continue;
            };
            let value = value.unwrap_or_else(|| words.next().map_or("", String::as_str));
            command.options.push((option.to_owned(), value.to_owned()));
        }
        command
    }

    pub(crate) fn has(&self, options: &[&str]) -> bool {
        self.value(options).is_some()
    }

    pub(crate) fn value(&self, options: &[&str]) -> Option<&str> {
        self.values(options).next()
    }

    pub(crate) fn values(&self, names: &[&str]) -> impl Iterator<Item = &str> {
        let options = self.options.iter().filter(|(name, _)| names.contains(&name.as_str()));
        options.map(|(_, value)| value.as_str())
    }

    /// An option that is not among `known`.
    pub(crate) fn other_option(&self, known: &str) -> Option<&str> {
        let mut names = self.options.iter().map(|(name, _)| name.as_str());
        names.find(|name| known.split(' ').all(|known| known != *name))
    }

    pub(crate) fn method(&self) -> Result<Method, http::method::InvalidMethod> {
        match self.value(&["-X"]) {
            Some(method) => method.parse(),
            None if self.has(&["-d"]) => Ok(Method::POST),
            None if self.has(&["-T"]) => Ok(Method::PUT),
            None => Ok(Method::GET),
        }
    }

    /// The URLs, each with the user and password that are written in it.
    pub(crate) fn uris(&self) -> Result<Vec<(Uri, Option<String>)>, http::uri::InvalidUri> {
        self.urls.iter().map(|url| uri(url)).collect()
    }
}

fn uri(url: &str) -> Result<(Uri, Option<String>), http::uri::InvalidUri> {
    let url = url.strip_prefix("http://").unwrap_or(url);
    let url = url.split('#').next().unwrap_or_default();
    let authority = &url[..url.find(['/', '?']).unwrap_or(url.len())];
    let (user, url) = match authority.rfind('@') {
        Some(at) => {
            (Some(percent_decode_str(&url[..at]).decode_utf8_lossy().into_owned()), &url[at + 1..])
        }
        None => (None, url),
    };
    let url = format!("http://{url}");
    // As a base URL is read.
    let ascii = Url::parse(&url).ok().filter(|_| !url.is_ascii());
    Ok((ascii.as_ref().map_or(&*url, Url::as_str).parse()?, user))
}

fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for char in command.chars() {
        match (quote, char) {
            (None, '"' | '\'') => quote = Some(char),
            (None, ' ' | '\n') => words.push(String::new()),
            (Some(open), _) if open == char => quote = None,
            (_, char) => words.last_mut().expect("there is one").push(char),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
