//! The server, which is a process of its own: what it needs is not memory of the client.

mod answer;
mod fault;
mod request;
mod response;
mod seen;

use self::{answer::Answers, request::Request, response::After, seen::Seen};
use crate::Result;
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// How long no connection is taken when there are too many.
const WAIT_FOR_MORE: Duration = Duration::from_millis(100);

/// Serves until the standard input ends.
pub(crate) async fn serve() -> Result {
    let good = TcpListener::bind("127.0.0.1:0").await?;
    let evil = TcpListener::bind("127.0.0.1:0").await?;
    let url = good.local_addr()?;
    let seen = Arc::new(Seen::default());
    let answers = Arc::new(Answers::new(evil.local_addr()?)?);
    tokio::spawn(count(evil, Arc::clone(&seen)));
    tokio::spawn(accept(good, answers, seen));
    println!("SOAK_SERVER=http://{url}");
    let (sender, ended) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        sender.send(())
    });
    Ok(ended.await?)
}

async fn accept(listener: TcpListener, answers: Arc<Answers>, seen: Arc<Seen>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (answers, seen) = (Arc::clone(&answers), Arc::clone(&seen));
                tokio::spawn(async move { converse(stream, &answers, &seen).await });
            }
            Err(_) => tokio::time::sleep(WAIT_FOR_MORE).await,
        }
    }
}

/// How a client drops a connection is no matter of the server, so an error just ends it.
async fn converse(stream: TcpStream, answers: &Answers, seen: &Seen) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    for turn in 1.. {
        let Some(request) = Request::read(&mut stream).await? else { break };
        match answers.answer(&mut stream, &request, turn, seen).await? {
            After::Goes => {}
            After::Closes => break,
            After::Resets => {
                stream.get_ref().set_zero_linger()?;
                break;
            }
        }
    }
    Ok(())
}

/// The origin that nothing may reach.
async fn count(listener: TcpListener, seen: Arc<Seen>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        seen.evil(1, 0);
        let seen = Arc::clone(&seen);
        tokio::spawn(async move {
            let mut bytes = [0; 1024];
            while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                seen.evil(0, count);
            }
        });
    }
}
