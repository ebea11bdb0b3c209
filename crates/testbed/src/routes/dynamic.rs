//! Answers that take their time, or come piece by piece.

use super::{Refused, args::Args, bytes::OCTETS, content::Content, echo::Echo, request::anything};
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::Path,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use futures_util::stream;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use std::{convert::Infallible, time::Duration};
use tokio::time::sleep;

pub(super) fn routes() -> Router {
    Router::new()
        .route("/stream/{n}", get(lines))
        .route("/drip", get(drip))
        .route("/delay/{n}", any(delay))
}

async fn lines(Path(n): Path<usize>, echo: Echo) -> Response {
    let answer = echo.to_json();
    let lines = (0..n.min(100)).map(move |id| {
        let mut line = answer.clone();
        line["id"] = json!(id);
        Ok::<_, Infallible>(format!("{line}\n"))
    });
    let content_type = [(header::CONTENT_TYPE, "application/json")];
    (content_type, Body::from_stream(stream::iter(lines))).into_response()
}

async fn drip(args: Args) -> Result<Response, Refused> {
    const MOST: u32 = 10 * 1024 * 1024;

    let count: u32 = args.parse("numbytes")?.unwrap_or(10).min(MOST);
    if count == 0 {
        return Err(Refused::bad_request("there have to be bytes to drip"));
    }
    let duration = seconds(args.parse("duration")?.unwrap_or(2.0))?;
    let delay = seconds(args.parse("delay")?.unwrap_or(0.0))?;
    let status = match args.parse("code")? {
        Some(code) => StatusCode::from_u16(code)
            .ok()
            .filter(|code| !code.is_informational())
            .ok_or_else(|| Refused::bad_request("invalid status code"))?,
        None => StatusCode::OK,
    };

    pause(delay).await;
    let interval = duration / count;
    let drops = stream::unfold(0, move |dripped| async move {
        if dripped == count {
            return None;
        }
        if dripped > 0 {
            pause(interval).await;
        }
        let drop = Ok::<_, Infallible>(Bytes::from_static(b"*"));
        Some((drop, dripped + 1))
    });
    let length = [(header::CONTENT_LENGTH, HeaderValue::from(count))];
    Ok((status, OCTETS, length, Body::from_stream(drops)).into_response())
}

async fn delay(Path(n): Path<f64>, echo: Echo, content: Content) -> Result<Json<Value>, Refused> {
    pause(seconds(n)?.min(Duration::from_secs(10))).await;
    Ok(anything(echo, content).await)
}

fn seconds(n: f64) -> Result<Duration, Refused> {
    Duration::try_from_secs_f64(n)
        .map_err(|_| Refused::bad_request(format!("{n} is no number of seconds")))
}

/// No time needs no timer, and so works in runtimes that have none.
async fn pause(duration: Duration) {
    if !duration.is_zero() {
        sleep(duration).await;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{bytes, get, json, send, text};
    use super::*;
    use http::Request;
    use http_body_util::BodyExt;
    use tokio::time::Instant;

    #[tokio::test]
    async fn a_stream_has_a_json_object_per_line() {
        let response = get("/stream/3?a=1").await;
        assert_eq!(response.headers()["content-type"], "application/json");
        let text = text(response).await;
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let line = |id| {
            json!({
                "id": id,
                "args": {"a": "1"},
                "headers": {"Host": "localhost"},
                "origin": "127.0.0.1",
                "url": "http://localhost/stream/3?a=1",
            })
        };
        assert_eq!(lines, [line(0), line(1), line(2)]);
        assert_eq!(self::text(get("/stream/500").await).await.lines().count(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn a_drip_spreads_over_its_duration() {
        let start = Instant::now();
        let response = get("/drip?numbytes=4&duration=8&delay=1&code=201").await;
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()["content-length"], "4");
        let mut body = response.into_body();
        let mut arrivals = Vec::new();
        while let Some(frame) = body.frame().await {
            assert_eq!(frame.unwrap().into_data().unwrap(), "*");
            arrivals.push(start.elapsed().as_secs());
        }
        assert_eq!(arrivals, [1, 3, 5, 7]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_drip_has_defaults() {
        assert_eq!(bytes(get("/drip").await).await, "*".repeat(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_delay_passes_before_the_answer() {
        for (path, millis) in [("/delay/0.25", 250), ("/delay/3", 3000), ("/delay/60", 10_000)] {
            let start = Instant::now();
            let answer = json(send(Request::post(path), "[1]").await).await;
            assert_eq!(answer["method"], "POST");
            assert_eq!(answer["json"], json!([1]));
            // The clock of the runtime counts in whole milliseconds, and may round one up.
            let elapsed = start.elapsed().as_millis();
            assert!((millis..=millis + 1).contains(&elapsed), "{path}: {elapsed}");
        }
    }

    #[tokio::test]
    async fn what_takes_no_time_is_refused() {
        for path in ["/delay/-1", "/delay/NaN", "/delay/x", "/drip?numbytes=0", "/drip?code=99"] {
            assert_eq!(get(path).await.status(), StatusCode::BAD_REQUEST, "{path}");
        }
    }
}
