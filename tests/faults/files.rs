//! Downloads whose disk or process gives way. Each is another process, which runs the same test.

use integration_tests::{Peer, Step, alone};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};
use tower_clients::{Error, Resource};

/// Where the other process finds its folder.
const FOLDER: &str = "FAULTS_FOLDER";

/// Runs a test once more, in a folder with an old file.
fn again(test: &str, limits: &str) -> (PathBuf, Child) {
    let folder =
        env::temp_dir().join(format!("tower-clients-{}-{}", std::process::id(), test.len()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("file"), "old").unwrap();
    let script = format!("{limits} exec \"$0\" --exact \"$1\" --nocapture");
    let child = Command::new("sh")
        .args(["-c", &script])
        .args([&env::current_exe().unwrap().display().to_string(), test])
        .env(FOLDER, &folder)
        // They may be files, for which the limits hold too.
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    (folder, child.unwrap())
}

async fn download(peer: &Peer, folder: &Path) -> Result<u64, Error> {
    let api = Resource::new(&*peer.url()).unwrap();
    api.get("x").download().to_path(folder.join("file")).await
}

fn names(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn w1_disk_that_is_full_is_an_error_and_leaves_the_old_file() {
    let _alone = alone();
    let Some(folder) = env::var_os(FOLDER) else {
        // No file may be larger than a block, and the signal that says so is not wanted.
        let name = "files::w1_disk_that_is_full_is_an_error_and_leaves_the_old_file";
        let (folder, mut child) = again(name, "trap '' XFSZ; ulimit -f 1;");
        assert!(child.wait().unwrap().success());
        assert_eq!((fs::read(folder.join("file")).unwrap(), names(&folder)), (b"old".to_vec(), 1));
        fs::remove_dir_all(folder).unwrap();
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 300000\r\n\r\n";
        let script = vec![Step::ReadHead, Step::send(head), Step::Send(vec![b'x'; 300_000])];
        let peer = Peer::playing([script]).await;
        let error = download(&peer, Path::new(&folder)).await.unwrap_err();
        assert!(error.is_io() && error.url().is_some(), "{error:#}");
    });
}

#[test]
fn w1_process_that_is_killed_leaves_the_old_file() {
    let _alone = alone();
    let Some(folder) = env::var_os(FOLDER) else {
        let (folder, mut child) = again("files::w1_process_that_is_killed_leaves_the_old_file", "");
        let patience = Instant::now() + Duration::from_secs(30);
        while names(&folder) < 2 {
            assert!(Instant::now() < patience, "it does not begin");
            sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(fs::read(folder.join("file")).unwrap(), b"old");
        fs::remove_dir_all(folder).unwrap();
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 300000\r\n\r\nbegin";
        let peer = Peer::playing([vec![Step::ReadHead, Step::send(head), Step::Hang]]).await;
        download(&peer, Path::new(&folder)).await.unwrap();
    });
}
