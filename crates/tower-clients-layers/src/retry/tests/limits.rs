//! What holds whatever a server does.

use super::*;
use proptest::prelude::*;
use tokio::runtime::Builder;

/// Status, time to answer in milliseconds, seconds of `Retry-After`; or an error that proves that
/// nothing was sent, or does not.
#[derive(Debug, Clone)]
enum Does {
    Answers(u16, u64, Option<u64>),
    Fails { unsent: bool },
}

fn does() -> impl Strategy<Value = Does> {
    let status = prop::sample::select(vec![200_u16, 404, 429, 500, 503]);
    prop_oneof![
        (status, 0..3000_u64, prop::option::of(0..90_u64))
            .prop_map(|(a, b, c)| Does::Answers(a, b, c)),
        any::<bool>().prop_map(|unsent| Does::Fails { unsent }),
    ]
}

proptest! {
    #[test]
    fn limits_hold_whatever_happens(
        script in prop::collection::vec(does(), 1..8),
        is_idempotent: bool,
        attempts in 1..6_usize,
        deadline in 1..20_u32,
    ) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let sent = Arc::new(Mutex::new(Vec::new()));
            let log = Arc::clone(&sent);
            let service = service_fn(move |_: Request<Body>| {
                let mut log = log.lock().unwrap();
                let does = script[log.len() % script.len()].clone();
                log.push(does.clone());
                async move {
                    match does {
                        Does::Fails { unsent: true } => Err(broken("x").not_sent()),
                        Does::Fails { unsent: false } => Err(broken("x")),
                        Does::Answers(status, millis, asks) => {
                            sleep(Duration::from_millis(millis)).await;
                            let mut response = Response::builder().status(status);
                            if let Some(asks) = asks {
                                response = response.header("retry-after", asks);
                            }
                            Ok(response.body(()).unwrap())
                        }
                    }
                }
            });
            let method = if is_idempotent { Method::PUT } else { Method::POST };
            let retry = RetryLayer::new().attempts(attempts);
            let layers = (DeadlineLayer::new(deadline * SECOND), retry);
            let start = Instant::now();
            let _ = layers.layer(service).oneshot(request(method)).await;
            let took = start.elapsed();
            let sent = sent.lock().unwrap();
            prop_assert!(took <= deadline * SECOND, "{took:?}");
            prop_assert!(sent.len() <= attempts, "{sent:?}");
            let is_unsent = |does: &Does| matches!(does, Does::Fails { unsent: true });
            let retried = &sent[..sent.len() - 1];
            prop_assert!(is_idempotent || retried.iter().all(is_unsent), "{sent:?}");
            let asked = retried.iter().map(|does| match does {
                Does::Answers(_, _, Some(asks)) => *asks,
                _ => 0,
            });
            let asked: u64 = asked.sum();
            prop_assert!(took >= Duration::from_secs(asked), "{took:?} {sent:?}");
            Ok(())
        })?;
    }
}
