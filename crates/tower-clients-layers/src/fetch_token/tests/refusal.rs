//! What a 401 leads to.

use super::*;

#[tokio::test(start_paused = true)]
async fn o1_thousand_refused_requests_fetch_one_token_and_are_sent_twice() {
    let servers = Servers::default().set(|state| {
        (state.fetch_takes, state.answer_takes) = (SECOND, SECOND);
    });
    let service = servers.service();
    get(&service).await.unwrap();
    let servers = servers.set(|state| state.revoked = 1);
    assert!(thousand(&service).await.into_iter().all(|status| status.unwrap() == 200));
    let seen = servers.seen();
    let with = |token| seen.iter().filter(|value| **value == token).count();
    assert_eq!((servers.fetches(), with("Bearer t1"), with("Bearer t2")), (2, 1001, 1000));
}

#[tokio::test(start_paused = true)]
async fn second_refusal_is_the_answer_and_the_token_endpoint_is_left_in_peace() {
    let servers = Servers::default().set(|state| state.revoked = usize::MAX);
    let service = servers.service();
    for _ in 0..100 {
        assert_eq!(get(&service).await.unwrap(), 401);
        advance(SECOND / 10).await;
    }
    assert_eq!(servers.fetches(), 10);
    // A request is sent again only where there is another token.
    assert_eq!(servers.seen().len(), 100 + 9);
}

#[tokio::test(start_paused = true)]
async fn o5_late_refusal_of_an_older_token_fetches_none() {
    let servers = Servers::default().set(|state| state.answer_takes = 10 * SECOND);
    let service = servers.service();
    get(&service).await.unwrap();
    let late = tokio::spawn({
        let service = service.clone();
        async move { get(&service).await }
    });
    sleep(SECOND).await;
    let servers = servers.set(|state| (state.revoked, state.answer_takes) = (1, SECOND));
    assert_eq!(get(&service).await.unwrap(), 200);
    assert_eq!(late.await.unwrap().unwrap(), 200);
    assert_eq!(servers.fetches(), 2);
    let seen = ["Bearer t1", "Bearer t1", "Bearer t2", "Bearer t1", "Bearer t2"];
    assert_eq!(servers.seen(), seen);
}

#[tokio::test(start_paused = true)]
async fn stream_is_not_sent_twice_and_the_next_request_has_a_new_token() {
    let servers = Servers::default();
    let service = servers.service();
    get(&service).await.unwrap();
    advance(SECOND).await;
    let servers = servers.set(|state| state.revoked = 1);
    let stream = Body::new(http_body_util::Full::new(bytes::Bytes::from("once")));
    let response = service.clone().oneshot(request().map(|_| stream)).await.unwrap();
    assert_eq!((response.status().as_u16(), servers.fetches()), (401, 1));
    assert_eq!(get(&service).await.unwrap(), 200);
    assert_eq!(servers.seen(), ["Bearer t1", "Bearer t1", "Bearer t2"]);
}

#[tokio::test(start_paused = true)]
async fn whole_request_is_sent_again() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let below = tower::service_fn(move |request: Request<Body>| {
        let log = Arc::clone(&log);
        async move {
            let (head, body) = request.into_parts();
            let body = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
            let mark: Option<&u8> = head.extensions.get();
            let text = format!("{} {:?} {mark:?} {body:?}", head.method, head.headers["x-own"]);
            log.lock().unwrap().push(text.replace('"', ""));
            sleep(SECOND).await;
            let status = if log.lock().unwrap().len() == 1 { 401 } else { 204 };
            Response::builder().status(status).body(Body::empty())
        }
    });
    let layer = FetchTokenLayer::new("http://h".parse().unwrap(), Servers::default());
    let request = Request::patch("http://h/x").header("x-own", "1").extension(7u8);
    let service = layer.layer(below);
    assert_eq!(service.oneshot(request.body("abc".into()).unwrap()).await.unwrap().status(), 204);
    assert_eq!(*seen.lock().unwrap(), ["PATCH 1 Some(7) babc"; 2]);
}

#[tokio::test(start_paused = true)]
async fn refresh_that_fails_after_a_refusal_is_the_error() {
    let servers = Servers::default();
    let service = servers.service();
    get(&service).await.unwrap();
    advance(SECOND).await;
    let servers = servers.set(|state| (state.revoked, state.does) = (1, Does::Fails));
    let error = get(&service).await.unwrap_err();
    assert!(error.is_authorize() && error.may_have_been_sent());
    // The next one is not sent at all: a refused token stays refused.
    let error = get(&service).await.unwrap_err();
    assert!(error.is_authorize() && !error.may_have_been_sent());
    assert_eq!((servers.fetches(), servers.seen().len()), (2, 2));
}
