//! Which upstream a request goes to.

use super::*;
use tokio::{task::JoinSet, time::Instant};

const HALF_LIFE: Duration = Duration::from_secs(10);

/// Success of the calls after the first 50, one after the other.
async fn success(count: usize, bad: Does) -> f64 {
    let hosts = Hosts::default();
    hosts.set("h0", bad);
    // The method is not idempotent: nothing is repeated once it was sent.
    let service = hosts.under(layer(count));
    let mut good = 0;
    for call in 0..5_050 {
        let answer = send(&service, request(Method::POST)).await;
        let is_good = answer.is_ok_and(|status| status.is_success());
        good += usize::from(is_good && call >= 50);
    }
    good as f64 / 5_000.0
}

#[tokio::test(start_paused = true)]
async fn l1_fast_failures_attract_no_traffic() {
    for count in [2, 4] {
        for bad in [Does::Answers(503, 1), Does::Breaks(1), Does::Refuses(1)] {
            let success = success(count, bad).await;
            println!("1 of {count} {bad:?}: {:.2} % succeed", success * 100.0);
            assert!(success >= 0.99, "1 of {count} {bad:?}: {success}");
        }
    }
}

/// Eight workers for a time; gives the hosts that they asked.
async fn load(hosts: &Hosts, service: &Sut, time: Duration) -> Vec<String> {
    hosts.asked();
    let end = Instant::now() + time;
    let mut workers = JoinSet::new();
    for _ in 0..8 {
        let service = service.clone();
        workers.spawn(async move {
            while Instant::now() < end {
                let _ = get(&service).await;
            }
        });
    }
    workers.join_all().await;
    hosts.asked()
}

#[tokio::test(start_paused = true)]
async fn l2_healed_upstream_gets_its_share_back() {
    for count in [2, 4] {
        let hosts = Hosts::default();
        let service = hosts.under(layer(count));
        hosts.set("h0", Does::Answers(500, 1));
        // It heals just after a probe, and so at the worst moment.
        let asked = load(&hosts, &service, 6 * HALF_LIFE + HALF_LIFE / 10).await;
        // One burst before the first failure is known, then one probe each half-life.
        assert!(asked.iter().filter(|host| *host == "h0").count() <= 8 + 6, "{count}");
        hosts.set("h0", GOOD);
        let asked = load(&hosts, &service, 2 * HALF_LIFE).await;
        let fair = share(&asked, "h0") * count as f64;
        let settled = load(&hosts, &service, HALF_LIFE).await;
        let after = share(&settled, "h0") * count as f64;
        println!(
            "1 of {count}: {:.0} % of its fair share in the two half-lives after it heals, then {:.0} %",
            fair * 100.0,
            after * 100.0
        );
        assert!(after >= 0.8, "1 of {count}: {after}");
        assert!(service.upstreams().all(|upstream| upstream.is_up()));
    }
}

#[tokio::test(start_paused = true)]
async fn l2_one_probe_is_under_way_at_most() {
    let hosts = Hosts::default();
    let service = hosts.under(layer(2).half_life(HALF_LIFE).failover(false));
    hosts.set("h0", Does::Refuses(1));
    while hosts.asked() != ["h0"] {
        let _ = get(&service).await;
    }
    hosts.set("h0", Does::Hangs);
    sleep(HALF_LIFE).await;
    let mut calls = JoinSet::new();
    for _ in 0..50 {
        let service = service.clone();
        calls.spawn(async move { get(&service).await });
    }
    sleep(Duration::from_secs(2)).await;
    assert_eq!(actives(&service), [1, 0]);
    // Given up on, it was no answer: the next probe waits for another half-life.
    calls.shutdown().await;
    hosts.asked();
    for _ in 0..50 {
        get(&service).await.unwrap();
    }
    assert!(!hosts.asked().contains(&"h0".to_owned()));
    hosts.set("h0", GOOD);
    sleep(HALF_LIFE).await;
    get(&service).await.unwrap();
    assert!(service.upstreams().all(|upstream| upstream.is_up()));
}

#[tokio::test(start_paused = true)]
async fn l3_all_bad_tries_the_least_bad_one() {
    let hosts = Hosts::default();
    let service = hosts.under(layer(3));
    for host in ["h0", "h1", "h2"] {
        hosts.set(host, Does::Answers(502, 1));
    }
    for _ in 0..30 {
        assert_eq!(get(&service).await.unwrap(), 502);
    }
    let asked = hosts.asked();
    for host in ["h0", "h1", "h2"] {
        assert_eq!(share(&asked, host), 1.0 / 3.0);
    }
    // Whoever heals is found without a wait.
    hosts.set("h1", GOOD);
    let mut failed = 0;
    while get(&service).await.unwrap() != 200 {
        failed += 1;
    }
    assert!(failed < 3, "{failed}");
}

#[tokio::test(start_paused = true)]
async fn l4_slow_upstream_gets_few_requests() {
    for (count, limit) in [(2, 0.011), (4, 0.0051)] {
        let hosts = Hosts::default();
        hosts.set("h0", Does::Answers(200, 2_000));
        let service = hosts.under(layer(count));
        let asked = load(&hosts, &service, 6 * HALF_LIFE).await;
        println!("1 of {count} slow: gets {:.2} %", share(&asked, "h0") * 100.0);
        assert!(share(&asked, "h0") <= limit, "{count}: {}", share(&asked, "h0"));
    }
}

#[tokio::test(start_paused = true)]
async fn l4_silent_upstream_is_found_by_those_who_give_up() {
    let hosts = Hosts::default();
    hosts.set("h0", Does::Hangs);
    let service = hosts.under(layer(2));
    let mut lost = 0;
    for _ in 0..1_000 {
        let answer = tokio::time::timeout(Duration::from_secs(2), get(&service)).await;
        lost += usize::from(answer.is_err());
    }
    println!("silent: {lost} of 1000 lost");
    assert!(lost <= 5, "{lost}");
}

#[tokio::test(start_paused = true)]
async fn equals_share_alike_whatever_lies_between_them() {
    let hosts = Hosts::default();
    let priority = |_: &Method, _: &Uri, upstream: &Snapshot<'_>| {
        Some(u8::from(upstream.url().origin().to_string() == "http://h2"))
    };
    let service = hosts.under(layer(4).priority(priority));
    for _ in 0..3_000 {
        get(&service).await.unwrap();
    }
    let asked = hosts.asked();
    for host in ["h0", "h1", "h3"] {
        assert!((0.30..0.37).contains(&share(&asked, host)), "{}", share(&asked, host));
    }
}

#[tokio::test(start_paused = true)]
async fn equals_share_by_chance_and_a_seed_repeats_it() {
    let run = async |seed| {
        let hosts = Hosts::default();
        let service = hosts.under(layer(4));
        let service = layer(4).seed(seed).layer(service.into_inner());
        for _ in 0..4_000 {
            get(&service).await.unwrap();
        }
        hosts.asked()
    };
    let asked = run(1).await;
    for host in ["h0", "h1", "h2", "h3"] {
        assert!((0.22..0.28).contains(&share(&asked, host)), "{}", share(&asked, host));
    }
    assert!(asked == run(1).await && asked != run(2).await);
}

#[tokio::test(start_paused = true)]
async fn priority_sees_method_and_uri_and_rules_out() {
    let hosts = Hosts::default();
    let priority = |method: &Method, uri: &Uri, upstream: &Snapshot<'_>| {
        assert_eq!(uri, "http://h0/v1/x");
        let is_first = upstream.url().origin().to_string() == "http://h0";
        (method.is_safe() != is_first && method != Method::DELETE).then(|| upstream.rank())
    };
    let service = hosts.under(layer(2).priority(priority));
    for _ in 0..9 {
        get(&service).await.unwrap();
    }
    send(&service, request(Method::POST)).await.unwrap();
    let asked = hosts.asked();
    assert_eq!((share(&asked[..9], "h1"), asked[9].as_str()), (1.0, "h0"));

    let start = Instant::now();
    let priority = |_: &Method, _: &Uri, _: &Snapshot<'_>| None::<u8>;
    let error = get(&hosts.under(layer(2).priority(priority))).await.unwrap_err();
    assert!(error.is_connect() && !error.may_have_been_sent());
    assert!(error.find_source::<NoUpstream>().is_some() && start.elapsed().is_zero());
    assert!(hosts.asked().is_empty());
}
