//! What is measured.

/// A work at a number of connections.
pub(super) struct Case {
    /// The name that the package knows it by.
    pub(super) work: &'static str,
    pub(super) connections: usize,
    /// In one round, so that the fastest client takes a few tenths of a second.
    pub(super) requests: usize,
    pub(super) server: Server,
    pub(super) group: Group,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    Http1,
    Http2,
    Tls,
}

/// Which clients can do it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    All,
    /// With several hundred threads on a core, the scheduler of the system would be measured.
    Awaited,
    Http2,
}

const fn case(work: &'static str, connections: usize, requests: usize) -> Case {
    Case { work, connections, requests, server: Server::Http1, group: Group::All }
}

pub(super) const CASES: [Case; 12] = [
    case("get", 1, 4_000),
    case("get", 8, 10_000),
    case("get", 64, 12_000),
    Case { group: Group::Awaited, ..case("get", 512, 12_000) },
    case("post", 1, 4_000),
    case("post", 64, 10_000),
    case("get64k", 1, 500),
    case("get64k", 8, 1_000),
    Case { server: Server::Http2, group: Group::Http2, ..case("h2c", 64, 20_000) },
    Case { server: Server::Tls, ..case("tls", 1, 3_000) },
    Case { server: Server::Tls, ..case("tls", 64, 10_000) },
    case("download", 1, 1),
];

impl Case {
    /// Names it.
    pub(super) fn key(&self) -> (&'static str, usize) {
        (self.work, self.connections)
    }

    pub(super) fn clients(&self) -> Vec<&'static str> {
        let has = |client: &&Client| match self.group {
            Group::All => true,
            Group::Awaited => client.group != Group::All,
            Group::Http2 => client.group == Group::Http2,
        };
        CLIENTS.iter().filter(has).map(|client| client.name).collect()
    }
}

/// Headline and description of each work, in the order of the report.
pub(super) const WORKS: [(&str, &str, &str); 6] = [
    (
        "get",
        "A small JSON document over HTTP/1.1",
        "A document of 159 bytes is decoded into a struct.",
    ),
    (
        "post",
        "A small JSON document posted over HTTP/1.1",
        "A struct is encoded and sent; the echo is decoded.",
    ),
    (
        "get64k",
        "A JSON document of 64 KiB over HTTP/1.1",
        "It is decoded into a list of structs, which is most of the work.",
    ),
    (
        "h2c",
        "A small JSON document over HTTP/2",
        "With prior knowledge and without TLS. All streams are on one connection.",
    ),
    (
        "tls",
        "A small JSON document over HTTP/1.1 and TLS",
        "By rustls and ring everywhere but in isahc, whose libcurl brings a rustls of its own.\n\
         Handshakes are not in the figures.",
    ),
    ("download", "A body of 1 GiB over HTTP/1.1", "It is read as it comes, and dropped."),
];

/// A client, and the widest group of cases in which only such clients take part.
pub(super) struct Client {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    group: Group,
}

impl Client {
    pub(super) fn is_ours(&self) -> bool {
        matches!(self.name, "transport" | "resource" | "blocking")
    }
}

const fn client(name: &'static str, title: &'static str, group: Group) -> Client {
    Client { name, title, group }
}

/// What all others are compared with.
pub(super) const LIMIT: &str = "hyper";
pub(super) const REQWEST: &str = "reqwest";

pub(super) const CLIENTS: [Client; 14] = [
    client(LIMIT, "hyper, bare connections", Group::Http2),
    client("composed", "hyper-util, its cache alone", Group::Awaited),
    client("legacy", "hyper-util, pooled", Group::Http2),
    client("hand", "hyper-util, the rest by hand", Group::Http2),
    client("transport", "tower-clients, `Transport`", Group::Http2),
    client("resource", "tower-clients, `Resource`", Group::Http2),
    client("tower-http-client", "tower-http-client over hyper-util", Group::Http2),
    client("kube", "kube's layers over hyper-util", Group::Http2),
    client("octocrab", "octocrab's layers over hyper-util", Group::Http2),
    client(REQWEST, "reqwest", Group::Http2),
    client("isahc", "isahc", Group::Awaited),
    client("blocking", "tower-clients, blocking `Resource`", Group::All),
    client("ureq", "ureq", Group::All),
    client("reqwest-blocking", "reqwest, blocking", Group::All),
];

/// The packages whose versions are named.
pub(super) const PACKAGES: [&str; 9] = [
    "hyper",
    "hyper-util",
    "isahc",
    "kube-client",
    "octocrab",
    "reqwest",
    "tokio",
    "tower-http-client",
    "ureq",
];
