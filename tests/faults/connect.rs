//! No connection: nobody there, no name, no files, no handshake.

use integration_tests::{Peer, Step, alone, without_leaks};
use std::{fs::File, net::Ipv4Addr, process::Command, time::Duration};
use tokio::net::TcpListener;
use tower_clients::{Client, Resource, Transport};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[test]
fn c1_name_that_does_not_exist_or_is_none_is_an_error_of_a_request_that_was_not_sent() {
    without_leaks(async || {
        let label = "a".repeat(64);
        for host in ["does-not-exist.invalid", &format!("{label}.invalid"), "a..b.invalid"] {
            let Ok(client) = Client::new(format!("http://{host}")) else { continue };
            let error = client.post("x").timeout(Duration::from_secs(30)).await.unwrap_err();
            assert!(error.is_connect() && !error.may_have_been_sent(), "{host}: {error:#}");
            assert!(error.url().unwrap().contains(host));
        }
    });
}

#[test]
fn c1_server_that_is_not_there_is_an_error_and_found_when_it_is_back() {
    without_leaks(async || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        drop(listener);
        let client = Client::new(format!("http://{addr}")).unwrap();
        for _ in 0..3 {
            let error = client.post("x").await.unwrap_err();
            assert!(error.is_connect() && !error.may_have_been_sent(), "{error:#}");
        }
        let listener = TcpListener::bind(addr).await.unwrap();
        let (error, _) = tokio::join!(client.get("x").send(), async {
            // It is found, which is enough.
            listener.accept().await.map(drop)
        });
        assert!(error.unwrap_err().may_have_been_sent());
    });
}

#[test]
fn c1_connection_attempt_that_is_given_up_leaves_nothing() {
    without_leaks(async || {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let listener = socket.listen(1).unwrap();
        let limit = Duration::from_millis(20);
        let transport = Transport::builder().no_connect_timeout().build().unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let client = Client::builder(&*url).timeout(limit).build_over(transport).unwrap();
        for _ in 0..10 {
            assert!(client.get("x").await.unwrap_err().is_timeout());
        }
    });
}

/// Files are those of the whole process, so it is another one.
#[test]
fn c5_no_files_left_is_an_error_and_passes_with_it() {
    const NAME: &str = "connect::c5_no_files_left_is_an_error_and_passes_with_it";
    const CHILD: &str = "NO_FILES_LEFT";
    if std::env::var_os(CHILD).is_none() {
        let _alone = alone();
        let this = std::env::current_exe().unwrap();
        let script = "ulimit -n 64 && exec \"$0\" --exact \"$1\" --nocapture";
        let child =
            Command::new("sh").args(["-c", script]).arg(this).arg(NAME).env(CHILD, "1").status();
        assert!(child.unwrap().success());
        return;
    }
    without_leaks(async || {
        let round = [Step::ReadHead, Step::send(OK)];
        let script = [&round[..], &round[..], &[Step::Hang]].concat();
        let peer = Peer::playing([script]).await;
        let api = Resource::new(&*peer.url()).unwrap();
        // One connection is there already, and goes on.
        assert_eq!(api.get("x").text().await.unwrap(), "ok");
        let mut files = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            files.push(file);
        }
        assert_eq!(api.get("x").text().await.unwrap(), "ok");
        for _ in 0..3 {
            let error = Client::new(&*peer.url()).unwrap().post("x").await.unwrap_err();
            assert!(error.is_connect() && !error.may_have_been_sent(), "{error:#}");
        }
        drop(files);
        assert_eq!(Resource::new(&*peer.url()).unwrap().get("x").text().await.unwrap(), "ok");
    });
}
