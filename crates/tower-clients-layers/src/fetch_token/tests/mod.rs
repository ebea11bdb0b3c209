mod driving;
mod life;
mod refusal;

use super::*;
use crate::ErrorKind;
use http::{HeaderValue, StatusCode};
use std::{
    future::pending,
    sync::{Mutex, MutexGuard},
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{advance, sleep, timeout},
};
use tower::{ServiceExt, util::BoxCloneSyncService};

const SECOND: Duration = Duration::from_secs(1);

/// A server and the source of its tokens, which are `t1`, `t2` and so on.
#[derive(Clone, Default)]
struct Servers(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    lifetime: Option<Duration>,
    does: Does,
    fetch_takes: Duration,
    answer_takes: Duration,
    /// The tokens up to this number are refused.
    revoked: usize,
    fetches: usize,
    previous: Option<HeaderValue>,
    /// What came in `Authorization`, or `-`.
    seen: Vec<String>,
}

#[derive(Clone, Copy, Default)]
enum Does {
    #[default]
    Gives,
    Fails,
    Hangs,
    Panics,
}

impl TokenSource for Servers {
    type Error = Error;

    async fn fetch(&self, previous: Option<&Token>) -> Result<Token, Error> {
        let (number, does, takes) = {
            let mut state = self.lock();
            state.fetches += 1;
            state.previous = previous.map(|token| token.authorization().clone());
            (state.fetches, state.does, state.fetch_takes)
        };
        sleep(takes).await;
        match does {
            Does::Gives => {}
            Does::Fails => return Err(Error::new(ErrorKind::Connect, "refused")),
            Does::Hangs => pending().await,
            Does::Panics => panic!("the source panics"),
        }
        let token = Token::bearer(&format!("t{number}"))?;
        Ok(self.lock().lifetime.iter().fold(token, |token, all| token.expires_in(*all)))
    }
}

type Below = BoxCloneSyncService<Request<Body>, Response<Body>, Error>;

impl Servers {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn set(self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.lock());
        self
    }

    async fn answer(self, request: Request<Body>) -> Result<Response<Body>, Error> {
        let value = request.headers().get(AUTHORIZATION);
        let value = value.map_or("-", |value| value.to_str().unwrap()).to_owned();
        let takes = self.lock().answer_takes;
        sleep(takes).await;
        let mut state = self.lock();
        let number = value.strip_prefix("Bearer t").and_then(|number| number.parse().ok());
        state.seen.push(value);
        let mut response = Response::new(Body::empty());
        if number.is_none_or(|number: usize| number <= state.revoked) {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
        }
        Ok(response)
    }

    fn service(&self) -> FetchToken<Below> {
        let servers = self.clone();
        let below = tower::service_fn(move |request| servers.clone().answer(request));
        let layer = FetchTokenLayer::new("http://h".parse().unwrap(), self.clone());
        layer.layer(BoxCloneSyncService::new(below))
    }

    fn fetches(&self) -> usize {
        self.lock().fetches
    }

    /// What the server saw since the last look.
    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().seen)
    }
}

fn request() -> Request<Body> {
    Request::get("http://h/x").body(Body::empty()).unwrap()
}

async fn get<S>(service: &S) -> Result<u16, Error>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Error> + Clone,
{
    let answer = timeout(3600 * SECOND, service.clone().oneshot(request())).await;
    Ok(answer.expect("an answer within the hour")?.status().as_u16())
}

/// What a thousand requests at once give.
async fn thousand(service: &FetchToken<Below>) -> Vec<Result<u16, Error>> {
    let requests = (0..1000).map(|_| {
        let service = service.clone();
        async move { get(&service).await }
    });
    requests.collect::<JoinSet<_>>().join_all().await
}
