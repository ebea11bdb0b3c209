//! The tokens of an authorization server, and what they stand for.

use super::Fault;
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

/// What somebody allowed once. Tokens that are refreshed stay of one grant.
#[derive(Clone)]
pub(super) struct Grant {
    id: u64,
    pub(super) subject: &'static str,
    pub(super) scope: Option<String>,
}

pub(super) struct Issued {
    pub(super) access: String,
    pub(super) refresh: Option<String>,
    pub(super) scope: Option<String>,
}

#[derive(Default)]
pub(super) struct Tokens {
    /// How many access tokens were given.
    pub(super) issued: u64,
    /// How many requests there were for what they protect.
    pub(super) userinfo: u64,
    access: HashMap<String, (Grant, Instant)>,
    refresh: HashMap<String, Grant>,
}

impl Tokens {
    pub(super) fn grant(
        &mut self,
        subject: &'static str,
        scope: Option<&str>,
        lifetime: u32,
        refreshable: bool,
    ) -> Issued {
        let grant = Grant { id: self.issued, subject, scope: scope.map(str::to_owned) };
        let refreshed = refreshable.then(|| grant.clone());
        self.issue(grant, refreshed, lifetime)
    }

    /// Takes the refresh token: it can be used once. What the new ones allow is at most what the
    /// grant allows (RFC 6749, section 6).
    pub(super) fn refresh(
        &mut self,
        token: &str,
        scope: Option<&str>,
        lifetime: u32,
    ) -> Result<Issued, Fault> {
        let unknown = || Fault::new("invalid_grant", "the refresh token is unknown or was used");
        let mut narrowed = self.refresh.get(token).ok_or_else(unknown)?.clone();
        if let Some(scope) = scope {
            let granted = narrowed.scope.as_deref().unwrap_or_default().split(' ');
            if !scope.split(' ').all(|asked| granted.clone().any(|granted| granted == asked)) {
                return Err(Fault::new("invalid_scope", "more than was granted"));
            }
            narrowed.scope = Some(scope.to_owned());
        }
        let grant = self.refresh.remove(token);
        Ok(self.issue(narrowed, grant, lifetime))
    }

    fn issue(&mut self, grant: Grant, refreshed: Option<Grant>, lifetime: u32) -> Issued {
        self.issued += 1;
        let access = format!("access-{}", self.issued);
        let scope = grant.scope.clone();
        let end = Instant::now() + Duration::from_secs(lifetime.into());
        self.access.insert(access.clone(), (grant, end));
        let refresh = refreshed.map(|grant| {
            let refresh = format!("refresh-{}", self.issued);
            self.refresh.insert(refresh.clone(), grant);
            refresh
        });
        Issued { access, refresh, scope }
    }

    /// What an access token stands for, until its end.
    pub(super) fn live(&self, token: &str) -> Option<&Grant> {
        let (grant, end) = self.access.get(token)?;
        (Instant::now() < *end).then_some(grant)
    }

    /// A refresh token takes the access tokens of its grant with it (RFC 7009, section 2.1).
    pub(super) fn revoke(&mut self, token: &str) {
        self.access.remove(token);
        if let Some(revoked) = self.refresh.remove(token) {
            self.access.retain(|_, (grant, _)| grant.id != revoked.id);
        }
    }
}
