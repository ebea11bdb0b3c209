//! What a mock answers to which requests.

use crate::{
    Call, Mock, Reply,
    matcher::{Condition, Expected, Matcher},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use serde::Serialize;
use std::{collections::VecDeque, fmt, sync::Arc};
use tower_clients_layers::Query;

/// A rule that lacks its reply: from [`Mock::on`] and its kin. All that is asked of a request must hold.
#[derive(Clone)]
#[must_use = "a rule without a reply does nothing"]
pub struct When {
    mock: Mock,
    matcher: Matcher,
}

impl When {
    pub(crate) fn new(mock: Mock, matcher: Matcher) -> Self {
        Self { mock, matcher }
    }

    fn asking(mut self, what: impl FnOnce(&mut Matcher)) -> Self {
        what(&mut self.matcher);
        self
    }

    /// Only requests to this host, such as `api.example.com` or `localhost:8080`.
    ///
    /// # Panics
    ///
    /// It is no host.
    pub fn host(self, host: &str) -> Self {
        self.asking(|asks| asks.host = Some(host.parse().expect("a host, with or without a port")))
    }

    /// Only requests whose query has these parameters, whatever else it has: pairs, a map or a struct.
    ///
    /// # Panics
    ///
    /// They do not serialize as a query.
    pub fn query<T: Serialize + ?Sized>(self, parameters: &T) -> Self {
        let query = Query::new(parameters).expect("parameters that serialize as a query");
        let pairs = form_urlencoded::parse(query.as_str().as_bytes()).into_owned();
        self.asking(|asks| asks.query.extend(pairs))
    }

    /// Only requests that have this header, whatever other values it has.
    ///
    /// # Panics
    ///
    /// The name or value is not one.
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: fmt::Debug>,
        V: TryInto<HeaderValue, Error: fmt::Debug>,
    {
        let name = name.try_into().expect("a header name");
        let value = value.try_into().expect("a header value");
        self.asking(|asks| asks.headers.push((name, value)))
    }

    /// Only requests whose body is this JSON; the order of keys does not matter.
    ///
    /// # Panics
    ///
    /// `value` does not serialize as JSON.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        let value = serde_json::to_value(value).expect("a value that serializes as JSON");
        self.asking(|asks| asks.body = Some(Expected::Json(value)))
    }

    /// Only requests with these bytes as their body.
    pub fn body(self, bytes: impl Into<Bytes>) -> Self {
        self.asking(|asks| asks.body = Some(Expected::Bytes(bytes.into())))
    }

    /// Only requests for which this holds. It is asked last.
    pub fn when(self, condition: impl Fn(&Call) -> bool + Send + Sync + 'static) -> Self {
        let condition: Condition = Arc::new(condition);
        self.asking(|asks| asks.conditions.push(condition))
    }

    /// Adds the rule to the mock. See [`Rule::reply`].
    pub fn reply(self, reply: impl Into<Reply>) -> Rule {
        self.add().reply(reply)
    }

    /// Adds the rule to the mock. See [`Rule::reply_with`].
    pub fn reply_with<R: Into<Reply>>(
        self,
        reply: impl Fn(&Call) -> R + Send + Sync + 'static,
    ) -> Rule {
        self.add().reply_with(reply)
    }

    fn add(self) -> Rule {
        let matcher = Arc::new(self.matcher);
        let number = self.mock.with(|state| {
            let answers = VecDeque::new();
            state.rules.push(RuleState { matcher, answers, limit: None, calls: 0 });
            state.rules.len() - 1
        });
        Rule { mock: self.mock, number }
    }
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("When").field(&format_args!("{}", self.matcher)).finish()
    }
}

/// A rule of a [`Mock`]: what it answers to which requests. It stays part of the mock when this is dropped.
///
/// ```
/// use tower::ServiceExt;
/// use tower_clients_layers::Body;
/// use tower_clients_mock::{Mock, Reply};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_clients_layers::BoxError> {
/// let mock = Mock::new();
/// let busy_at_first = mock.get("/report").reply(Reply::status(503)).reply(Reply::text("done"));
///
/// for status in [503, 200, 200] {
///     let request = http::Request::get("http://h/report").body(Body::empty())?;
///     assert_eq!(mock.clone().oneshot(request).await?.status(), status);
/// }
/// assert_eq!(busy_at_first.calls(), 3);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Rule {
    mock: Mock,
    number: usize,
}

#[allow(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "the rule is part of the mock"
)]
impl Rule {
    /// Answers so, after the replies that the rule has already. The last reply is given again and again,
    /// unless it can be given [only once](Reply::fail).
    pub fn reply(self, reply: impl Into<Reply>) -> Self {
        self.change(|rule| rule.answers.push_back(Answer::Reply(reply.into())))
    }

    /// As [`reply`](Self::reply), by what is asked.
    ///
    /// ```
    /// use serde_json::{Value, json};
    /// use tower_clients_mock::{Mock, Reply};
    ///
    /// let mock = Mock::new();
    /// mock.put("/users/{id}").reply_with(|call| {
    ///     Reply::json(&json!({"id": call.param::<u32>("id"), "name": call.json::<Value>()["name"]}))
    /// });
    /// ```
    pub fn reply_with<R: Into<Reply>>(
        self,
        reply: impl Fn(&Call) -> R + Send + Sync + 'static,
    ) -> Self {
        let with = Answer::With(Arc::new(move |call| reply(call).into()));
        self.change(|rule| rule.answers.push_back(with))
    }

    /// Answers `calls` calls and no more, and [`Mock::verify`] asks for as many.
    pub fn times(self, calls: usize) -> Self {
        self.change(|rule| rule.limit = Some(calls))
    }

    fn change(self, how: impl FnOnce(&mut RuleState)) -> Self {
        self.mock.with(|state| how(&mut state.rules[self.number]));
        self
    }

    /// How many requests it has answered.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.mock.with(|state| state.rules[self.number].calls)
    }

    /// The requests that it has answered.
    #[must_use]
    pub fn requests(&self) -> Vec<Call> {
        self.mock.with(|state| {
            let answered = state.log.iter().filter(|entry| entry.answered_by == Ok(self.number));
            answered.map(|entry| entry.call.clone()).collect()
        })
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.mock.with(|state| state.rules[self.number].to_string());
        f.debug_tuple("Rule").field(&format_args!("{text}")).finish()
    }
}

pub(crate) struct RuleState {
    pub(crate) matcher: Arc<Matcher>,
    pub(crate) answers: VecDeque<Answer>,
    pub(crate) limit: Option<usize>,
    pub(crate) calls: usize,
}

pub(crate) enum Answer {
    Reply(Reply),
    With(Arc<dyn Fn(&Call) -> Reply + Send + Sync>),
}

impl RuleState {
    /// What the next call gets, if there is a reply left.
    pub(crate) fn next(&mut self) -> Option<Answer> {
        if self.limit.is_some_and(|limit| self.calls >= limit) {
            return None;
        }
        let answer = self.answers.pop_front()?;
        self.calls += 1;
        if self.answers.is_empty() {
            self.answers.extend(match &answer {
                Answer::Reply(reply) => reply.try_clone().map(Answer::Reply),
                Answer::With(reply) => Some(Answer::With(Arc::clone(reply))),
            });
        }
        Some(answer)
    }

    pub(crate) fn is_short(&self) -> bool {
        self.limit.is_some_and(|limit| self.calls < limit)
    }
}

/// Such as `GET /users/{id}: calls: 1 of 2`.
impl fmt::Display for RuleState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit {
            Some(limit) => write!(f, "{}: calls: {} of {limit}", self.matcher, self.calls),
            None => write!(f, "{}: calls: {}", self.matcher, self.calls),
        }
    }
}
