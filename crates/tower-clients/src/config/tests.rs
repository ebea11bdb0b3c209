use super::*;
use crate::{ErrorKind, Resource};
use http::HeaderMap;
use std::{env, fs, path::PathBuf, time::Duration};
use tower_clients_mock::{Mock, Reply};

#[derive(Debug, Deserialize)]
struct App {
    upstream: ClientConfig,
}

fn app(settings: &str) -> Result<ClientConfig, Error> {
    let text = format!("[upstream]\nbase_url = 'https://api.test/v1'\n{settings}");
    let app = read::<App, _>(text.parse::<toml::Table>().unwrap())?;
    Ok(app.upstream.named("upstream"))
}

fn complaint(settings: &str) -> String {
    let error = app(settings).and_then(|config| config.build()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!format!("{error:?} {error:#}").contains("CANARY"), "{error:?} {error:#}");
    let config: &ConfigError = error.find_source().unwrap();
    assert!(config.key().starts_with("upstream"), "{config}");
    config.to_string()
}

/// A file for as long as a test takes.
struct File(PathBuf);

impl File {
    fn with(content: &str) -> Self {
        let name = format!("tower-clients-config-{}-{}", std::process::id(), content.len());
        let path = env::temp_dir().join(name);
        fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

/// The head of a request of a client with these settings, and its URI.
async fn sent(settings: &str) -> (HeaderMap, String) {
    let mock = Mock::new().reply(Reply::status(200));
    let builder = app(settings).unwrap().builder().unwrap();
    Resource::from(builder.build_over(mock.clone()).unwrap()).get("x").await.unwrap();
    let request = &mock.requests()[0];
    (request.headers().clone(), request.uri().to_string())
}

#[tokio::test]
async fn headers_and_query_may_be_texts_numbers_and_secrets() {
    let secret = env::var("PATH").unwrap();
    let (headers, uri) = sent(
        "headers = { x-text = 'a', x-number = 7, x-secret = { env = 'PATH' } }\n\
         query = { lang = 'en', full = true, page = 2 }",
    )
    .await;
    assert_eq!((&headers["x-text"], &headers["x-number"]), (&"a".parse().unwrap(), &7.into()));
    assert_eq!(headers["x-secret"], secret);
    assert!(headers["x-secret"].is_sensitive() && !headers["x-text"].is_sensitive());
    assert_eq!(uri, "https://api.test/v1/x?full=true&lang=en&page=2");
}

#[tokio::test]
async fn credentials_come_from_files_and_the_environment() {
    let token = File::with("t0ken\r\n");
    let (headers, _) = sent(&format!("auth.bearer.file = '{}'", token.0.display())).await;
    assert_eq!(headers["authorization"], "Bearer t0ken");

    let (headers, _) =
        sent("auth = { basic = { user = 'Ada', password = { env = 'PATH' } } }").await;
    let expected = crate::authorize::basic("Ada", &env::var("PATH").unwrap()).unwrap();
    assert_eq!(headers["authorization"], expected);
}

#[tokio::test(start_paused = true)]
async fn times_retries_and_redirects_are_those_of_the_builder() {
    let settings = "timeouts = { total = '1m', attempt = '2s', idle = '1s' }\n\
                    retries = { attempts = 2, backoff = { base = '0s', max = '0s' }, \
                                max_wait = '3s', budget = { percent = 50, per_second = 1 } }\n\
                    redirects = { follow = 'never', limit = 3 }";
    let mock = Mock::new();
    mock.get("/v1/slow").reply(Reply::hang());
    mock.get("/v1/redirects").reply(Reply::status(302).header("location", "/v1/slow"));
    let builder = app(settings).unwrap().builder().unwrap();
    let client = builder.build_over(mock.clone()).unwrap();

    let start = tokio::time::Instant::now();
    let error = client.get("slow").await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!((mock.requests().len(), start.elapsed()), (2, Duration::from_secs(2)));
    assert_eq!(client.get("redirects").await.unwrap().status(), 302);
}

#[test]
fn transport_has_its_settings() {
    let config = app("timeouts.connect = '250ms'\nhttp = '1.1'\n\
                      pool = { max_open = 9, max_open_per_host = 8, max_idle_per_host = 7, \
                               idle_timeout = '6s', max_age = '5m' }");
    let shown = format!("{:?}", config.unwrap().transport_builder().unwrap());
    for part in ["250ms", "Some(9)", "Some(8)", ": 7", "6s", "300s", "Http1"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn error_names_the_key_and_what_is_expected() {
    for (settings, expected) in [
        (
            "timeouts.connect = 'CANARY'",
            "`upstream.timeouts.connect`: expected a time such as `30s`, `1.5s`, `200ms` or `1h30m`",
        ),
        ("timeouts.total = 30", "`upstream.timeouts.total`: expected a time such as"),
        (
            "timeouts.conect = '1s'",
            "`upstream.timeouts.conect`: unknown field `conect`, expected one of `total`",
        ),
        ("retires = {}", "`upstream.retires`: unknown field `retires`, expected one of `base_url`"),
        ("retries.attempts = 0", "`upstream.retries.attempts`: invalid value: integer `0`"),
        (
            "redirects.follow = 'x'",
            "`upstream.redirects.follow`: unknown variant `x`, expected one of `never`",
        ),
        ("http = '3'", "`upstream.http`: unknown variant `3`"),
        ("pool.max_open = 0", "`upstream.pool.max_open`: invalid value"),
        ("headers = { 'a b' = 'x' }", "`upstream.headers.a b`: invalid HTTP header name"),
        ("headers.x-a = \"CANARY\\n\"", "`upstream.headers.x-a`: failed to parse header value"),
        (
            "headers.x-a = ['CANARY']",
            "`upstream.headers.x-a`: expected a text, a number, `{ env = NAME }`",
        ),
        ("headers.x-a = { enw = 'CANARY' }", "`upstream.headers.x-a`: expected a text"),
        (
            "query.a = { env = 'NO_SUCH' }",
            "`upstream.query.a`: the environment has no variable NO_SUCH",
        ),
        ("auth = 'CANARY'", "`upstream.auth`: expected `{ bearer = SECRET }` or"),
        ("auth.bearer = 'CANARY'", "`upstream.auth.bearer`: expected `{ bearer = SECRET }` or"),
        ("auth.bearer.file = '/no/such'", "`upstream.auth.bearer`: cannot read /no/such: "),
        ("auth.basic = { user = 'CANARY' }", "`upstream.auth.basic`: expected"),
        (
            "auth.basic = { user = 'a:b', password = { env = 'PATH' } }",
            "`upstream.auth.basic`: a user name may not hold a colon",
        ),
        #[cfg(feature = "tls")]
        ("tls.ca_file = '/no/such'", "`upstream.tls.ca_file`: cannot read /no/such: "),
        #[cfg(feature = "tls")]
        (
            "tls = { platform_roots = false }",
            "`upstream.tls.platform_roots`: without them there has to be a `ca_file`",
        ),
        #[cfg(feature = "tls")]
        ("tls.key_file = 'x'", "`upstream.tls.key_file`: it needs a `cert_file`"),
        #[cfg(not(feature = "tls"))]
        ("tls = {}", "`upstream.tls`: it needs the feature"),
        #[cfg(not(feature = "compression"))]
        ("compression = true", "`upstream.compression`: it needs the feature `compression`"),
        #[cfg(not(feature = "http2"))]
        ("http = '2'", "`upstream.http`: it needs the feature `http2`"),
    ] {
        let complaint = complaint(settings);
        assert!(complaint.starts_with(expected), "{settings}: {complaint}");
    }
}

#[cfg(feature = "tls")]
#[test]
fn file_that_is_no_certificate_is_named() {
    let file = File::with("no certificate: CANARY");
    let complaint = complaint(&format!("tls.ca_file = '{}'", file.0.display()));
    assert!(complaint.starts_with("`upstream.tls.ca_file`: "), "{complaint}");
}

#[test]
fn bad_url_is_named() {
    for url in ["api.test", "https://user:CANARY@api.test", "ftp://api.test"] {
        let json = serde_json::json!({"base_url": url});
        let error = read::<ClientConfig, _>(json).unwrap_err();
        assert_eq!(error.find_source::<ConfigError>().unwrap().key(), "base_url");
        assert!(!format!("{error:#} {error:?}").contains("CANARY"), "{error:#}");
    }
}

#[test]
fn values_do_not_print() {
    let config = app("headers.x-a = 'CANARY'\nquery.key = 'CANARY'\n\
                      auth.bearer.env = 'TOKEN'");
    let shown = format!("{:?}", config.unwrap());
    assert!(shown.contains("TOKEN") && !shown.contains("CANARY"), "{shown}");
}

#[test]
fn quote_of_the_file_is_left_out() {
    let text = "base_url = 'https://h'\nheaders = { x-a = ['CANARY'] }";
    let parser = toml::Deserializer::parse(text).unwrap();
    let error = read::<ClientConfig, _>(parser).unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "the setting cannot be used: `headers.x-a`: TOML parse error at line 2, column 19"
    );
    assert!(!format!("{error:?}").contains("CANARY"));
}
