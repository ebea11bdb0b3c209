//! When a token is fetched, by its life.

use super::*;

#[tokio::test(start_paused = true)]
async fn token_is_fetched_once_and_shared_by_clones_and_services() {
    let servers = Servers::default();
    let layer = FetchTokenLayer::new("http://h".parse().unwrap(), servers.clone());
    for service in [servers.service().into_inner(), servers.service().into_inner()] {
        let service = layer.clone().layer(service);
        assert_eq!((get(&service).await.unwrap(), get(&service).await.unwrap()), (200, 200));
    }
    assert_eq!((servers.fetches(), servers.seen()), (1, vec!["Bearer t1".to_owned(); 4]));
}

#[tokio::test(start_paused = true)]
async fn token_can_be_fetched_before_the_first_request() {
    let servers = Servers::default();
    let layer = FetchTokenLayer::new("http://h".parse().unwrap(), servers.clone());
    layer.fetch().await.unwrap();
    layer.fetch().await.unwrap();
    assert_eq!(servers.fetches(), 1);
    let servers = servers.set(|state| state.does = Does::Fails);
    let layer = FetchTokenLayer::new("http://h".parse().unwrap(), servers);
    assert!(layer.fetch().await.unwrap_err().is_authorize());
    assert!(FetchTokenLayer::none().fetch().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn other_origins_and_own_credentials_get_no_token_and_cause_no_fetch() {
    let servers = Servers::default();
    let service = servers.service();
    for uri in ["http://evil/", "https://h/", "http://h:81/", "http://h@evil/", "/x", "h"] {
        let request = Request::get(uri).body(Body::empty()).unwrap();
        assert_eq!(service.clone().oneshot(request).await.unwrap().status(), 401);
    }
    let mut own = request();
    own.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("own"));
    assert_eq!(service.oneshot(own).await.unwrap().status(), 401);
    assert_eq!((servers.fetches(), servers.seen().join(" ")), (0, "- - - - - - own".into()));
}

#[tokio::test(start_paused = true)]
async fn o1_thousand_requests_that_meet_an_expired_token_fetch_one() {
    let servers = Servers::default().set(|state| {
        (state.lifetime, state.fetch_takes) = (Some(100 * SECOND), SECOND);
    });
    let service = servers.service();
    get(&service).await.unwrap();
    advance(100 * SECOND).await;
    assert!(thousand(&service).await.into_iter().all(|status| status.unwrap() == 200));
    assert_eq!((servers.fetches(), servers.seen().len()), (2, 1001));
}

#[tokio::test(start_paused = true)]
async fn life_is_counted_from_when_the_token_was_asked_for() {
    let servers = Servers::default().set(|state| {
        (state.lifetime, state.fetch_takes) = (Some(60 * SECOND), 50 * SECOND);
    });
    let service = servers.service();
    get(&service).await.unwrap();
    advance(3 * SECOND).await;
    get(&service).await.unwrap();
    assert_eq!(servers.fetches(), 1);
    advance(7 * SECOND).await;
    get(&service).await.unwrap();
    assert_eq!(servers.fetches(), 2);
    assert_eq!(servers.lock().previous.as_ref().unwrap(), "Bearer t1");
}

#[tokio::test(start_paused = true)]
async fn token_without_a_lifetime_or_with_an_endless_one_is_kept() {
    for lifetime in [None, Some(Duration::MAX)] {
        let servers = Servers::default().set(|state| state.lifetime = lifetime);
        let service = servers.service();
        get(&service).await.unwrap();
        advance(1_000_000 * SECOND).await;
        get(&service).await.unwrap();
        assert_eq!(servers.fetches(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn token_that_is_over_when_it_comes_is_used_by_those_who_waited() {
    let servers = Servers::default().set(|state| {
        (state.lifetime, state.fetch_takes) = (Some(SECOND), 2 * SECOND);
    });
    let outcomes = thousand(&servers.service()).await;
    assert!(outcomes.into_iter().all(|status| status.unwrap() == 200));
    assert_eq!(servers.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn near_its_end_one_request_fetches_and_others_go_on() {
    for (lifetime, margin) in [(1000, 60), (100, 10)] {
        let servers = Servers::default().set(|state| {
            (state.lifetime, state.fetch_takes) = (Some(lifetime * SECOND), 5 * SECOND);
        });
        let service = servers.service();
        get(&service).await.unwrap();
        // The fetch began five seconds ago.
        advance((lifetime - margin - 6) * SECOND).await;
        get(&service).await.unwrap();
        assert_eq!(servers.fetches(), 1);
        advance(SECOND).await;
        servers.seen();
        assert!(thousand(&service).await.into_iter().all(|status| status.unwrap() == 200));
        let seen = servers.seen();
        assert_eq!((servers.fetches(), seen.len()), (2, 1000));
        assert!(seen[..999].iter().all(|value| value == "Bearer t1") && seen[999] == "Bearer t2");
    }
}

#[tokio::test(start_paused = true)]
async fn early_refresh_that_takes_long_holds_up_nobody_else() {
    let servers = Servers::default().set(|state| state.lifetime = Some(1000 * SECOND));
    let service = servers.service();
    get(&service).await.unwrap();
    advance(940 * SECOND).await;
    let servers = servers.set(|state| state.fetch_takes = 10 * SECOND);
    let others = async {
        for _ in 0..8 {
            sleep(SECOND).await;
            get(&service).await.unwrap();
        }
        servers.seen()
    };
    let (first, seen) = tokio::join!(get(&service), others);
    assert_eq!((first.unwrap(), servers.fetches()), (200, 2));
    assert_eq!((seen, servers.seen()), (vec!["Bearer t1".to_owned(); 9], vec!["Bearer t2".into()]));
}

#[tokio::test(start_paused = true)]
async fn token_is_used_to_its_end_when_it_cannot_be_refreshed_early() {
    let servers = Servers::default().set(|state| state.lifetime = Some(100 * SECOND));
    let service = servers.service();
    get(&service).await.unwrap();
    let servers = servers.set(|state| state.does = Does::Fails);
    advance(90 * SECOND).await;
    for _ in 0..100 {
        assert_eq!(get(&service).await.unwrap(), 200);
        advance(SECOND / 10).await;
    }
    assert_eq!(servers.fetches(), 1 + 10);
    assert!(get(&service).await.unwrap_err().is_authorize());
}

#[tokio::test(start_paused = true)]
async fn early_refresh_that_hangs_costs_one_request_a_second() {
    let servers = Servers::default().set(|state| state.lifetime = Some(100 * SECOND));
    let service = servers.service();
    get(&service).await.unwrap();
    let servers = servers.set(|state| state.does = Does::Hangs);
    advance(95 * SECOND).await;
    let mut late = 0;
    for _ in 0..10 {
        late += u32::from(timeout(SECOND / 5, get(&service)).await.is_err());
        advance(SECOND / 10).await;
    }
    assert_eq!((late, servers.fetches()), (2, 1 + 1));
}
