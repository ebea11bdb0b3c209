//! Clients that are described in a file, over connections.

use std::{env, fs, path::PathBuf, process};
use testbed::Testbed;
use tower_clients::{
    Error, Resource,
    config::{self, ClientConfig, ConfigError},
};

/// Files for as long as a test takes.
struct Folder(PathBuf);

impl Folder {
    fn of(test: &str) -> Self {
        let path = env::temp_dir().join(format!("tower-clients-{test}-{}", process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn with(&self, name: &str, content: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn config(url: &str, settings: &str) -> Result<ClientConfig, Error> {
    config::read(format!("base_url = '{url}'\n{settings}").parse::<toml::Table>().unwrap())
}

#[tokio::test]
async fn authority_of_a_file_is_trusted_alone_or_besides() {
    let server = Testbed::https().await.unwrap();
    let folder = Folder::of("ca");
    let roots = folder.with("ca.pem", server.ca_pem().unwrap());
    for settings in ["platform_roots = false", "platform_roots = true"] {
        let tls = format!("tls.ca_file = '{roots}'\ntls.{settings}");
        let client = config(server.url(), &tls).unwrap().build();
        Resource::from(client.unwrap()).get("get").await.unwrap();
    }
    let stranger = Resource::from(config(server.url(), "").unwrap().build().unwrap());
    assert!(stranger.get("get").await.unwrap_err().is_connect());
}

#[test]
fn certificate_and_key_that_do_not_belong_together_are_an_error_at_tls() {
    let folder = Folder::of("identity");
    let [one, other] = [(); 2].map(|()| rcgen::generate_simple_self_signed(["h".into()]).unwrap());
    let cert = folder.with("cert.pem", &one.cert.pem());
    let keys = [&one, &other].map(|pair| pair.signing_key.serialize_pem());
    let build = |key: &str| {
        let key = folder.with("key.pem", key);
        let tls = format!("tls = {{ cert_file = '{cert}', key_file = '{key}' }}");
        config("https://h", &tls).unwrap().named("upstream").build()
    };
    assert!(build(&keys[0]).is_ok());
    for key in [&*keys[1], "no key"] {
        let error = build(key).unwrap_err();
        assert_eq!(error.find_source::<ConfigError>().unwrap().key(), "upstream.tls", "{error:#}");
    }
}
