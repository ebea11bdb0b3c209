//! What the server answers: by the mode of the request, and by the plan.

use super::{
    fault::fail,
    request::Request,
    response::{After, Stream, head, pieces, whole, zip},
    seen::Seen,
};
use crate::plan::{Fault, fault, hash, payload};
use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    time::Duration,
};
use tokio::{io::AsyncWriteExt, task::yield_now, time::sleep};

/// From one byte of a slow answer to the next.
const TRICKLE: Duration = Duration::from_millis(200);
/// What becomes of the bomb: so many members of gzip, of so many bytes each.
const BOMB: (usize, usize) = (200, 1_000_000);

pub(super) struct Answers {
    evil: SocketAddr,
    is_down: AtomicBool,
    bomb: Vec<u8>,
}

impl Answers {
    pub(super) fn new(evil: SocketAddr) -> io::Result<Self> {
        Ok(Self { evil, is_down: AtomicBool::new(false), bomb: bomb()? })
    }

    /// Answers the request that is the `turn`-th on its connection.
    pub(super) async fn answer(
        &self,
        stream: &mut Stream,
        request: &Request,
        turn: u64,
        seen: &Seen,
    ) -> io::Result<After> {
        let id = request.id;
        let answer = match &*request.mode {
            "seen" => whole(&seen.to_string()),
            "down" | "up" => {
                self.is_down.store(request.mode == "down", SeqCst);
                whole("")
            }
            "faults" => match fault(id, seen.attempt(request)) {
                Some(fault) => return fail(stream, id, fault, self.evil).await,
                None => whole(&payload(id)),
            },
            "steady" => {
                seen.attempt(request);
                if self.is_down.load(SeqCst) {
                    let fault = [Fault::Reset, Fault::Close, Fault::Busy][id as usize % 3];
                    return fail(stream, id, fault, self.evil).await;
                }
                whole(&payload(id))
            }
            "pieces" => {
                seen.attempt(request);
                return pieces(stream, &whole(&payload(id)), 4).await;
            }
            "closing" => return closing(stream, request, turn, seen).await,
            "trickle" => return trickle(stream, id).await,
            "bomb" => {
                stream
                    .write_all(head("content-encoding: gzip", self.bomb.len()).as_bytes())
                    .await?;
                stream.write_all(&self.bomb).await?;
                return Ok(After::Goes);
            }
            _ => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".into(),
        };
        stream.write_all(answer.as_bytes()).await?;
        Ok(After::Goes)
    }
}

/// Closes each connection at about the time when its next request comes: before that, or when it has
/// come, with or without a reset.
async fn closing(
    stream: &mut Stream,
    request: &Request,
    turn: u64,
    seen: &Seen,
) -> io::Result<After> {
    seen.attempt(request);
    let chance = hash(request.id, 1);
    match chance % 8 {
        0 if turn > 1 => return Ok(After::Closes),
        1 if turn > 1 => return Ok(After::Resets),
        kind => {
            stream.write_all(whole(&payload(request.id)).as_bytes()).await?;
            if kind > 3 {
                return Ok(After::Goes);
            }
        }
    }
    for _ in 0..(chance >> 8) % 64 {
        yield_now().await;
    }
    Ok(After::Closes)
}

/// Sends the head of an answer byte by byte, or its body, without end.
async fn trickle(stream: &mut Stream, id: u64) -> io::Result<After> {
    let start = match id.is_multiple_of(2) {
        true => "HTTP/1.1 200 OK\r\nslow: ".into(),
        false => head("slow: 1", BOMB.1),
    };
    stream.write_all(start.as_bytes()).await?;
    loop {
        stream.write_all(b"a").await?;
        sleep(TRICKLE).await;
    }
}

fn bomb() -> io::Result<Vec<u8>> {
    Ok(zip(&mut &vec![0; BOMB.1][..])?.repeat(BOMB.0))
}
