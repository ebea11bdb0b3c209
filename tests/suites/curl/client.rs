//! The client that a command of curl describes.

use super::row::{Command, CookieLine, Row};
use http::{HeaderValue, Request, Uri, header::HOST, uri::Authority};
use libtest_mimic::Failed;
use std::{mem, time::Duration};
use tower_clients::{
    AuthorizeLayer, Body, BodyLimitLayer, CookieJar, CookieLayer, DecompressLayer, RedirectLayer,
    RetryLayer, url::Origin,
};

pub(crate) fn request(row: &Row, command: &Command, mut uri: Uri) -> Result<Request<Body>, Failed> {
    const KNOWN: &str = "-L --location --follow -x --proxy -H --header -d -X -u --user -T -b -c -C -r \
        -z --retry --retry-max-time --max-redirs --max-filesize --resolve --oauth2-bearer \
        --etag-compare --connect-to --compressed -f --fail --fail-with-body \
        -o --output -D -w --write-out -i --include -s -#";
    if let Some(option) = command.other_option(KNOWN) {
        return Err(format!("there is no rule for {option}").into());
    }
    let mut request = Request::builder().method(command.method()?);
    for header in command.values(&["-H", "--header"]) {
        let (name, value) = header.split_once(": ").ok_or("a header has a colon")?;
        if name == "Host" {
            // Here the name is in the URL, and who connects may choose the address.
            uri = format!("http://{value}{}", uri.path_and_query().ok_or("it has a path")?)
                .parse()?;
        } else {
            request = request.header(name, value);
        }
    }
    if let Some(range) = command.value(&["-r"]) {
        let open = if range.contains('-') { "" } else { "-" };
        request = request.header("range", format!("bytes={range}{open}"));
    }
    if let Some(start) = command.value(&["-C"]) {
        let there = row.file(&format!("log/curl{}.out", row.test)).unwrap_or_default().len();
        let start = if start == "-" { there } else { start.parse()? };
        request = request.header("range", format!("bytes={start}-"));
    }
    if let Some(date) = command.value(&["-z"]) {
        // `dec 12 12:00:00 1999 GMT`, a Sunday in all tests.
        let time = date.split(' ').nth(2).ok_or("a date has a time")?;
        request = request.header("if-modified-since", format!("Sun, 12 Dec 1999 {time} GMT"));
    }
    if let Some(tag) = command.value(&["--etag-compare"]).and_then(|name| row.file(name)) {
        request = request.header("if-none-match", tag.trim_end());
    }
    let body = match command.value(&["-d"]) {
        Some(data) => Body::from(data.to_owned()),
        None if command.has(&["-T"]) => Body::from("file"),
        None => Body::empty(),
    };
    for cookies in command.values(&["-b"]).filter(|value| value.contains('=')) {
        request = request.header("cookie", cookies);
    }
    Ok(request.uri(uri).body(body)?)
}

pub(crate) type Layers =
    (BodyLimitLayer, RedirectLayer, AuthorizeLayer, DecompressLayer, CookieLayer, RetryLayer);

pub(crate) fn layers(
    row: &Row,
    command: &Command,
    uri: &Uri,
    user: Option<String>,
    jar: &CookieJar,
) -> Result<Layers, Failed> {
    let follows = command.has(&["-L", "--location", "--follow"]);
    let mut redirect = match follows {
        true => RedirectLayer::new().allow_cross_origin().share_body(),
        false => RedirectLayer::none(),
    };
    if let Some(limit) = command.value(&["--max-redirs"]).filter(|_| follows) {
        redirect = redirect.limit(limit.parse()?);
    }

    let user = command.value(&["-u", "--user"]).map(str::to_owned).or(user);
    let authorize = match (user.as_deref(), command.value(&["--oauth2-bearer"])) {
        (_, Some(token)) => AuthorizeLayer::bearer(Origin::of(uri)?, token)?,
        (Some(user), None) => {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            AuthorizeLayer::basic(Origin::of(uri)?, user, password)?
        }
        (None, None) => AuthorizeLayer::none(),
    };

    let files = command.values(&["-b"]).filter_map(|name| row.file(name));
    for line in files.flat_map(|text| CookieLine::read(&text)) {
        // Whether it is taken shows in what is sent.
        let _ = jar
            .insert(&format!("https://{}{}", line.domain, line.path).parse()?, &set_cookie(&line));
    }
    let cookies = match command.has(&["-b", "-c"]) {
        true => CookieLayer::new(jar.clone()),
        false => CookieLayer::none(),
    };

    let retry = match command.value(&["--retry"]) {
        Some(times) => RetryLayer::new()
            .attempts(times.parse::<usize>()? + 1)
            .backoff(Duration::ZERO, Duration::ZERO)
            .max_wait(Duration::from_secs(10)),
        None => RetryLayer::none(),
    };
    let limit = match command.value(&["--max-filesize"]) {
        Some(bytes) => BodyLimitLayer::new(bytes.parse()?),
        None => BodyLimitLayer::none(),
    };
    let decompress = match command.has(&["--compressed"]) {
        true => DecompressLayer::new(),
        false => DecompressLayer::none(),
    };
    Ok((limit, redirect, authorize, decompress, cookies, retry))
}

/// Every name is the name of the server, as if a proxy or a resolver said so.
pub(crate) fn to_loopback(mut request: Request<Body>, port: u16) -> Request<Body> {
    let mut parts = mem::take(request.uri_mut()).into_parts();
    let named = parts
        .authority
        .replace(Authority::try_from(format!("127.0.0.1:{port}")).expect("an address"));
    if let Some(Ok(host)) = named.map(|named| HeaderValue::from_str(named.as_str())) {
        request.headers_mut().entry(HOST).or_insert(host);
    }
    *request.uri_mut() = Uri::from_parts(parts).expect("only the authority differs");
    request
}

fn set_cookie(line: &CookieLine) -> String {
    let domain =
        if line.has_subdomains { format!("; Domain={}", line.domain) } else { String::new() };
    let secure = if line.is_secure { "; Secure" } else { "" };
    let age = if line.ends { "; Max-Age=1000" } else { "" };
    format!("{}={}; Path={}{domain}{secure}{age}", line.name, line.value, line.path)
}
