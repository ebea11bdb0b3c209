//! When another upstream gets the request too.

use super::*;

/// Sends with `h0` tried first, while it does this; gives the hosts asked and what came of it.
async fn outcome(
    count: usize,
    does: Does,
    request: Request<Body>,
) -> (Vec<(String, Bytes)>, Result<StatusCode, Error>) {
    let hosts = Hosts::default();
    hosts.set("h0", does);
    let first = |_: &Method, _: &Uri, upstream: &Snapshot<'_>| Some(upstream.url().to_string());
    let answer = send(&hosts.under(layer(count).priority(first)), request).await;
    (hosts.with(|state| std::mem::take(&mut state.asked)), answer)
}

#[tokio::test(start_paused = true)]
async fn idempotent_request_goes_on_after_an_error() {
    for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"] {
        let (asked, answer) = outcome(3, Does::Breaks(1), request(method.parse().unwrap())).await;
        assert_eq!((asked.len(), asked[1].0.as_str(), answer.unwrap().as_u16()), (2, "h1", 200));
    }
}

#[tokio::test(start_paused = true)]
async fn other_request_goes_on_only_when_it_was_not_sent() {
    for method in ["POST", "PATCH", "ODD"] {
        let method: Method = method.parse().unwrap();
        let (asked, answer) = outcome(2, Does::Breaks(1), request(method.clone())).await;
        assert!(asked.len() == 1 && answer.unwrap_err().may_have_been_sent());
        let (asked, answer) = outcome(2, Does::Refuses(1), request(method)).await;
        assert_eq!((asked.len(), answer.unwrap().as_u16()), (2, 200));
    }
}

#[tokio::test(start_paused = true)]
async fn body_is_repeated_whole_or_not_at_all() {
    let with = |body| request(Method::PUT).map(|_| body);
    let (asked, _) = outcome(2, Does::Breaks(1), with(Body::from("whole"))).await;
    assert_eq!(asked.iter().map(|(_, body)| &body[..]).collect::<Vec<_>>(), [b"whole"; 2]);
    let stream = Body::new(http_body_util::Full::new(Bytes::from("whole")));
    let (asked, answer) = outcome(2, Does::Refuses(1), with(stream)).await;
    assert!(asked.len() == 1 && answer.unwrap_err().is_connect());
}

#[tokio::test(start_paused = true)]
async fn any_response_is_an_answer() {
    let (asked, answer) = outcome(2, Does::Answers(503, 1), request(Method::GET)).await;
    assert_eq!((asked.len(), answer.unwrap().as_u16()), (1, 503));
}

#[tokio::test(start_paused = true)]
async fn each_upstream_is_tried_once() {
    let hosts = Hosts::default();
    let service = hosts.under(layer(3));
    for host in ["h0", "h1", "h2"] {
        hosts.set(host, Does::Refuses(1));
    }
    assert!(get(&service).await.unwrap_err().is_connect());
    let mut asked = hosts.asked();
    asked.sort();
    assert_eq!(asked, ["h0", "h1", "h2"]);
    assert_eq!(actives(&service), [0, 0, 0]);
    assert!(get(&hosts.under(layer(3).failover(false))).await.is_err());
    assert_eq!(hosts.asked().len(), 1);
}

#[tokio::test]
async fn bad_request_is_no_fault_and_goes_nowhere_else() {
    let refuse = tower::service_fn(async |_: Request<Body>| {
        Err::<Response<Body>, _>(Error::new(ErrorKind::Request, "bad"))
    });
    let service = layer(2).layer(refuse);
    assert!(service.clone().oneshot(request(Method::GET)).await.unwrap_err().is_request());
    assert!(service.upstreams().all(|upstream| upstream.is_up()));
}

#[tokio::test(start_paused = true)]
async fn request_in_failover_is_active_at_one_upstream() {
    let hosts = Hosts::default();
    hosts.set("h0", Does::Refuses(1));
    hosts.set("h1", Does::Hangs);
    let first = |_: &Method, _: &Uri, upstream: &Snapshot<'_>| Some(upstream.url().to_string());
    let service = hosts.under(layer(2).priority(first));
    let exchange = tokio::spawn({
        let service = service.clone();
        async move { get(&service).await }
    });
    sleep(Duration::from_millis(10)).await;
    assert_eq!(actives(&service), [0, 1]);
    exchange.abort();
    assert!(exchange.await.unwrap_err().is_cancelled());
    assert_eq!(actives(&service), [0, 0]);
}
