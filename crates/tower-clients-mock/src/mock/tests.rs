use super::*;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, timeout};
use tower::ServiceExt;
use tower_clients_layers::Error;

fn get(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).unwrap()
}

async fn status(mock: &Mock, request: Request<Body>) -> u16 {
    mock.clone().oneshot(request).await.map_or(0, |response| response.status().as_u16())
}

async fn complaint(mock: &Mock, request: Request<Body>) -> String {
    mock.clone().oneshot(request).await.unwrap_err().downcast::<Unanswered>().unwrap().to_string()
}

fn verdict(mock: &Mock) -> String {
    let mock = std::panic::AssertUnwindSafe(mock);
    let panic = std::panic::catch_unwind(|| mock.verify()).unwrap_err();
    *panic.downcast::<String>().unwrap()
}

#[tokio::test]
async fn replies_without_more_come_in_order_and_clones_share_them() {
    let mock = Mock::new().reply(Reply::text("a")).reply(Reply::status(404));
    let copy = mock.clone();
    assert_eq!(mock.clone().oneshot(get("/1")).await.unwrap().status(), 200);
    assert_eq!(copy.remaining(), 1);
    assert_eq!(copy.clone().oneshot(get("/2")).await.unwrap().status(), 404);
    assert_eq!((mock.requests()[1].uri().path(), copy.remaining()), ("/2", 0));
    mock.verify();
}

#[tokio::test]
async fn first_rule_that_is_for_a_request_and_has_a_reply_left_answers_it() {
    let mock = Mock::new();
    mock.get("/a").reply(Reply::status(201)).times(1);
    mock.get("/{name}").reply(Reply::status(202)).reply(Reply::status(203));
    mock.any().reply(Reply::status(204));
    let mut seen = Vec::new();
    for path in ["/a", "/a", "/b", "/b", "/a/b"] {
        seen.push(status(&mock, get(path)).await);
    }
    assert_eq!(seen, [201, 202, 203, 203, 204]);
}

#[tokio::test]
async fn each_thing_that_a_rule_asks_must_hold() {
    let request = || {
        Request::post("http://api.test:81/users/7?b=2&a=x+y&a=z")
            .header("accept", "text/html")
            .header("accept", "text/plain")
    };
    let body = || Body::from(r#"{"b": [1], "a": null}"#);
    for (matches, ask) in [
        (true, (|on| on) as fn(When) -> When),
        (true, |on| on.host("API.test:81")),
        (false, |on| on.host("api.test")),
        (true, |on| on.query(&[("a", "x y"), ("a", "z")])),
        (false, |on| on.query(&[("a", "x")])),
        (true, |on| on.header("accept", "text/plain")),
        (false, |on| on.header("accept", "text")),
        (true, |on| on.json(&json!({"a": null, "b": [1]}))),
        (false, |on| on.json(&json!({"b": [1]}))),
        (true, |on| on.body(r#"{"b": [1], "a": null}"#)),
        (false, |on| on.body("")),
        (true, |on| on.when(|call| call.param::<u32>("id") == 7)),
        (false, |on| on.when(|call| call.text().is_empty())),
    ] {
        let mock = Mock::new();
        let when = ask(mock.post("/users/{id}"));
        let shown = format!("{when:?}");
        let rule = when.reply(Reply::status(200));
        let answer = status(&mock, request().body(body()).unwrap()).await;
        assert_eq!((answer == 200, rule.calls() == 1), (matches, matches), "{shown}");
    }
}

#[tokio::test]
async fn host_may_be_in_a_header() {
    let mock = Mock::new();
    mock.get("/").host("h").reply(Reply::status(200));
    let request = Request::get("/").header("host", "h").body(Body::empty()).unwrap();
    assert_eq!(status(&mock, request).await, 200);
    assert_eq!(status(&mock, get("/")).await, 0);
}

#[tokio::test]
async fn closure_sees_the_call_and_may_ask_the_mock() {
    let mock = Mock::new();
    let own = mock.clone();
    mock.put("/users/{id}").reply_with(move |call| {
        let (id, body): (u32, Value) = (call.param("id"), call.json());
        Reply::json(&json!([own.requests().len(), id, body["name"]])).with_status(201)
    });
    let request = Request::put("/users/7").body(Body::from(r#"{"name": "Ada"}"#)).unwrap();
    let response = mock.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), r#"[1,7,"Ada"]"#);
}

#[tokio::test]
async fn unanswered_request_is_an_error_that_names_it_and_the_nearest_rule() {
    let mock = Mock::new();
    assert_eq!(complaint(&mock, get("/x")).await, "no reply for GET /x: there is no rule");

    mock.get("/users/{id}").query(&[("page", 2)]).header("x-a", "1").reply(Reply::status(200));
    mock.post("/users").json(&json!([1])).reply(Reply::status(200)).times(0);
    for (request, reason) in [
        (
            get("/user/7?page=2"),
            "GET /users/{id} with page=2, x-a, wants the path /users/{id}, the header x-a: 1",
        ),
        (
            get("/users/7"),
            "GET /users/{id} with page=2, x-a, wants the parameter page=2, the header x-a: 1",
        ),
        (
            get("/users"),
            "POST /users with a JSON body, wants the method POST, the JSON body [1], not ",
        ),
        (
            Request::post("/users").body("[2]".into()).unwrap(),
            "POST /users with a JSON body, wants the JSON body [1], not [2]",
        ),
        (
            Request::post("/users").body("[1]".into()).unwrap(),
            "POST /users with a JSON body, has no reply left",
        ),
    ] {
        let named = format!("no reply for {} {}: ", request.method(), request.uri());
        assert_eq!(complaint(&mock, request).await, format!("{named}the nearest rule, {reason}"));
    }
}

#[tokio::test]
async fn verdict_lists_rules_and_requests() {
    let mock = Mock::new();
    let rule = mock.get("/users/{id}").reply(Reply::status(200)).times(2);
    mock.get("/other").reply(Reply::status(200));
    assert_eq!(status(&mock, get("http://h/users/7")).await, 200);
    let expected = "the mock was not asked as expected\n\
        rules:\n  GET /users/{id}: calls: 1 of 2\n  GET /other: calls: 0\n\
        requests:\n  GET http://h/users/7: answered by GET /users/{id}\n";
    assert_eq!(verdict(&mock), expected);
    assert_eq!(status(&mock, get("/users/8")).await, 200);
    mock.verify();
    assert_eq!(rule.requests()[1].param::<String>("id"), "8");

    assert_eq!(status(&mock, get("/users/9")).await, 0);
    let last =
        "  GET /users/9: not answered: the nearest rule, GET /users/{id}, has no reply left\n";
    assert!(verdict(&mock).ends_with(last), "{}", verdict(&mock));
}

#[tokio::test]
async fn faults_are_what_a_transport_reports() {
    let mock = Mock::new();
    mock.get("/").reply(Reply::refuse()).reply(Reply::reset());
    for (is_connect, sent) in [(true, false), (false, true), (false, true)] {
        let error = Error::from_service(mock.clone().oneshot(get("/")).await.unwrap_err());
        assert_eq!((error.is_connect(), error.is_transport()), (is_connect, !is_connect));
        assert_eq!(error.may_have_been_sent(), sent);
    }
}

#[tokio::test]
async fn what_can_be_given_only_once_is_not_given_again() {
    let mock = Mock::new();
    mock.get("/").reply(Reply::fail("odd"));
    assert_eq!(mock.clone().oneshot(get("/")).await.unwrap_err().to_string(), "odd");
    let complaint = complaint(&mock, get("/")).await;
    assert!(complaint.ends_with("GET /, has no reply left"), "{complaint}");
}

#[tokio::test]
async fn body_can_break_off() {
    let reply = Reply::status(200).cut_body("ab");
    let mut body = Mock::new().reply(reply).oneshot(get("/x")).await.unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "ab");
    assert!(body.frame().await.unwrap().is_err());
    assert!(body.frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn body_can_stall_or_go_on_for_ever() {
    let mock = Mock::new();
    mock.get("/stall").reply(Reply::status(200).stall_body("ab"));
    mock.get("/endless").reply(Reply::status(200).endless_body("ab"));
    for _ in 0..2 {
        let mut body = mock.clone().oneshot(get("/stall")).await.unwrap().into_body();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "ab");
        assert!(timeout(Duration::from_secs(3600), body.frame()).await.is_err());
    }
    let mut body = mock.clone().oneshot(get("/endless")).await.unwrap().into_body();
    for _ in 0..100 {
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "ab");
    }
}

#[tokio::test(start_paused = true)]
async fn delay_is_by_the_clock_of_tokio() {
    let start = Instant::now();
    let hour = Duration::from_secs(3600);
    let mock = Mock::new().reply(Reply::text("late").delay(hour)).reply(Reply::reset().delay(hour));
    assert_eq!(status(&mock, get("/")).await, 200);
    assert_eq!((status(&mock, get("/")).await, start.elapsed()), (0, 2 * hour));
}

#[tokio::test(start_paused = true)]
async fn hanging_reply_never_comes() {
    let answer = Mock::new().reply(Reply::hang()).oneshot(get("/x"));
    assert!(timeout(Duration::from_secs(3600), answer).await.is_err());
}
