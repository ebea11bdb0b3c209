//! ureq, which blocks.

use super::{Settings, length_of};
use crate::{
    Result,
    drive::BlockingPeer,
    work::{ACCEPT, AUTHORIZATION, USER_AGENT, User},
};
use serde::de::DeserializeOwned;
use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig},
};

/// Its threads share one agent.
#[derive(Clone)]
pub(super) struct Waited {
    agent: Agent,
    settings: Settings,
}

impl Waited {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        let mut builder = Agent::config_builder()
            .user_agent(USER_AGENT)
            .accept(ACCEPT)
            .max_idle_connections(settings.connections)
            .max_idle_connections_per_host(settings.connections);
        if let Some(ca) = &settings.ca {
            let roots = RootCerts::new_with_certs(&[Certificate::from_pem(ca.as_bytes())?]);
            builder = builder.tls_config(TlsConfig::builder().root_certs(roots).build());
        }
        Ok(Self { agent: builder.build().into(), settings: settings.clone() })
    }
}

impl BlockingPeer for Waited {
    fn get<T: DeserializeOwned>(&mut self) -> Result<T> {
        let request = self.agent.get(self.settings.url()).header("authorization", AUTHORIZATION);
        Ok(request.call()?.body_mut().read_json()?)
    }

    fn post(&mut self, user: &User) -> Result<User> {
        let request = self.agent.post(self.settings.url()).header("authorization", AUTHORIZATION);
        Ok(request.send_json(user)?.body_mut().read_json()?)
    }

    fn download(&mut self) -> Result<u64> {
        let request = self.agent.get(self.settings.url()).header("authorization", AUTHORIZATION);
        length_of(request.call()?.into_body().into_reader())
    }
}
